# Нейросеть на чистом numpy. Домашнее задание №3, курс "Основы ML"
import numpy as np

np.random.seed(42)

D_in, H, D_out = 4, 9, 3          # ирисы Фишера

W1 = 0.1 * np.random.randn(D_in, H)
b1 = np.zeros(H)
W2 = 0.1 * np.random.randn(H, D_out)
b2 = np.zeros(D_out)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(X):
    h = np.maximum(0, X @ W1 + b1)
    p = softmax(h @ W2 + b2)
    return h, p


def step(X, Y, lr=0.05):
    """один шаг градиентного спуска, Y -- one-hot"""
    global W1, b1, W2, b2
    h, p = forward(X)
    d2 = (p - Y) / len(X)
    d1 = (d2 @ W2.T) * (h > 0)
    W2 -= lr * h.T @ d2
    b2 -= lr * d2.sum(0)
    W1 -= lr * X.T @ d1
    b1 -= lr * d1.sum(0)
    return -np.mean(np.log(p[np.arange(len(X)), Y.argmax(1)]))
