# -*- coding: utf-8 -*-
# 数字識別 (scikit-learn 練習)
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline

X, y = load_digits(return_X_y=True)      # X: (1797, 64)  y: 0〜9 の10クラス
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

clf = make_pipeline(
    StandardScaler(),
    MLPClassifier(hidden_layer_sizes=(40, 20), activation="tanh", solver="adam",
                  alpha=1e-4, max_iter=500, random_state=1),
)
clf.fit(X_train, y_train)
print("正解率:", clf.score(X_test, y_test))
