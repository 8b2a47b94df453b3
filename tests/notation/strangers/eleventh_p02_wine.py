# 와인 품질 예측 (winequality-red.csv, 1599행) - 통계학과 캡스톤
import torch
import torch.nn as nn
import torch.nn.functional as F

BATCH, EPOCHS, LR = 64, 200, 1e-3


class WineNet(nn.Module):
    def __init__(self, d_in=11, d_hid=32, d_out=1):
        super().__init__()
        self.fc1 = nn.Linear(d_in, d_hid)
        self.fc2 = nn.Linear(d_hid, d_hid // 2)
        self.drop = nn.Dropout(0.25)
        self.out = nn.Linear(d_hid // 2, d_out)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.drop(x)
        x = torch.tanh(self.fc2(x))   # relu보다 조금 나았음
        return self.out(x)            # 회귀라서 활성화 없음


net = WineNet()
opt = torch.optim.Adam(net.parameters(), lr=LR)
