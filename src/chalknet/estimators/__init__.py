"""Networks as scikit-learn estimators; scikit-learn is an optional package."""

from chalknet.lazy import door

__getattr__ = door(__name__)
