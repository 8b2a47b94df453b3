import torch
import torch.nn as nn
import torch.nn.functional as F


class RedNeuronal(nn.Module):
    """Clasificador de vinos (178 muestras, 13 atributos)."""

    def __init__(self, ocultas=32):
        super().__init__()
        self.capa_vieja = nn.Linear(13, 100)   # ya no se usa
        self.capa1 = nn.Linear(13, ocultas)
        self.capa2 = nn.Linear(ocultas, 24)
        self.salida = nn.Linear(24, 3)
        self.apagado = nn.Dropout(0.2)

    def forward(self, x):
        x = F.relu(self.capa1(x))
        x = self.apagado(x)
        x = torch.tanh(self.capa2(x))
        # sin softmax: CrossEntropyLoss ya lo incluye
        return self.salida(x)


if __name__ == "__main__":
    torch.manual_seed(1234)
    red = RedNeuronal()
    opt = torch.optim.SGD(red.parameters(), lr=0.01, momentum=0.9)
    print(red(torch.randn(16, 13)).shape)
