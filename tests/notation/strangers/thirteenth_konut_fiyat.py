# Konut fiyat tahmini - ödev 3
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler
from tensorflow import keras
from tensorflow.keras import layers

veri = pd.read_csv("konut.csv")
y = veri.pop("fiyat").values
X = StandardScaler().fit_transform(veri.values)   # (506, 13)

model = keras.Sequential()
model.add(keras.Input(shape=(13,)))
model.add(layers.Dense(64, activation="relu", name="gizli_1"))
model.add(layers.Dense(64, activation="relu", name="gizli_2"))
# model.add(layers.Dense(32, activation="relu"))  # gerek kalmadı
model.add(layers.Dense(1, name="cikis"))

model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
model.fit(X, y, epochs=80, batch_size=16, validation_split=0.2, verbose=0)
