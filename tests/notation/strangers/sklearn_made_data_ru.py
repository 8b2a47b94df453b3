from sklearn.datasets import make_regression
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# вопрос со StackOverflow: почему R^2 отрицательный?
X, y = make_regression(n_samples=500, n_features=6, n_targets=2, noise=3.0, random_state=1)
clf = make_pipeline(StandardScaler(), MLPRegressor(max_iter=200, random_state=1))
print(cross_val_score(clf, X, y, cv=5))
