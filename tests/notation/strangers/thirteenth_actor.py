"""Deterministic actor for HalfCheetah (TD3 baseline)."""
from dataclasses import dataclass, field
from typing import Tuple

import torch.nn as nn

ACTS = {"relu": nn.ReLU, "gelu": nn.GELU, "elu": nn.ELU}


@dataclass
class ActorConfig:
    obs_dim: int = 17
    act_dim: int = 6
    hidden: Tuple[int, ...] = (256, 128)
    act: str = "gelu"
    lr: float = 3e-4          # used by the trainer
    tau: float = 0.005
    tags: list = field(default_factory=list)


def build_actor(cfg: ActorConfig) -> nn.Sequential:
    mods = []
    prev = cfg.obs_dim
    for width in cfg.hidden:
        mods += [nn.Linear(prev, width), ACTS[cfg.act]()]
        prev = width
    mods += [nn.Linear(prev, cfg.act_dim), nn.Tanh()]
    return nn.Sequential(*mods)


actor = build_actor(ActorConfig())
