from tensorflow import keras
from tensorflow.keras import layers as L

N_FEATURES = 30
N_CLASSES = 4
WIDTH = 80

inp = keras.Input(shape=(N_FEATURES,), name="merkmale")
x = L.Dense(WIDTH, name="z1")(inp)
x = L.BatchNormalization()(x)
x = L.Activation("swish", name="a1")(x)
x = L.Dense(WIDTH // 2, name="z2", kernel_regularizer=keras.regularizers.l2(1e-4))(x)
x = L.BatchNormalization()(x)
x = L.Activation("swish", name="a2")(x)
x = L.Dropout(0.35)(x)
out = L.Dense(N_CLASSES, activation="softmax", name="klasse")(x)
model = keras.Model(inp, out)
model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
