# -*- coding: utf-8 -*-
"""Hausaufgabe 6: MLP-Regression auf dem Diabetes-Datensatz"""
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_diabetes(return_X_y=True)
print(X.shape, y.shape)          # (442, 10) (442,)

X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, random_state=42)

mlp = MLPRegressor(
    hidden_layer_sizes=(50, 25),
    activation="tanh",
    solver="adam",
    alpha=1e-3,
    learning_rate_init=0.005,
    max_iter=2000,
    early_stopping=True,
    random_state=1,
)
pipe = make_pipeline(StandardScaler(), mlp)
pipe.fit(X_tr, y_tr)

print("R² Training:", pipe.score(X_tr, y_tr))   # 0.53
print("R² Test:    ", pipe.score(X_te, y_te))   # 0.48
print([w.shape for w in mlp.coefs_])            # [(10, 50), (50, 25), (25, 1)]
