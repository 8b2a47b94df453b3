import numpy as np

# https://stackoverflow.com/questions/... why is my loss nan?

np.random.seed(0)
N = 200
X = np.random.randn(N, 5)
t = (X[:, 0] * X[:, 1] > 0).astype(float).reshape(-1, 1)

n_in, n_h, n_out = 5, 12, 1
lr = 0.1

W1 = np.random.randn(n_in, n_h) * np.sqrt(2 / n_in)
b1 = np.zeros((1, n_h))
W2 = np.random.randn(n_h, n_out) * np.sqrt(2 / n_h)
b2 = np.zeros((1, n_out))

for epoch in range(3000):
    # forward
    z1 = X @ W1 + b1
    a1 = np.maximum(0, z1)
    z2 = a1 @ W2 + b2
    y = 1 / (1 + np.exp(-z2))

    loss = -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))

    # backward
    dz2 = (y - t) / N
    dW2 = a1.T @ dz2
    db2 = dz2.sum(axis=0, keepdims=True)
    da1 = dz2 @ W2.T
    dz1 = da1 * (z1 > 0)
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0, keepdims=True)

    W1 -= lr * dW1; b1 -= lr * db1
    W2 -= lr * dW2; b2 -= lr * db2

    if epoch % 500 == 0:
        print(epoch, loss)
