"""Q-network for LunarLander, second attempt (the first one crashed a lot)."""
import torch.nn as nn
import torch.nn.functional as F

STATE_DIM = 8      # x, y, vx, vy, angle, omega, leg1, leg2
N_ACTIONS = 4      # nothing, left, main, right


class QNet(nn.Module):
    def __init__(self, state_dim=STATE_DIM, n_actions=N_ACTIONS, hidden=(128, 64)):
        super().__init__()
        h1, h2 = hidden
        self.head = nn.Linear(h2, n_actions)   # declared first, used last
        self.a = nn.Linear(state_dim, h1)
        self.b = nn.Linear(h1, h2)

    def forward(self, s):
        s = F.relu(self.a(s))
        s = F.relu(self.b(s))
        return self.head(s)


if __name__ == "__main__":
    print(QNet())
