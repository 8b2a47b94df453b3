# Pinguine: 7 Merkmale, 3 Arten
from tensorflow.keras import Input, Model, layers, losses

inp = Input(shape=(7,), name="merkmale")
x = layers.Dense(32, use_bias=False)(inp)
x = layers.BatchNormalization()(x)
x = layers.Activation("elu")(x)
x = layers.Dense(16, use_bias=False)(x)
x = layers.BatchNormalization()(x)
x = layers.Activation("elu")(x)
out = layers.Dense(3, name="logits")(x)

modell = Model(inp, out)
modell.compile(optimizer="adam",
               loss=losses.SparseCategoricalCrossentropy(from_logits=True),
               metrics=["accuracy"])
