"""Torch's map-style datasets, the parts that `random_split` makes of them, and loaders over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from chalknet.data.formats import RawRows, rows_of_arrays
from chalknet.data.sources.source import Source
from chalknet.data.sources.user_source import UserSource, user_source
from chalknet.errors import DataError, InvalidValue
from chalknet.lazy import torch, torch_data, torch_is_loaded
from chalknet.system import fits_in_memory

_TRIED = 3  # items that are read twice, to see whether they are drawn at random
_BLOCK = 4096  # items that are put together at a time
_COPIES = 3  # of all items, while they are put together
_READ_ALONE = "Collect its items first, x, y = zip(*dataset), and give (x, y)."


def is_dataset(value: object) -> TypeGuard[Any]:
    """Return whether a value is a dataset or a loader of torch's, or an object with numbered items."""
    if torch_is_loaded() and isinstance(value, torch_data.Dataset | torch_data.DataLoader):
        return True
    numbered = hasattr(type(value), "__getitem__") and hasattr(type(value), "__len__")
    of_its_own = not hasattr(value, "__array__") and not hasattr(value, "keys")
    known = isinstance(value, type | Sequence | bytes | bytearray) or (
        torch_is_loaded() and isinstance(value, torch.nn.Module)
    )
    return numbered and of_its_own and not known and not hasattr(value, "columns")


def open_dataset(data: Any, load: Callable[[object], Source]) -> RawRows | UserSource:
    """Return the items of a dataset, in its order: in memory where they fit there and stay the same.

    Args:
        data: a dataset, a part of one, or a loader, of which the dataset is taken.
        load: makes a source of what a user's object holds out.

    Raises:
        InvalidValue: for items without numbers, or a loader that chooses or changes them.
        DataError: for items that are no pairs of numbers.
    """
    notes: tuple[str, ...] = ()
    while isinstance(data, torch_data.DataLoader):
        if not isinstance(data.dataset, torch_data.IterableDataset):
            notes = (*notes, _note_of_loader(data))
        data = data.dataset
    if isinstance(data, torch_data.IterableDataset) or not hasattr(data, "__len__"):
        name = type(data).__name__
        raise InvalidValue(
            where="data",
            got=f"a {name} without a length",
            wanted="items by their numbers",
            remedy=_READ_ALONE,
        )
    items = Items.of(data)
    if not len(items):
        raise DataError(
            where=items.name, got="no items", wanted="at least one", remedy="Give it observations."
        )
    if items.stay and fits_in_memory(_COPIES * items.item_bytes * len(items)):
        x, y = items.take(slice(0, len(items)))
        return replace(rows_of_arrays(x, y, items.name), notes=notes)
    if not items.stay:
        notes = (*notes, f"the items of {items.name} differ from one reading to the next: they are read anew")
    source = user_source(items, load)
    return source.replace(provenance=replace(source.provenance, notes=notes))


def _note_of_loader(loader: torch_data.DataLoader[Any]) -> str:
    """Return what of a loader is not used.

    Raises:
        InvalidValue: for one that chooses items, or makes something else of them.
    """
    sampler: Any = loader.sampler
    own = [
        *(
            ["sampler"]
            if type(sampler) not in (torch_data.SequentialSampler, torch_data.RandomSampler)
            else []
        ),
        *(["sampler"] if getattr(sampler, "replacement", False) else []),
        *(
            ["batch_sampler"]
            if type(loader.batch_sampler) not in (torch_data.BatchSampler, type(None))
            else []
        ),
        *(
            ["collate_fn"]
            if loader.collate_fn not in (torch_data.default_collate, torch_data.default_convert)
            else []
        ),
    ]
    if own:
        raise InvalidValue(
            where="data",
            got=f"a DataLoader with a {own[0]} of its own",
            wanted="a dataset, whose items are taken as they are",
            remedy="Give loader.dataset; or collect what the loader yields, "
            "x, y = map(torch.cat, zip(*loader)), and give (x, y).",
        )
    return (
        "of the DataLoader only its dataset is taken, and batches are made here, by batch_size, shuffle and "
        "drop_last: give loader.dataset"
    )


