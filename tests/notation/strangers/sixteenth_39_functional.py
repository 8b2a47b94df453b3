# 株価の翌日リターン予測(趣味プロジェクト)
# Qiita の記事用に整理したコード
from tensorflow import keras
from tensorflow.keras.layers import Input, Dense, BatchNormalization

NUM_FEATURES = 18   # テクニカル指標の数

inputs = Input(shape=(NUM_FEATURES,), name="indicators")
x = Dense(36, activation="selu", kernel_initializer="lecun_normal")(inputs)
x = BatchNormalization()(x)
x = Dense(18, activation="selu", kernel_initializer="lecun_normal")(x)
outputs = Dense(1, name="return")(x)   # 回帰なので活性化関数なし

model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss="huber")
model.summary()
