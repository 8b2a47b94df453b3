"""train.py -- tabular baseline for the Kaggle playground comp (S3E5)"""
import torch
import torch.nn as nn
import pandas as pd

FEATURES = ["fixed acidity", "volatile acidity", "citric acid", "residual sugar",
            "chlorides", "free sulfur dioxide", "total sulfur dioxide",
            "density", "pH", "sulphates", "alcohol"]
N_CLASSES = 6
HIDDEN = 96

model = nn.Sequential(
    nn.Linear(len(FEATURES), HIDDEN),
    nn.BatchNorm1d(HIDDEN),
    nn.ReLU(),
    nn.Dropout(0.25),
    nn.Linear(HIDDEN, HIDDEN // 2),
    nn.BatchNorm1d(HIDDEN // 2),
    nn.ReLU(),
    nn.Linear(HIDDEN // 2, N_CLASSES),
)

if __name__ == "__main__":
    df = pd.read_csv("train.csv")
    X = torch.tensor(df[FEATURES].values, dtype=torch.float32)
    y = torch.tensor(df["quality"].values - 3)
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
    crit = nn.CrossEntropyLoss()
    for epoch in range(40):
        opt.zero_grad()
        loss = crit(model(X), y)
        loss.backward()
        opt.step()
        print(epoch, loss.item())
