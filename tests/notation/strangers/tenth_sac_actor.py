import torch.nn as nn

def mlp(sizes, activation, output_activation=nn.Identity):
    layers = []
    for j in range(len(sizes) - 1):
        act = activation if j < len(sizes) - 2 else output_activation
        layers += [nn.Linear(sizes[j], sizes[j + 1]), act()]
    return nn.Sequential(*layers)

# HalfCheetah-v2: obs 17, act 6
obs_dim, act_dim = 17, 6
hidden_sizes = [400, 300]
actor = mlp([obs_dim] + hidden_sizes + [act_dim], nn.ReLU, nn.Tanh)
