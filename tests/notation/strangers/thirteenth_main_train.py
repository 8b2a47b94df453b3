#!/usr/bin/env python3
import argparse
import torch
import torch.nn as nn

parser = argparse.ArgumentParser(description="tabular MLP baseline")
parser.add_argument("--data", type=str, default="data/wells.csv")
parser.add_argument("--input-size", type=int, default=11)
parser.add_argument("--hidden", type=int, default=64, help="width of every hidden layer")
parser.add_argument("--n-layers", type=int, default=3, help="number of hidden layers")
parser.add_argument("--n-classes", type=int, default=2)
parser.add_argument("--slope", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=100)
parser.add_argument("--batch-size", type=int, default=128)
args = parser.parse_args()


class MLP(nn.Module):
    def __init__(self, args):
        super().__init__()
        layers = [nn.Linear(args.input_size, args.hidden), nn.LeakyReLU(args.slope)]
        for _ in range(args.n_layers - 1):
            layers.append(nn.Linear(args.hidden, args.hidden))
            layers.append(nn.LeakyReLU(args.slope))
        layers.append(nn.Linear(args.hidden, args.n_classes))
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return self.body(x)


model = MLP(args)
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
