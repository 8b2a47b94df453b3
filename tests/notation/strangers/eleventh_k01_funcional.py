# Práctica 3: consumo de combustible (Auto MPG, 398 coches)
from tensorflow import keras
from tensorflow.keras import layers, regularizers

entrada = keras.Input(shape=(9,), name="coche")
x = layers.Normalization(name="norm")(entrada)
x = layers.Dense(48, activation="tanh", kernel_regularizer=regularizers.l2(1e-4))(x)
x = layers.Dropout(0.1)(x)
x = layers.Dense(24, activation="tanh")(x)
salida = layers.Dense(1, name="mpg")(x)

modelo = keras.Model(entrada, salida)
modelo.compile(optimizer=keras.optimizers.Adam(0.001), loss="mae")
# modelo.fit(X, y, epochs=100, batch_size=16, validation_split=0.2)
