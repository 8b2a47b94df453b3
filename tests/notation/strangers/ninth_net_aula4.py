# Aula 4 - Redes neurais com PyTorch
# Prof. Marcos   (turma 2023.1)
import torch
import torch.nn as nn
import torch.nn.functional as F


class MinhaRede(nn.Module):
    def __init__(self, n_entradas=8, n_saidas=1):
        super().__init__()
        self.saida = nn.Linear(6, n_saidas)
        self.camada1 = nn.Linear(n_entradas, 12)
        self.camada2 = nn.Linear(12, 6)
        # self.camada3 = nn.Linear(6, 4)   # não ajudou

    def forward(self, x):
        x = F.relu(self.camada1(x))
        x = torch.tanh(self.camada2(x))
        x = torch.sigmoid(self.saida(x))
        return x


rede = MinhaRede()
print(rede)
criterio = nn.BCELoss()
otimizador = torch.optim.Adam(rede.parameters(), lr=0.001)
