from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

# Aufgabe 5c) Ziffernerkennung mit sklearn. Bilder sind 8x8 -> 64 Merkmale, Klassen 0-9
X, y = load_digits(return_X_y=True)
assert X.shape == (1797, 64)
Xtr, Xte, ytr, yte = train_test_split(X, y, stratify=y, random_state=5)

netz = make_pipeline(
    MinMaxScaler(),
    MLPClassifier(
        hidden_layer_sizes=(40, 20),
        activation="logistic",
        solver="adam",
        alpha=1e-4,
        max_iter=500,
        random_state=5,
    ),
)
suche = GridSearchCV(netz, {"mlpclassifier__alpha": [1e-5, 1e-4, 1e-3]}, cv=3)
suche.fit(Xtr, ytr)
print("bestes alpha:", suche.best_params_)
print("Testgenauigkeit: %.3f" % suche.score(Xte, yte))
