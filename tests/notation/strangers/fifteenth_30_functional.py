# -*- coding: utf-8 -*-
# Prédiction de consommation énergétique -- bâtiment B2 (stage M2)
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, regularizers

entrees = keras.Input(shape=(15,), name="capteurs")
x = layers.Dense(60, kernel_regularizer=regularizers.l2(1e-4))(entrees)
x = layers.Activation("swish")(x)
x = layers.Dense(30, activation="swish")(x)
x = layers.Dropout(0.15)(x)
x = layers.Dense(15, activation="softplus")(x)
sortie = layers.Dense(2, name="kwh_min_max")(x)

modele = keras.Model(inputs=entrees, outputs=sortie)
modele.compile(optimizer=keras.optimizers.Adam(3e-4), loss="mae")
