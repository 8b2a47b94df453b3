"""Engines: can I run this plan (else why not), open a session, advance by k updates."""

from chalknet.engine.eager import Eager, is_out_of_memory
from chalknet.engine.engine import Advance, Engine, Session, StartupCost
from chalknet.engine.fused_cpu.needs import fused_needs
from chalknet.engine.group import ProcessGroup, join
from chalknet.engine.state import ON_CPU, SessionState, named, weights_of
from chalknet.engine.table import ENGINES
from chalknet.engine.torch_rows import (
    WeightedLoss,
    loss_function,
    optimizer_class,
    optimizer_over,
    unpacked,
)

__all__ = [
    "ENGINES",
    "ON_CPU",
    "Advance",
    "Eager",
    "Engine",
    "ProcessGroup",
    "Session",
    "SessionState",
    "StartupCost",
    "WeightedLoss",
    "fused_needs",
    "is_out_of_memory",
    "join",
    "loss_function",
    "named",
    "optimizer_class",
    "optimizer_over",
    "unpacked",
    "weights_of",
]
