import joblib
import pandas as pd

model = joblib.load("model.joblib")
new = pd.read_csv("new.csv")
pd.DataFrame({"TARGET": model.predict(new)}).to_csv("predictions.csv", index=False)
