"""Heart disease, binary classification.

usage: python train_heart.py --epochs 50
"""
import argparse

import torch
from torch import nn, optim

N_FEATURES = 14
HIDDEN = 64


def build_model():
    return nn.Sequential(
        nn.Linear(N_FEATURES, HIDDEN),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(HIDDEN, HIDDEN // 2),
        nn.ReLU(),
        # nn.Linear(HIDDEN // 2, HIDDEN // 4),
        # nn.ReLU(),
        nn.Linear(HIDDEN // 2, 1),
    )


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=50)
    ap.add_argument("--lr", type=float, default=1e-3)
    args = ap.parse_args()

    model = build_model()
    opt = optim.Adam(model.parameters(), lr=args.lr)
    crit = nn.BCEWithLogitsLoss()
    X, y = torch.load("heart.pt")
    for epoch in range(args.epochs):
        opt.zero_grad()
        loss = crit(model(X).squeeze(1), y)
        loss.backward()
        opt.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    main()
