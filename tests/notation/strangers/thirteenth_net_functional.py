import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc3 = nn.Linear(50, 10)
        self.fc1 = nn.Linear(28 * 28, 100)
        self.fc2 = nn.Linear(100, 50)
        self.fc2_extra = nn.Linear(50, 50)   # TODO remove, not used anymore
        self.drop = nn.Dropout(p=0.2)

    def forward(self, x):
        x = x.view(-1, 28 * 28)
        x = F.relu(self.fc1(x))
        x = self.drop(x)
        x = F.relu(self.fc2(x))
        # x = F.relu(self.fc2_extra(x))
        x = self.fc3(x)
        return F.log_softmax(x, dim=1)


if __name__ == "__main__":
    net = Net()
    print(net(torch.zeros(4, 1, 28, 28)).shape)
