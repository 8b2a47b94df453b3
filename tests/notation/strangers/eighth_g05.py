import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

df = pd.read_csv("milchleistung_2021.csv", sep=";")
cols = ["alter", "laktation", "kraftfutter_kg", "grundfutter_kg", "temp_stall", "melkgang"]
X, y = df[cols], df["milch_l"]

X_tr, X_te, y_tr, y_te = train_test_split(X, y, random_state=0)
reg = make_pipeline(
    StandardScaler(),
    MLPRegressor(hidden_layer_sizes=(50, 25), activation="tanh", max_iter=3000, random_state=0),
)
reg.fit(X_tr, y_tr)
print("R2:", reg.score(X_te, y_te))
