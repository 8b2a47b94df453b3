# -*- coding: utf-8 -*-
# 부산 아파트 가격 예측 (Kaggle 연습용)
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow import keras
from tensorflow.keras import layers

df = pd.read_csv("apt_busan.csv")
cols = ["area", "floor", "year_built", "n_rooms", "n_baths", "dist_subway",
        "dist_school", "dist_sea", "parking", "lat", "lng"]   # 11개
X = StandardScaler().fit_transform(df[cols])
y = df["price"].values / 1e8

X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.2, random_state=42)

model = keras.Sequential()
model.add(keras.Input(shape=(len(cols),)))
model.add(layers.Dense(80, activation="relu"))
model.add(layers.BatchNormalization())
model.add(layers.Dense(40, activation="relu"))
model.add(layers.Dropout(0.15))
model.add(layers.Dense(20, activation="relu"))
model.add(layers.Dense(1))

model.compile(optimizer="adam", loss="mae", metrics=["mse"])
hist = model.fit(X_tr, y_tr, validation_split=0.1, epochs=150, batch_size=32,
                 callbacks=[keras.callbacks.EarlyStopping(patience=12, restore_best_weights=True)])
print("테스트 MAE(억원):", model.evaluate(X_te, y_te, verbose=0)[0])
