# TP n°4 - M1 Informatique - chiffres manuscrits
# Binôme : Lucas B. / Inès R.
import tensorflow as tf
from tensorflow.keras import layers, models

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0

model = models.Sequential([
    layers.Flatten(input_shape=(28, 28)),
    layers.Dense(300, activation="relu"),
    layers.Dropout(0.3),
    layers.Dense(100, activation="relu"),
    layers.Dense(10, activation="softmax"),
])

model.compile(optimizer="sgd",
              loss="sparse_categorical_crossentropy",
              metrics=["accuracy"])

# model.add(layers.Dense(50))   <- essai, moins bon
model.fit(x_train, y_train, epochs=15, validation_split=0.1)
print("Précision test :", model.evaluate(x_test, y_test)[1])
