import pytorch_lightning as pl
import torch
from torch import nn
from torchmetrics.functional import accuracy

GESTURES = ["stop", "go", "left", "right", "up", "down", "ok", "none"]
SENSORS = 6          # 3 axes acc + 3 axes gyro
STATS = 4            # mean, std, min, max


class GestureClassifier(pl.LightningModule):
    def __init__(self, lr=2e-3):
        super().__init__()
        self.save_hyperparameters()
        dims = SENSORS * STATS
        self.encoder = nn.Sequential(
            nn.Linear(dims, 60), nn.SiLU(),
            nn.Linear(60, 60), nn.SiLU(),
            nn.Dropout(0.1),
        )
        self.classifier = nn.Linear(60, len(GESTURES))

    def forward(self, x):
        return self.classifier(self.encoder(x))

    def training_step(self, batch, _):
        x, y = batch
        logits = self(x)
        loss = nn.functional.cross_entropy(logits, y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _):
        x, y = batch
        probs = self(x).softmax(dim=-1)
        self.log("val_acc", accuracy(probs, y, task="multiclass", num_classes=len(GESTURES)))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)
