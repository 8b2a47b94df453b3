from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.neural_network import MLPClassifier

# 붓꽃 분류 - 인공지능 개론 과제 2 (20191234 김민수)
X, y = load_iris(return_X_y=True)          # (150, 4), 3 종류
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)

clf = make_pipeline(
    StandardScaler(),
    MLPClassifier(hidden_layer_sizes=(16, 9), activation="logistic",
                  solver="lbfgs", alpha=1e-3, max_iter=2000, random_state=7),
)
clf.fit(X_tr, y_tr)
print("정확도:", clf.score(X_te, y_te))
print([w.shape for w in clf[-1].coefs_])    # [(4, 16), (16, 9), (9, 3)]
print(clf[-1].out_activation_)              # softmax
