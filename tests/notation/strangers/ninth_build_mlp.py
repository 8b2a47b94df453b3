import torch.nn as nn


def build_mlp(sizes, activation=nn.SiLU, output_activation=nn.Identity):
    layers = []
    for j in range(len(sizes) - 1):
        act = activation if j < len(sizes) - 2 else output_activation
        layers += [nn.Linear(sizes[j], sizes[j + 1]), act()]
    return nn.Sequential(*layers)


# half cheetah: 17 obs, 6 actions
policy = build_mlp([17, 256, 256, 256, 6], output_activation=nn.Tanh)
