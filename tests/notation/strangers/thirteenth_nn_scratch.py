# neural network from scratch, no frameworks!!
# (following the tuturial from my brother's lecture notes)
import numpy as np

rng = np.random.default_rng(0)

n_in, n_hid, n_out = 3, 5, 2
lr = 0.1

W1 = rng.normal(0, np.sqrt(2 / n_in), size=(n_in, n_hid))
b1 = np.zeros(n_hid)
W2 = rng.normal(0, np.sqrt(2 / n_hid), size=(n_hid, n_out))
b2 = np.zeros(n_out)


def sigmoid(z):           # old, not used anymore
    return 1.0 / (1.0 + np.exp(-z))


def relu(z):
    return np.maximum(z, 0)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def foward(X):
    z1 = X @ W1 + b1
    a1 = relu(z1)
    z2 = a1 @ W2 + b2
    return z1, a1, softmax(z2)


def step(X, Y):
    global W1, b1, W2, b2
    z1, a1, p = foward(X)
    d2 = (p - Y) / len(X)
    d1 = (d2 @ W2.T) * (z1 > 0)
    W2 -= lr * a1.T @ d2; b2 -= lr * d2.sum(0)
    W1 -= lr * X.T @ d1;  b1 -= lr * d1.sum(0)
