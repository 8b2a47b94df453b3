"""The source of a network's kernel: its constants and stages as text, among the files that all have."""

from __future__ import annotations

from pathlib import Path

from chalknet.engine.fused_cpu.names import CLASS_LOSS
from chalknet.engine.fused_cpu.optimizer_rows import EPS, numbers_of, slots_of
from chalknet.engine.fused_cuda.formulas import in_cuda
from chalknet.engine.fused_cuda.schedules import KernelPlan
from chalknet.engine.fused_cuda.stages import LINEAR, Behind, Stage
from chalknet.network import Activation, Dropout
from chalknet.planning import Loss, Recipe

FOLDER = Path(__file__).parent / "source"
_QUICK_EPS = 1e-10  # a root of no normal float is far below its last bit
_BEFORE = ("device.cuh", "numbers.cuh", "call.cuh")
_BEHIND = {
    "chain.cu": ("stages.cuh", "weights.cuh", "thin.cuh", "passes.cuh", "spread.cuh"),
    "hidden_units.cu": (),
}


def text_of(
    schedule: KernelPlan,
    stages: list[Stage],
    recipe: Recipe,
    dtype: str,
    trained: list[tuple[bool, bool]],
    ordered: bool,
    moves: bool,
    emulator: str = "",
) -> str:
    """Return the whole source of a kernel.

    Args:
        schedule: how an update is spread.
        stages: of the network.
        recipe: names the loss and the optimizer.
        dtype: of weights and data.
        trained: of each stage, whether its weight and its bias are trained.
        ordered: whether the rows come in an order that is given.
        moves: whether a batch has other rows than the one before.
        emulator: what is included in the place of the hardware.
    """
    constants = {
        **schedule.constants,
        **_constants_of(stages, recipe, trained),
        "ORDERED": int(ordered),
        "MOVES": int(moves),
    }
    constants["QUICK_ROOTS"] = int(dtype == "float32" and numbers_of(recipe)[EPS] >= _QUICK_EPS)
    number = "float" if dtype == "float32" else "double"
    target = "long long" if recipe.loss == CLASS_LOSS else number
    lines = [f"typedef {number} REAL;", f"typedef {target} TARGET;"]
    lines += [f"#define {name} {value}" for name, value in constants.items()]
    lines += [emulator, *map(_read, _BEFORE), *_loss_text(recipe.loss_row)]
    if schedule.kernel == "chain.cu":
        lines.append(_read("products.cuh"))
    lines.append("template <int s> struct Stage;")
    for k, (stage, trains) in enumerate(zip(stages, trained, strict=True)):
        lines.append(_stage_text(k, stage, trains, schedule))
    lines += [*map(_read, _BEHIND[schedule.kernel]), _read(schedule.kernel)]
    return "\n".join(lines)


def _read(name: str) -> str:
    return f'#line 1 "{name}"\n' + (FOLDER / name).read_text(encoding="utf-8")


def _constants_of(stages: list[Stage], recipe: Recipe, trained: list[tuple[bool, bool]]) -> dict[str, int]:
    first, second, third = slots_of(recipe)
    linears = [k for k, stage in enumerate(stages) if stage.kind == LINEAR]
    return {
        "FEATURES": stages[0].positions * stages[0].inputs,
        "LOSS_WIDTH": 1 if recipe.loss == CLASS_LOSS else stages[-1].values,
        "CLASS_LOSS": int(recipe.loss == CLASS_LOSS),
        "MEAN": int(recipe.reduction == "mean"),
        "Y_WIDTH": 1 if recipe.loss == CLASS_LOSS else stages[-1].values,
        "DROPS": int(any(_drops(stage) for stage in stages)),
        "FIRST_LINEAR": linears[0],
        "ALL_TRAINED": int(all(all(trained[k][: 1 + stages[k].bias]) for k in linears)),
        "OPTIMIZER": f"OPTIMIZER_{recipe.optimizer}",  # type: ignore[dict-item]
        "USES_FIRST": int(first), "USES_SECOND": int(second), "USES_THIRD": int(third),
        "NESTEROV": int(bool(recipe.optimizer_options.get("nesterov", False))),
    }  # fmt: skip


def _drops(stage: Stage) -> bool:
    return any(isinstance(behind.step, Dropout) and behind.step.p > 0 for behind in stage.behind)


def _loss_text(loss: Loss) -> list[str]:
    if loss.name == CLASS_LOSS:
        return []
    return [
        f"DEVICE REAL loss_of(REAL yhat, REAL y) {{ return {in_cuda(loss.formula)}; }}",
        f"DEVICE REAL gradient_of_loss(REAL yhat, REAL y) {{ return {in_cuda(loss.gradient)}; }}",
    ]


def behind_text(behind: Behind) -> str:
    """Return what takes a value h through an activation or Dropout, and multiplies d by its derivative."""
    step = behind.step
    if isinstance(step, Dropout):
        threshold, scale = round(step.p * 2**32), 1 / (1 - step.p) if step.p < 1 else 0.0
        return (
            f"{{ REAL m = kept(key, {behind.number}, at, {threshold}ull, (REAL){scale!r}); h *= m; d *= m; }}"
        )
    assert isinstance(step, Activation)
    value, slope = (in_cuda(text, step.all_options) for text in (step.row.formula, step.row.derivative))
    return f"{{ REAL z = h; h = {value}; d *= {slope}; }}"


def _stage_text(k: int, stage: Stage, trains: tuple[bool, bool], schedule: KernelPlan) -> str:
    facts = {
        "KIND": stage.kind, "IN": stage.inputs, "OUT": stage.outputs, "BIAS": int(stage.bias),
        "POSITIONS": stage.positions, "WEIGHT": schedule.weights_at[k], "BEHIND": int(bool(stage.behind)),
        "DROPS_HERE": int(_drops(stage)), "TRAIN_WEIGHT": int(trains[0]), "TRAIN_BIAS": int(trains[1]),
        "TILES_BEFORE": schedule.before[k] if schedule.before else 0, **schedule.places[k],
    }  # fmt: skip
    steps = [
        behind_text(behind)
        for behind in stage.behind
        if not (isinstance(behind.step, Dropout) and behind.step.p == 0)
    ]
    return "\n".join(
        (
            f"template <> struct Stage<{k}> {{",
            f"  enum {{ {', '.join(f'{name} = {value}' for name, value in facts.items())} }};",
            *(f"  using {name} = {tile.text};" for name, tile in schedule.tiles[k].items()),
            "  static MEMBER void behind(REAL& h, REAL& d, uint32 key, int at) {",
            *(f"    {step}" for step in steps),
            "  }",
            "};",
        )
    )
