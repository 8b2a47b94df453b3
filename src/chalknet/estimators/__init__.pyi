"""The names of the room and their places, for `__init__.py` and for type checkers."""

from chalknet.estimators.net_classifier import NetClassifier as NetClassifier
from chalknet.estimators.net_regressor import NetRegressor as NetRegressor
