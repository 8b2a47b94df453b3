"""Bank marketing - model definition (imported by train.py and serve.py)"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class TermDepositNet(nn.Module):
    def __init__(self, n_features: int = 51, hidden: int = 96):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden)
        self.bn1 = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, hidden // 2)
        self.bn2 = nn.BatchNorm1d(hidden // 2)
        self.drop = nn.Dropout(p=0.3)
        self.head = nn.Linear(hidden // 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.drop(F.leaky_relu(self.bn1(self.fc1(x)), 0.1))
        x = self.drop(F.leaky_relu(self.bn2(self.fc2(x)), 0.1))
        return self.head(x).squeeze(-1)  # logits!


def build(device="cpu"):
    net = TermDepositNet().to(device)
    # positives are ~11 % of the table
    loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(7.8, device=device))
    opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-5)
    return net, loss_fn, opt


if __name__ == "__main__":
    net, _, _ = build()
    print(sum(p.numel() for p in net.parameters()), "parameters")
