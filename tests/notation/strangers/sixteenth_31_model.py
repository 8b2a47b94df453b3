"""Heart-disease baseline. Usage: python 31_model.py heart.csv"""
import sys
from collections import OrderedDict

import pandas as pd
import torch
from torch import nn

torch.manual_seed(7)

net = nn.Sequential(OrderedDict([
    ("fc1", nn.Linear(13, 24)),
    ("act1", nn.LeakyReLU(0.05)),
    ("drop", nn.Dropout(p=0.25)),
    ("fc2", nn.Linear(24, 12)),
    ("act2", nn.LeakyReLU(0.05)),
    ("logit", nn.Linear(12, 1)),
]))
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-4)

if __name__ == "__main__":
    df = pd.read_csv(sys.argv[1])
    y = torch.tensor(df.pop("target").values, dtype=torch.float32)
    X = torch.tensor(df.values, dtype=torch.float32)
    X = (X - X.mean(0)) / X.std(0)
    for epoch in range(200):
        opt.zero_grad()
        loss = criterion(net(X).squeeze(1), y)
        loss.backward()
        opt.step()
        if epoch % 20 == 0:
            print(epoch, loss.item())
