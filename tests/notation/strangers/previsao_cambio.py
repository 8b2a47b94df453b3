from tensorflow import keras
from tensorflow.keras import layers as L

JANELA = 30  # dias de histórico do dólar

entrada = keras.Input(shape=(JANELA,), name="retornos")
x = L.Dense(2 * JANELA, activation="selu", kernel_initializer="lecun_normal")(entrada)
x = L.AlphaDropout(0.1)(x)
x = L.Dense(JANELA // 2, activation="selu", kernel_initializer="lecun_normal")(x)
saida = L.Dense(3, activation="softmax", name="sobe_desce_lateral")(x)

modelo = keras.Model(entrada, saida)
modelo.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
