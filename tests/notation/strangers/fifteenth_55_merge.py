# price + image-embedding + text features => click probability
from tensorflow.keras.layers import Input, Dense, Concatenate, Dropout
from tensorflow.keras.models import Model

img = Input((2048,), name="resnet_embedding")
tab = Input((14,), name="listing_attributes")

a = Dense(256, activation="relu")(img)
a = Dropout(0.3)(a)
a = Dense(64, activation="relu")(a)

b = Dense(32, activation="relu")(tab)

z = Concatenate()([a, b])
z = Dense(48, activation="relu")(z)
p = Dense(1, activation="sigmoid", name="click")(z)

model = Model([img, tab], p)
model.compile("adam", "binary_crossentropy", metrics=["AUC"])
