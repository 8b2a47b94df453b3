# Cours "Apprentissage statistique" - séance 3 : rétropropagation à la main
# (aucune bibliothèque, seulement numpy !)
import numpy as np

rng = np.random.default_rng(2023)

# --- dimensions ---------------------------------------------------------
d_entree  = 5     # 5 variables explicatives
d_cachee  = 12
d_sortie  = 3     # 3 espèces
eta       = 0.1

W1 = rng.normal(0, 0.5, (d_entree, d_cachee)); b1 = np.zeros(d_cachee)
W2 = rng.normal(0, 0.5, (d_cachee, d_sortie)); b2 = np.zeros(d_sortie)

def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def propagation(X):
    A1 = np.tanh(X @ W1 + b1)
    P = softmax(A1 @ W2 + b2)
    return A1, P

def entrainer(X, T, n_iter=3000):
    """X : (n, 5), T : cibles one-hot (n, 3)"""
    global W1, b1, W2, b2
    n = len(X)
    for it in range(n_iter):
        A1, P = propagation(X)
        # gradient de l'entropie croisée
        d2 = (P - T) / n
        d1 = (d2 @ W2.T) * (1 - A1 ** 2)      # dérivée de tanh
        W2 -= eta * A1.T @ d2; b2 -= eta * d2.sum(0)
        W1 -= eta * X.T @ d1;  b1 -= eta * d1.sum(0)
        if it % 500 == 0:
            print(it, -np.mean(np.sum(T * np.log(P + 1e-12), axis=1)))

if __name__ == "__main__":
    X = rng.normal(size=(150, d_entree))
    T = np.eye(d_sortie)[rng.integers(0, d_sortie, 150)]
    entrainer(X, T)
