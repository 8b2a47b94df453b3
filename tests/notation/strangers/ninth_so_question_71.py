# Why does my loss not go down?? I get ~0.693 all the time. Pls help
# pytorch 1.12, python 3.8
import torch
import torch.nn as nn
from collections import OrderedDict

n_feat = 33
hidden = 100

net = nn.Sequential(OrderedDict([
    ('fc1',  nn.Linear(n_feat, hidden)),
    ('bn1',  nn.BatchNorm1d(hidden)),
    ('act1', nn.LeakyReLU(0.1)),
    ('fc2',  nn.Linear(hidden, hidden//2)),
    ('bn2',  nn.BatchNorm1d(hidden//2)),
    ('act2', nn.LeakyReLU(0.1)),
    ('fc3',  nn.Linear(hidden//2, 2)),
    ('out',  nn.LogSoftmax(dim=1)),
]))
lossf = nn.NLLLoss()
optim = torch.optim.Adam(net.parameters(), lr=10)
