#!/usr/bin/env python3
# neural net "from scratch", for the blog post part 2
import numpy as np

rng = np.random.default_rng(42)

n_in, n_h1, n_h2, n_out = 9, 25, 15, 4

W1 = rng.standard_normal((n_in, n_h1)) * 0.1
b1 = np.zeros(n_h1)
W2 = rng.standard_normal((n_h1, n_h2)) * 0.1
b2 = np.zeros(n_h2)
W3 = rng.standard_normal((n_h2, n_out)) * 0.1
b3 = np.zeros(n_out)


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def relu(z):                      # not needed here, see part 3
    return np.maximum(0, z)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(X):
    a1 = sigmoid(X @ W1 + b1)
    a2 = sigmoid(a1 @ W2 + b2)
    return softmax(a2 @ W3 + b3)


if __name__ == "__main__":
    X = rng.random((5, n_in))
    print(forward(X).round(3))
