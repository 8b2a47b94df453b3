import joblib
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

frame = pd.read_csv("train.csv")
x, y = frame.drop(columns="TARGET"), frame["TARGET"]
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
columns = make_column_transformer(
    (codes, make_column_selector(dtype_exclude="number")),
    remainder="passthrough",
)
model = make_pipeline(columns, HistGradientBoostingClassifier(early_stopping=True, random_state=0))
model.fit(x_train, y_train)
print("held-out accuracy", accuracy_score(y_test, model.predict(x_test)))
joblib.dump(model, "model.joblib")
