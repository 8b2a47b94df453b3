#!/usr/bin/env python3
"""Grasp success predictor for the lab's UR5 (hobby branch)."""
import torch
from torch import nn

N_FEATURES = 11          # 7 joint torques + 3 gripper forces + finger gap
HIDDEN = 40


class GraspNet(nn.Module):
    def __init__(self, n_in=N_FEATURES, hidden=HIDDEN, n_out=2):
        super().__init__()
        self.fc1 = nn.Linear(n_in, hidden)
        self.fc2 = nn.Linear(hidden, hidden // 2)
        self.drop = nn.Dropout(0.25)
        self.out = nn.Linear(hidden // 2, n_out)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        x = self.drop(x)
        x = torch.relu(self.fc2(x))
        return torch.softmax(self.out(x), dim=-1)


if __name__ == "__main__":
    net = GraspNet()
    print(net(torch.zeros(1, N_FEATURES)))
