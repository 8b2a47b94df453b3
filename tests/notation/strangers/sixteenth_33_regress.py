#!/usr/bin/env python3
# Projet PFE : prédiction du rendement agricole (t/ha)
import torch
from torch import nn

N_FEATURES = 22
HIDDEN = [48, 24, 12]


class Rendement(nn.Module):
    def __init__(self, n_in=N_FEATURES, caches=HIDDEN, n_out=1):
        super().__init__()
        tailles = [n_in] + caches
        self.couches = nn.ModuleList(
            nn.Linear(a, b) for a, b in zip(tailles, tailles[1:])
        )
        self.sortie = nn.Linear(tailles[-1], n_out)

    def forward(self, x):
        for couche in self.couches:
            x = torch.tanh(couche(x))
        return self.sortie(x)          # régression : pas d'activation ici


modele = Rendement()
perte = nn.MSELoss()
n_params = sum(p.numel() for p in modele.parameters())
print("paramètres :", n_params)
