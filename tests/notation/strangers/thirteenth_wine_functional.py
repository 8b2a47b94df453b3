import tensorflow as tf
from tensorflow.keras.layers import Input, Dense, BatchNormalization, Activation, Dropout
from tensorflow.keras.models import Model

N_FEATURES = 11
N_CLASSES = 6          # quality 3..8
N_FOLDS = 5            # cross validation, see cv.py

inp = Input(shape=(N_FEATURES,), name="physchem")
x = Dense(32, use_bias=False, kernel_initializer="he_normal")(inp)
x = BatchNormalization()(x)
x = Activation("swish")(x)
x = Dropout(0.1)(x)
x = Dense(16, use_bias=False, kernel_initializer="he_normal")(x)
x = BatchNormalization()(x)
x = Activation("swish")(x)
out = Dense(N_CLASSES, activation="softmax", name="quality")(x)

model = Model(inputs=inp, outputs=out, name="wine_mlp")
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
