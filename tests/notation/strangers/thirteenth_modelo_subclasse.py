import tensorflow as tf


class ClassificadorEvasao(tf.keras.Model):
    """Prevê se o aluno abandona o curso (0/1)."""

    def __init__(self, taxa_dropout=0.25, **kwargs):
        super().__init__(**kwargs)
        self.densa1 = tf.keras.layers.Dense(48, activation="elu")
        self.densa2 = tf.keras.layers.Dense(24, activation="elu")
        self.queda = tf.keras.layers.Dropout(taxa_dropout)
        self.saida = tf.keras.layers.Dense(1, activation="sigmoid")

    def call(self, entradas, training=False):
        x = self.densa1(entradas)
        x = self.queda(x, training=training)
        x = self.densa2(x)
        return self.saida(x)


modelo = ClassificadorEvasao()
modelo.compile(optimizer="adam", loss="binary_crossentropy", metrics=["AUC"])
