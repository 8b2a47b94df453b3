# -*- coding: utf-8 -*-
# 客户流失预测
import torch
import torch.nn as nn

# 第一版，欠拟合，不要用
# model = nn.Sequential(
#     nn.Linear(40, 32),
#     nn.Sigmoid(),
#     nn.Linear(32, 2),
# )

# 第二版：加宽，加 BN 和 Dropout（BN 前的线性层不需要偏置）
model = nn.Sequential(
    nn.Linear(40, 256, bias=False),
    nn.BatchNorm1d(256),
    nn.ReLU(inplace=True),
    nn.Dropout(0.5),
    nn.Linear(256, 128, bias=False),
    nn.BatchNorm1d(128),
    nn.ReLU(inplace=True),
    nn.Dropout(0.3),
    nn.Linear(128, 2),
)

criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 4.2]))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=1e-2)


def train_one_epoch(loader, device):
    model.train()
    total = 0.0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    return total / len(loader.dataset)
