# precio de pisos: una rama para los datos tabulares y otra para el texto (TF-IDF)
from tensorflow.keras import Model
from tensorflow.keras.layers import Input, Dense, Concatenate, Dropout

tab_in = Input(shape=(14,), name="tabular")
t = Dense(32, activation="relu")(tab_in)
t = Dense(16, activation="relu")(t)

txt_in = Input(shape=(5000,), name="tfidf")
d = Dense(128, activation="relu")(txt_in)
d = Dropout(0.5)(d)
d = Dense(16, activation="relu")(d)

z = Concatenate()([t, d])
z = Dense(16, activation="relu")(z)
precio = Dense(1, activation="linear", name="precio")(z)

model = Model(inputs=[tab_in, txt_in], outputs=precio)
model.compile(optimizer="adam", loss="mae")
