"""The source of a network's kernel: its constants and stages as text, among the files that all have."""

from __future__ import annotations

from pathlib import Path

from chalknet.engine.fused_cpu.optimizer_rows import EPS, numbers_of, slots_of
from chalknet.engine.fused_cuda.formulas import in_cuda
from chalknet.engine.fused_cuda.schedules import KernelPlan
from chalknet.engine.fused_cuda.stages import MATRICES, Behind, Stage
from chalknet.network import Activation, Dropout
from chalknet.planning import Loss, Recipe

FOLDER = Path(__file__).parent / "source"
_QUICK_EPS = 1e-10  # a root of no normal float is far below its last bit
_BEFORE = ("device.cuh", "numbers.cuh", "call.cuh", "optimizers.cuh")
_BEHIND = {
    "chain.cu": (
        "stages.cuh", "weights.cuh", "columns.cuh", "softmax.cuh", "prelu.cuh", "norms.cuh", "layer_norm.cuh",
        "batch_norm.cuh", "embedding.cuh", "residual.cuh", "line_gradients.cuh", "thin.cuh", "passes.cuh",
        "spread.cuh", "altered.cuh",
    ),
    "hidden_units.cu": (),
}  # fmt: skip


def text_of(
    schedule: KernelPlan,
    stages: list[Stage],
    recipe: Recipe,
    dtype: str,
    last_axis: int,
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
        last_axis: the size of yhat's last axis, whose halves a loss of two numbers takes.
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
        "LAST_AXIS": last_axis,
    }
    constants["QUICK_ROOTS"] = int(dtype == "float32" and numbers_of(recipe)[EPS] >= _QUICK_EPS)
    number = "float" if dtype == "float32" else "double"
    target = "long long" if recipe.loss_row.target == "class" else number
    lines = [f"typedef {number} REAL;", f"typedef {target} TARGET;"]
    lines += [f"#define {name} {value}" for name, value in constants.items()]
    lines += [emulator, *map(_read, _BEFORE), *_loss_text(recipe.loss_row), _read("losses.cuh")]
    if schedule.kernel == "chain.cu":
        lines.append(_read("products.cuh"))
    lines.append("template <int s> struct Stage;")
    for k, (stage, trains) in enumerate(zip(stages, trained, strict=True)):
        lines.append(_stage_text(k, stage, trains, schedule))
    lines += [*map(_read, _BEHIND[schedule.kernel]), _read(schedule.kernel)]
    return "\n".join(lines)


def _read(name: str) -> str:
    return f'#line 1 "{name}"\n' + (FOLDER / name).read_text(encoding="utf-8")


def _constants_of(
    stages: list[Stage], recipe: Recipe, trained: list[tuple[bool, bool]]
) -> dict[str, int | str]:
    fitted = [k for k, stage in enumerate(stages) if stage.weights]
    return {
        "FEATURES": stages[0].positions * stages[0].inputs,
        "DROPS": int(any(_drops(stage) for stage in stages)),
        "FIRST_FITTED": fitted[0],
        "ALL_TRAINED": int(all(all(trained[k][: 1 + stages[k].bias]) for k in fitted)),
        **_constants_of_loss(stages, recipe),
        **_constants_of_optimizer(recipe),
    }


def _constants_of_loss(stages: list[Stage], recipe: Recipe) -> dict[str, int | str]:
    loss = recipe.loss_row
    by_class = loss.target == "class"
    return {
        "CLASS_LOSS": int(by_class),
        "ROW_LOSS": f"ROW_LOSS_{loss.name if by_class else 'none'}",
        "GAMMA": f"((REAL){float(loss.options.get('gamma', 0.0))!r})",
        "PAIRS": int(loss.outputs == 2),
        "Y_WIDTH": 1 if by_class else stages[-1].values // loss.outputs,
        "MEAN": int(recipe.reduction == "mean"),
        "WEIGHS": int(recipe.weighs),
    }


def _constants_of_optimizer(recipe: Recipe) -> dict[str, int | str]:
    first, second, third = slots_of(recipe)
    return {
        "OPTIMIZER": f"OPTIMIZER_{recipe.optimizer}",
        "USES_FIRST": int(first), "USES_SECOND": int(second), "USES_THIRD": int(third),
        "NESTEROV": int(bool(recipe.optimizer_options.get("nesterov", False))),
        "CLIPS_NORM": int(bool(recipe.clip_norm)), "CLIPS_VALUE": int(bool(recipe.clip_value)),
        "PENALISES": int(bool(recipe.l1 or recipe.l2)),
    }  # fmt: skip


def _drops(stage: Stage) -> bool:
    return any(isinstance(behind.step, Dropout) and behind.step.p > 0 for behind in stage.behind)


def _loss_text(loss: Loss) -> list[str]:
    """Return the loss of one value and its derivatives as functions; losses.cuh has those of classes."""
    if loss.target == "class":
        return []
    formulas = {
        "loss_of": loss.formula, "gradient_of_loss": loss.gradient,
        "gradient_of_spread": loss.spread_gradient or "0",
    }  # fmt: skip
    return [
        f"DEVICE REAL {name}(REAL yhat, REAL spread, REAL y) {{ return {in_cuda(text, loss.options)}; }}"
        for name, text in formulas.items()
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
        "LINES": stage.lines, "WIDTH": stage.line, "IS_MATRIX": int(stage.kind in MATRICES),
        "KEPT": stage.kept, "OTHER": stage.other, "POSITIONS": stage.positions,
        "WEIGHT": schedule.weights_at[k], "BEHIND": int(bool(stage.behind)),
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
            f"  static constexpr double EPS = {stage.eps!r}, MOMENTUM = {stage.momentum!r};",
            *(f"  using {name} = {tile.text};" for name, tile in schedule.tiles[k].items()),
            "  static MEMBER void behind(REAL& h, REAL& d, uint32 key, int at) {",
            *(f"    {step}" for step in steps),
            "  }",
            "};",
        )
    )
