import joblib
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

frame = pd.read_csv("train.csv")
x, y = frame.drop(columns="TARGET"), frame["TARGET"]
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
words = make_pipeline(
    SimpleImputer(strategy="constant", fill_value="missing"),
    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
)
numbers = make_pipeline(SimpleImputer(), StandardScaler())
columns = make_column_transformer(
    (words, make_column_selector(dtype_exclude="number")),
    (numbers, make_column_selector(dtype_include="number")),
)
net = MLPClassifier(
    hidden_layer_sizes=(128, 64), early_stopping=True, n_iter_no_change=20, max_iter=300, random_state=0
)
model = make_pipeline(columns, net)
model.fit(x_train, y_train)
print("held-out accuracy", accuracy_score(y_test, model.predict(x_test)))
joblib.dump(model, "model.joblib")
