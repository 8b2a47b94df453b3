import torch.nn as nn

class Sentiment(nn.Module):
    def __init__(self, vocab=20000):
        super().__init__()
        self.emb = nn.Embedding(vocab, 100)
        self.lstm = nn.LSTM(100, 128, num_layers=2, batch_first=True)
        self.fc = nn.Linear(128, 2)

    def forward(self, ids):
        _, (h, _) = self.lstm(self.emb(ids))
        return self.fc(h[-1])
