import torch.nn as nn


class QNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(10, 32)
        self.l2 = nn.Linear(64, 64)
        self.l3 = nn.Linear(64, 4)
        self.act = nn.ReLU()

    def forward(self, s):
        s = self.act(self.l1(s))
        s = self.act(self.l2(s))
        return self.l3(s)

# RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x32 and 64x64)   ???
