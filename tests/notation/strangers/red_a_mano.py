# red neuronal a mano, sin frameworks. Practica 5, grupo B
import numpy as np
rng = np.random.default_rng(7)

def sigmoide(z): return 1 / (1 + np.exp(-z))
def d_sigmoide(a): return a * (1 - a)

W = [rng.normal(0, .5, (9, 6)),   # entrada (3x3 pixeles) -> oculta
     rng.normal(0, .5, (6, 2))]   # oculta -> salida (cruz / circulo)
b = [np.zeros(6), np.zeros(2)]

def adelante(x):
    a1 = np.tanh(x @ W[0] + b[0])
    a2 = sigmoide(a1 @ W[1] + b[1])
    return a1, a2

def paso(x, t, eta=0.1):
    a1, a2 = adelante(x)
    d2 = (a2 - t) * d_sigmoide(a2)
    d1 = (d2 @ W[1].T) * (1 - a1 ** 2)
    W[1] -= eta * np.outer(a1, d2); b[1] -= eta * d2
    W[0] -= eta * np.outer(x, d1);  b[0] -= eta * d1
