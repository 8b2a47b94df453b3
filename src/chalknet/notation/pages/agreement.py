"""Whether several readings of one page are the same network, told more and less fully."""

from __future__ import annotations

from typing import NamedTuple

from chalknet.network import Activation, Dropout, Flatten, Linear, Network, Shape, size_of


class _Layer(NamedTuple):
    """A linear map and the activations behind it; the input has no map."""

    width: int | str | None
    bias: bool
    activations: tuple[Activation, ...]


def fullest(networks: list[Network]) -> Network:
    """Return the network that says most: the fewest open widths and activations, the most steps."""
    return min(networks, key=lambda one: (len(one.unsettled) + len(one.symbols), -len(one.steps)))


def agree(first: Network, second: Network) -> bool:
    """Return whether two networks may be the same one: what one leaves open, the other may say.

    A drawing need not show Dropout, how a sample is flattened, or an activation; a bias that one of them only
    assumes says nothing against the other.
    """
    if not _same_size(_size(first.input_shape), _size(second.input_shape)):
        return False
    ours, theirs = _layers(first), _layers(second)
    assumed = any("bias" in note for network in (first, second) for note in network.notes)
    return len(ours) == len(theirs) and all(
        _same_size(one.width, other.width)
        and (one.bias == other.bias or assumed)
        and _same_activations(one.activations, other.activations)
        for one, other in zip(ours, theirs, strict=True)
    )


def only_in(network: Network, others: list[Network]) -> list[str]:
    """Return the kinds of steps that a network has and another one that agrees with it leaves out."""
    kinds = [kind for kind in (Dropout, Flatten) if any(isinstance(step, kind) for step in network.steps)]
    return [
        kind.__name__ for kind in kinds
        if any(not any(isinstance(step, kind) for step in other.steps) for other in others)
    ]  # fmt: skip


def _size(shape: Shape) -> int | str | None:
    return shape[0] if len(shape) == 1 else size_of(shape)


def _same_size(one: int | str | None, other: int | str | None) -> bool:
    return one == other or not isinstance(one, int) or not isinstance(other, int)


def _same_activations(one: tuple[Activation, ...], other: tuple[Activation, ...]) -> bool:
    if any(step.kind == "?" for step in (*one, *other)):
        return True
    return one == other


def _layers(network: Network) -> list[_Layer]:
    layers = [_Layer(None, True, ())]
    for step in network.steps:
        if isinstance(step, Linear):
            layers.append(_Layer(step.out_features, step.bias, ()))
        elif isinstance(step, Activation):
            layers[-1] = layers[-1]._replace(activations=(*layers[-1].activations, step))
    return layers
