# 株価予測モデル（練習用）
# 過去20日分の終値 → 翌日の終値
from keras.models import Sequential
from keras.layers import Input, Dense, LeakyReLU

WINDOW = 20
units = [40, 30, 20]

model = Sequential()
model.add(Input(shape=(WINDOW,)))
for u in units:
    model.add(Dense(u))
    model.add(LeakyReLU(0.01))
model.add(Dense(1, activation='linear'))   # 出力

model.compile(optimizer='adam', loss='mse')
model.summary()
