import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, regularizers

NUM_CLASSES = 46          # reuters topics
VOCAB = 10_000
UNITS = 64

inp = keras.Input(shape=(VOCAB,), name="bag_of_words")
x = layers.Dense(UNITS, kernel_regularizer=regularizers.l2(1e-4))(inp)
x = layers.BatchNormalization()(x)
x = layers.Activation("gelu")(x)
x = layers.Dropout(0.4)(x)
x = layers.Dense(UNITS)(x)
x = layers.BatchNormalization()(x)
x = layers.Activation("gelu")(x)
x = layers.Dropout(0.4)(x)
out = layers.Dense(NUM_CLASSES, activation="softmax")(x)

model = keras.Model(inp, out)
model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["acc"])
