import numpy as np

# -----------------------------------------------------------
# Week 3 lab: Planar data classification, one hidden layer
# -----------------------------------------------------------

def load_flower(m=400, seed=1):
    rng = np.random.RandomState(seed)
    N = m // 2
    X = np.zeros((m, 2)); Y = np.zeros((m, 1), dtype='uint8')
    for j in range(2):
        ix = range(N * j, N * (j + 1))
        t = np.linspace(j * 3.12, (j + 1) * 3.12, N) + rng.randn(N) * 0.2
        r = 4 * np.sin(4 * t) + rng.randn(N) * 0.2
        X[ix] = np.c_[r * np.sin(t), r * np.cos(t)]
        Y[ix] = j
    return X.T, Y.T          # X is (2, m), Y is (1, m)

def initialize_parameters(n_x, n_h, n_y):
    np.random.seed(2)
    return {"W1": np.random.randn(n_h, n_x) * 0.01, "b1": np.zeros((n_h, 1)),
            "W2": np.random.randn(n_y, n_h) * 0.01, "b2": np.zeros((n_y, 1))}

def forward(X, p):
    Z1 = p["W1"] @ X + p["b1"]
    A1 = np.tanh(Z1)
    Z2 = p["W2"] @ A1 + p["b2"]
    A2 = 1. / (1. + np.exp(-Z2))
    return A2, (A1,)

X, Y = load_flower()
m = X.shape[1]
P = initialize_parameters(X.shape[0], 4, Y.shape[0])
for i in range(10000):
    A2, (A1,) = forward(X, P)
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m; db2 = dZ2.sum(1, keepdims=True) / m
    dZ1 = (P["W2"].T @ dZ2) * (1 - A1 ** 2)
    dW1 = dZ1 @ X.T / m; db1 = dZ1.sum(1, keepdims=True) / m
    for k, g in zip(("W1", "b1", "W2", "b2"), (dW1, db1, dW2, db2)):
        P[k] -= 1.2 * g
