import torch
import torch.nn as nn

z_dim = 100
img_dim = 28 * 28

generator = nn.Sequential(
    nn.Linear(z_dim, 256), nn.LeakyReLU(0.2),
    nn.Linear(256, 512), nn.LeakyReLU(0.2),
    nn.Linear(512, img_dim), nn.Tanh(),
)

discriminator = nn.Sequential(
    nn.Linear(img_dim, 256), nn.LeakyReLU(0.2), nn.Dropout(0.3),
    nn.Linear(256, 1), nn.Sigmoid(),
)

opt_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
bce = nn.BCELoss()
