"""Networks as estimators of scikit-learn, which is an optional package."""

from chalknet.lazy import door

__getattr__ = door(__name__)
