from keras import Model, Input, layers, regularizers

N_MFCC = 13
N_DELTA = 3            # static, delta, delta-delta
LANGS = ("de", "fr", "it", "rm", "en")

inp = Input(shape=(N_MFCC * N_DELTA,), name="mfcc_stack")
z = layers.Dense(64, kernel_regularizer=regularizers.l2(1e-4), name="d1")(inp)
z = layers.Activation("gelu", name="d1_act")(z)
z = layers.Dense(64, kernel_regularizer=regularizers.l2(1e-4), name="d2")(z)
z = layers.Activation("gelu", name="d2_act")(z)
z = layers.Dropout(0.4)(z)
out = layers.Dense(len(LANGS), activation="softmax", name="lang")(z)

spoken_lang_id = Model(inp, out, name="spoken_lang_id")
spoken_lang_id.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])

# z = layers.LSTM(64)(seq)   # old recurrent version, gave worse results on the dialects
