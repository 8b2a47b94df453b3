from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

X, y = load_digits(return_X_y=True)      # X: (1797, 64), y: 0..9
Xtr, Xte, ytr, yte = train_test_split(X / 16., y, test_size=0.3, random_state=0)

clf = MLPClassifier(hidden_layer_sizes=(50, 25), activation='logistic',
                    solver='adam', alpha=1e-4, max_iter=400, random_state=1)
clf.fit(Xtr, ytr)
print(clf.n_features_in_, clf.n_outputs_, clf.out_activation_)   # 64 10 softmax
print("test acc", clf.score(Xte, yte))                           # 0.9648
