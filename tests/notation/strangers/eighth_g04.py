import numpy as np

# toy "will my sourdough rise" net -- no frameworks!
rng = np.random.default_rng(7)

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

W1 = rng.normal(0, 0.5, (5, 8))   # flour temp, water %, starter age, salt, room temp
b1 = np.zeros(8)
W2 = rng.normal(0, 0.5, (8, 3))   # flat / ok / great
b2 = np.zeros(3)

def forward(X):
    z1 = X @ W1 + b1
    a1 = np.maximum(0, z1)
    z2 = a1 @ W2 + b2
    return a1, sigmoid(z2)

def train(X, Y, lr=0.1, epochs=2000):
    global W1, b1, W2, b2
    for _ in range(epochs):
        a1, out = forward(X)
        d2 = (out - Y) * out * (1 - out)
        d1 = (d2 @ W2.T) * (a1 > 0)
        W2 -= lr * a1.T @ d2
        b2 -= lr * d2.sum(0)
        W1 -= lr * X.T @ d1
        b1 -= lr * d1.sum(0)
