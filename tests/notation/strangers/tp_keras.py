# TP 4 : classification binaire avec Keras
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Dropout

# données bidon
x_train = np.random.random((1000, 20))
y_train = np.random.randint(2, size=(1000, 1))

modele = Sequential()
modele.add(Dense(64, input_dim=20, activation='relu'))   # 1re couche cachée
modele.add(Dropout(0.5))
modele.add(Dense(32, activation='relu'))                 # 2e couche cachée
modele.add(Dropout(0.5))
modele.add(Dense(1, activation='sigmoid'))               # sortie

modele.compile(loss='binary_crossentropy',
               optimizer='rmsprop',
               metrics=['accuracy'])
modele.fit(x_train, y_train, epochs=20, batch_size=128)
