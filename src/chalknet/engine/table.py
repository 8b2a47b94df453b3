"""The engines, the fastest first."""

from __future__ import annotations

from collections.abc import Mapping

from chalknet.engine.eager import Eager
from chalknet.engine.engine import Engine
from chalknet.engine.fused_cpu import FusedCpu
from chalknet.engine.fused_cuda import FusedCuda
from chalknet.engine.graph import Graph

ENGINES: Mapping[str, Engine] = {
    engine.name: engine for engine in (FusedCuda(), FusedCpu(), Graph(), Eager())
}
