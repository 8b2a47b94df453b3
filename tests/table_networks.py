"""Random networks with the steps for tables."""

from chalknet.network import Activation, BatchNorm, Dropout, LayerNorm, Linear, Network, PReLU

WIDTHS = [1, 2, 3, 5, 8, 16, 17, 33, 64, 100]
KINDS = {
    "prelu": lambda rng: PReLU(rng.random() < 0.5, rng.choice([0.25, 0.1, -0.5])),
    "layer norm": lambda rng: LayerNorm(rng.choice([1e-5, 0.1]), rng.random() < 0.7, rng.random() < 0.7),
    "batch norm": lambda rng: BatchNorm(rng.choice([1e-5, 0.1]), rng.choice([0.1, 0.7]), rng.random() < 0.7),
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
    steps = []
    for _ in range(rng.randint(1, 3)):
        steps += _some(rng, kinds)
        steps.append(Linear(rng.choice(WIDTHS), bias=rng.random() < 0.8))
    steps += _some(rng, kinds)
    steps.append(Linear(outputs or rng.choice([1, 2, 5]), bias=rng.random() < 0.8))
    network = Network(rng.choice([1, 2, 5, 9, 40]), tuple(steps))
    one = {visit.path for visit in network.walk() if visit.output_shape == (1,)}  # has one slope either way
    alike = [
        PReLU(init=step.init) if isinstance(step, PReLU) and str(place) in one else step
        for place, step in enumerate(steps)
    ]
    return Network(network.input_shape, tuple(alike))


def _some(rng, kinds):
    return [kinds[rng.choice(list(kinds))](rng) for _ in range(rng.randint(0, 3))]
