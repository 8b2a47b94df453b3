import numpy as np

# XOR 학습 - 2층 신경망 (과제)
X = np.array([[0,0],[0,1],[1,0],[1,1]])
T = np.array([[0],[1],[1],[0]])

np.random.seed(1)
W1 = np.random.randn(2, 5)      # 입력 -> 은닉
b1 = np.zeros((1, 5))
W2 = np.random.randn(5, 1)      # 은닉 -> 출력
b2 = np.zeros((1, 1))

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

lr = 0.5
for i in range(10000):
    # 순전파
    H = np.tanh(X @ W1 + b1)
    Y = sigmoid(H @ W2 + b2)
    # 역전파
    dY = Y - T
    dH = (dY @ W2.T) * (1 - H**2)
    W2 -= lr * H.T @ dY
    b2 -= lr * dY.sum(0, keepdims=True)
    W1 -= lr * X.T @ dH
    b1 -= lr * dH.sum(0, keepdims=True)

print(Y.round(3))
