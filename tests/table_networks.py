"""Random networks with the steps for tables."""

from chalknet.network import Activation, BatchNorm, Dropout, LayerNorm, Linear, Network, PReLU, Residual

WIDTHS = [1, 2, 3, 5, 8, 16, 17, 33, 64, 100]
KINDS = {
    "prelu": lambda rng: PReLU(rng.random() < 0.5, rng.choice([0.25, 0.1, -0.5])),
    "layer norm": lambda rng: LayerNorm(rng.choice([1e-5, 0.1]), rng.random() < 0.7, rng.random() < 0.7),
    "batch norm": lambda rng: BatchNorm(
        rng.choice([1e-5, 0.1]), rng.choice([0.1, 0.7]), rng.random() < 0.7, rng.random() < 0.7
    ),
    "activation": lambda rng: Activation(rng.choice(["relu", "tanh", "mish", "hardswish", "silu"])),
}


def random_network(rng, *, dropout=False, outputs=None):
    """Return a network of a few linear maps with these steps between them.

    Args:
        rng: of the module random.
        dropout: whether Dropout is among the steps.
        outputs: the width of yhat; random without it.
    """
    kinds = dict(KINDS, **({"dropout": lambda rng: Dropout(0.3)} if dropout else {}))
    inputs = width = rng.choice([1, 2, 5, 9, 40])
    steps = []
    for _ in range(rng.randint(1, 3)):
        steps += _some(rng, kinds, width)
        width = rng.choice(WIDTHS)
        steps.append(Linear(width, bias=rng.random() < 0.8))
    steps += _some(rng, kinds, width)
    steps.append(Linear(outputs or rng.choice([1, 2, 5]), bias=rng.random() < 0.8))
    return Network(inputs, tuple(steps))


def _some(rng, kinds, width, deep=0):
    return [_one(rng, kinds, width, deep) for _ in range(rng.randint(0, 3))]


def _one(rng, kinds, width, deep):
    if deep < 2 and rng.random() < 0.25:
        inner = rng.choice(WIDTHS)
        first, second = (_some(rng, kinds, size, deep + 1) for size in (width, inner))
        return Residual((*first, Linear(inner), *second, Linear(width, bias=rng.random() < 0.8)))
    step = kinds[rng.choice(list(kinds))](rng)
    if isinstance(step, LayerNorm) and width == 1:  # which makes the same number of everything
        return Activation("tanh")
    return PReLU(init=step.init) if isinstance(step, PReLU) and width == 1 else step  # alike then