@dataclass(frozen=True)
class Items:
    """The items of a dataset as a source's rows.

    Args:
        dataset: anything with numbered items.
        numbers: the items that belong to it, in their order.
        name: what messages and tables call it.
        stay: whether items were the same when they were read twice.
        item_bytes: of one item.
        x_shape: of one x.
        y_shape: of one y.
    """

    dataset: Any
    numbers: Sequence[int]
    name: str
    stay: bool = True
    item_bytes: int = 0
    x_shape: tuple[int, ...] = ()
    y_shape: tuple[int, ...] = ()

    @classmethod
    def of(cls, dataset: Any) -> Items:
        """Return the items of a dataset; of a part of a part, those of the whole behind them."""
        name, numbers = type(dataset).__name__, range(len(dataset))
        chosen: Sequence[int] = numbers
        while type(dataset) is torch_data.Subset:
            chosen = [int(dataset.indices[number]) for number in chosen]
            dataset = dataset.dataset
            name = f"Subset of {type(dataset).__name__}"
        items = cls(dataset, chosen, name)
        if not len(items):
            return items
        few = slice(0, _TRIED)
        with torch.random.fork_rng(devices=[]):  # what items draw at random is not drawn from the caller
            first, second = items.take(few), items.take(few)
        x, y = first
        return replace(
            items,
            stay=all(map(_same, first, second)),
            item_bytes=(x.nbytes + y.nbytes) // len(x),
            x_shape=tuple(x.shape[1:]) or (1,),
            y_shape=tuple(y.shape[1:]),
        )

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: torch.Tensor | slice) -> tuple[torch.Tensor, torch.Tensor]:
        """Return x and y of these items."""
        places = range(*rows.indices(len(self))) if isinstance(rows, slice) else rows.tolist()
        numbers = [self.numbers[place] for place in places]
        if type(self.dataset) is torch_data.TensorDataset and len(self.dataset.tensors) == 2:
            at = torch.tensor(numbers, dtype=torch.int64)
            x, y = (tensor[at] for tensor in self.dataset.tensors)
            return x, y
        blocks = [self._read(numbers[at : at + _BLOCK]) for at in range(0, len(numbers), _BLOCK)]
        x, y = (torch.cat(side) for side in zip(*blocks, strict=True))
        return x, y

    def _read(self, numbers: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        pairs = [self._pair(number) for number in numbers]
        try:
            x, y = (torch_data.default_collate([_plain(pair[side]) for pair in pairs]) for side in (0, 1))
        except (TypeError, RuntimeError, ValueError) as problem:
            raise self._no_pair(
                numbers[0], f"items that do not go together ({str(problem).splitlines()[0]})"
            ) from problem
        if not isinstance(x, torch.Tensor) or not isinstance(y, torch.Tensor):
            raise self._no_pair(numbers[0], "x or y in several parts")
        return x, y

    def _pair(self, number: int) -> Any:
        try:
            item = self.dataset[number]
        except Exception as problem:  # the user's own code
            raise DataError(
                where=f"item {number} of {self.name}",
                got=f"{type(problem).__name__}: {problem}",
                wanted="a pair (x, y)",
                remedy="Correct its __getitem__.",
            ) from problem
        if not isinstance(item, tuple | list) or len(item) != 2:
            what = f"{len(item)} things" if isinstance(item, tuple | list) else f"a {type(item).__name__}"
            raise self._no_pair(number, what)
        for side in item:
            if type(side).__module__.startswith("PIL."):
                raise DataError(
                    where=f"item {number} of {self.name}",
                    got="an image of PIL",
                    wanted="a tensor of its pixels",
                    remedy="Give the dataset transform=torchvision.transforms.ToTensor().",
                )
        return item

    def _no_pair(self, number: int, got: str) -> DataError:
        return DataError(
            where=f"item {number} of {self.name}",
            got=got,
            wanted="a pair (x, y) of tensors, arrays or numbers, of the same shapes in every item",
            remedy="Let its __getitem__ return x, y.",
        )


def _same(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Return whether two readings are alike, gaps included."""
    alike = (first == second) | ((first != first) & (second != second))
    return first.shape == second.shape and bool(alike.all())


def _plain(side: Any) -> Any:
    """Return a list of numbers as a tensor: torch would put each of its places together by itself."""
    return torch.tensor(side) if isinstance(side, list | tuple) else side
