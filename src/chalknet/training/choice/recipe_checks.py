"""What a recipe asks of data, processes and modules, checked before anything is built."""

from __future__ import annotations

from chalknet.data import Source
from chalknet.errors import InvalidValue
from chalknet.planning import OWN, Recipe, RunOptions


def check_recipe(recipe: Recipe, source: Source, options: RunOptions) -> None:
    """Refuse what a recipe asks of data and processes that cannot be.

    Raises:
        InvalidValue: naming what to say instead.
    """
    if recipe.watches and recipe.watch.startswith("held_out") and source.held_out is None:
        asked = "patience" if recipe.patience is not None else "schedule"
        raise InvalidValue(
            where=asked,
            got=f"{source.name} without held-out samples, whose {recipe.watch} is watched",
            wanted="samples that the fit is not made of",
            remedy="Say held_out=0.2 (--held-out 0.2), or give cn.load(data, held_out=0.2); or watch what it "
            "is made of: watch='train_loss' (--watch train_loss).",
        )
    pieces = options.micro_batch is not None or (options.processes or 1) > 1
    own = recipe.loss.startswith(OWN)
    if pieces and (own or recipe.optimizer_row.whole_batch):
        what = f"loss {recipe.loss.removeprefix(OWN)}" if own else f"optimizer {recipe.optimizer}"
        raise InvalidValue(
            where=what,
            got="updates that are summed from pieces",
            wanted="whole updates: what pieces add up to is not known of it",
            remedy="Leave micro_batch and processes out.",
        )


def module_has_weights(init: str) -> InvalidValue:
    """Return the error for drawing the weights of a module that has its own."""
    return InvalidValue(
        where="init",
        got=f"{init!r} for a module, which has its weights",
        wanted="a network, whose weights are drawn",
        remedy="Draw them yourself with torch.nn.init before the fit, or give cn.read(module).",
    )
