from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

# 1797 images, 8x8 = 64 grey values each, 10 classes
X, y = load_digits(return_X_y=True)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, random_state=7)

clf = make_pipeline(
    MinMaxScaler(),
    MLPClassifier(
        hidden_layer_sizes=(100, 50),
        activation="logistic",
        solver="adam",
        alpha=1e-4,
        max_iter=400,
        early_stopping=True,
        random_state=7,
    ),
)
clf.fit(X_tr, y_tr)
print("test accuracy: %.4f" % clf.score(X_te, y_te))
