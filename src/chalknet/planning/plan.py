"""A Plan: what was decided for a fit, with the reasons; printing it is the dry run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, repeat

from chalknet.network import Network, Shape, show_shape
from chalknet.planning.recipe import Recipe
from chalknet.tables import Shown, Table, Tabular
from chalknet.units import one_line, show_count, show_value


@dataclass(frozen=True, repr=False)
class Placement(Shown):
    """Where the fit runs.

    Args:
        device: a torch device such as "cpu" or "cuda:0".
        dtype: the torch dtype of weights and data, such as "float32".
        threads: CPU threads torch may use.
        reasons: why, a sentence each.
        micro_batch: samples of an update that are computed at a time, their gradients summed into the
            same update; None for all at once.
        processes: how many processes share each update.
    """

    device: str
    dtype: str
    threads: int
    reasons: tuple[str, ...] = ()
    micro_batch: int | None = None
    processes: int = 1


@dataclass(frozen=True, repr=False)
class DataFacts(Shown):
    """What a plan knows of the data.

    Args:
        name: what the data is called.
        observations: number of samples.
        x_shape: shape of one sample of x.
        y_shape: shape of one sample of y.
        held_out: number of samples held out of the training, 0 for none.
        streamed: whether the samples stay where they are and are read a batch at a time.
        whole_numbers: whether x reaches the model as int64, as an Embedding wants it.
    """

    name: str
    observations: int
    x_shape: Shape
    y_shape: Shape
    held_out: int = 0
    streamed: bool = False
    whole_numbers: bool = False


@dataclass(frozen=True, repr=False)
class Plan(Tabular):
    """What a fit will do.

    Args:
        network: the network; None for a module that no Network describes.
        model: one line that names what is fitted.
        recipe: what was asked.
        data: the facts of the data.
        placement: where it runs.
        engine: which engine runs it.
        updates: how many updates; None when the budget is in seconds.
        updates_per_epoch: how many updates see every sample once.
        reasons: why it was decided so, a sentence each.
        notes: what may not be as it was meant, a sentence each; told after the fit too.

    Example:
        >>> import torch
        >>> import chalknet as cn
        >>> x = torch.linspace(-1, 1, 50)
        >>> print(cn.plan("1 -> 1", (x, 2 * x), loss="mse", updates=100, engine="eager").engine)
        eager
    """

    network: Network | None
    model: str
    recipe: Recipe
    data: DataFacts
    placement: Placement
    engine: str
    updates: int | None
    updates_per_epoch: int
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        recipe = self.recipe
        return one_line(
            f"Plan({recipe.loss} by {recipe.optimizer}, {self._length()}, {self.where}: {self.model})"
        )

    @property
    def table(self) -> Table:
        """Return what was decided as names and values, and the reasons below them."""
        recipe, data = self.recipe, self.data
        used = method(recipe.batch_size, data.observations)
        options = "".join(f", {name}={value}" for name, value in recipe.optimizer_options.items())
        held_out = f", {show_count(data.held_out)} held out" if data.held_out else ""
        streamed = ", read a batch at a time" if data.streamed else ""
        order = "a new order each epoch" if recipe.shuffle else "in order"
        rows = {
            "network": self.model,
            "data": f"{data.name}: {show_count(data.observations)} observations{held_out}, "
            f"x {show_shape(data.x_shape)}, y {show_shape(data.y_shape)}{streamed}",
            "loss": f"{recipe.loss}, the {recipe.reduction} over an update's samples",
            "optimizer": f"{recipe.optimizer}, lr={show_value(recipe.lr or 0.0)}{options}",
            "method": f"{used.name} (once: {used.once}), {order}",
            "length": self._length(),
            **_altered(recipe),
            "seed": str(recipe.seed),
            "engine": self.where,
        }
        reasons = zip(chain(["because"], repeat("")), (*self.placement.reasons, *self.reasons), strict=False)
        return Table((), (*rows.items(), *reasons, *(("note", note) for note in self.notes)))

    @property
    def where(self) -> str:
        """Return by which engine it runs, and where."""
        placement = self.placement
        threads = f"{placement.threads} thread{'s' * (placement.threads != 1)}"
        at_a_time = (
            f", {show_count(placement.micro_batch)} samples at a time" if placement.micro_batch else ""
        )
        processes = f", {placement.processes} processes" if placement.processes > 1 else ""
        return f"{self.engine} on {placement.device}, {placement.dtype}, {threads}{processes}{at_a_time}"

    def _length(self) -> str:
        per_epoch = f"{show_count(self.updates_per_epoch)} an epoch"
        if self.updates is None:
            return f"{show_value(self.recipe.budget.amount)} seconds of training, {per_epoch}"
        epochs = show_value(self.updates / self.updates_per_epoch)
        return f"{show_count(self.updates)} updates, {per_epoch}: {epochs} epochs"


def _altered(recipe: Recipe) -> dict[str, str]:
    """Return what a recipe says beyond loss, optimizer and length, as lines of the plan."""
    warm = f"warm-up over {show_count(recipe.warmup)} updates" if recipe.warmup else ""
    rows = {
        "schedule": ", then ".join(filter(None, (warm, recipe.schedule))),
        "clipping": ", ".join(
            f"{what} at most {show_value(most)}"
            for what, most in (("norm", recipe.clip_norm), ("values", recipe.clip_value))
            if most is not None
        ),
        "penalties": ", ".join(
            f"{name}={show_value(by)}" for name in ("l1", "l2") if (by := vars(recipe)[name])
        ),
        "weights of samples": ", ".join(
            f"{name}={vars(recipe)[name]}"
            for name in ("weight", "class_weight")
            if vars(recipe)[name] is not None
        ),
        "weights at the start": recipe.init or "",
        "stopping early": ""
        if recipe.patience is None
        else f"after {show_count(recipe.patience)} evaluations without a better {recipe.watch}"
        + (f" (by {show_value(recipe.min_delta)})" if recipe.min_delta else "")
        + ", with the weights of the best",
    }
    return {name: text for name, text in rows.items() if text}


@dataclass(frozen=True)
class Method:
    """What a batch size makes of gradient descent.

    Args:
        name: the name used today.
        once: the name it once had.
    """

    name: str
    once: str


def method(batch_size: int | None, observations: int) -> Method:
    """Return the names of fitting with so many samples an update.

    Args:
        batch_size: samples an update, None for all.
        observations: samples in the data.
    """
    if batch_size is None or batch_size == observations:
        return Method("gradient descent", "batch gradient descent")
    if batch_size == 1:
        return Method("SGD with batch size 1", "stochastic gradient descent")
    return Method(f"SGD with batch size {batch_size}", "mini-batch stochastic gradient descent")
