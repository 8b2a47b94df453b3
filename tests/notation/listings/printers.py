"""The tables that other programs print of a network, laid out here anew and without a reader in mind."""

from math import prod

from chalknet.network import Activation, Dropout, Flatten, Linear

KERAS = {Linear: "Dense", Dropout: "Dropout", Flatten: "Flatten"}
KERAS_ACTIVATIONS = {"relu": "ReLU", "softmax": "Softmax", "elu": "ELU"}
TORCH = {
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
    "silu": "SiLU",
    "elu": "ELU",
}


def rows(network):
    """Return class, output shape and number of parameters of each layer, counted by hand."""
    found, shape = [], network.input_shape
    for step in network.steps:
        parameters = 0
        if isinstance(step, Linear):
            parameters = shape[-1] * step.out_features + (step.out_features if step.bias else 0)
            shape = (*shape[:-1], step.out_features)
        if isinstance(step, Flatten):
            shape = (prod(shape),)
        found.append((step, shape, parameters))
    return found


def keras_rows(network, named_input):
    names = {}
    out = []
    if named_input:
        out.append(("input_1 (InputLayer)", network.input_shape, 0))
    for step, shape, parameters in rows(network):
        kind = KERAS_ACTIVATIONS[step.kind] if isinstance(step, Activation) else KERAS[type(step)]
        names[kind] = names.get(kind, -1) + 1
        label = kind.lower() + (f"_{names[kind]}" if names[kind] else "")
        out.append((f"{label} ({kind})", shape, parameters))
    return out


def keras2(network, named_input=True, ruled=False):
    """Print as Keras 2 does."""
    lines = ['Model: "model"', "_" * 65, f" {'Layer (type)':<28}{'Output Shape':<26}Param #", "=" * 65]
    between = "_" * 65 if ruled else " " * 65
    for label, shape, parameters in keras_rows(network, named_input):
        sizes = f"(None, {', '.join(map(str, shape))})"
        sizes = f"[{sizes}]" if label.startswith("input") else sizes
        lines += [f" {label:<28}{sizes:<26}{parameters}", between]
    total = sum(row[2] for row in rows(network))
    return "\n".join(
        [*lines[:-1], "=" * 65, f"Total params: {total}", f"Trainable params: {total}", "_" * 65]
    )


def keras3(network, named_input=True, width=31):
    """Print as Keras 3 does, which breaks a cell that is too narrow."""
    columns = (width, 22, 13)

    def line(*cells):
        return "│ " + " │ ".join(cell.ljust(size) for cell, size in zip(cells, columns, strict=True)) + " │"

    def rule(left, middle, right, dash):
        return left + middle.join(dash * (size + 2) for size in columns) + right

    head = line("Layer (type)", "Output Shape", "Param #").replace("│", "┃")
    lines = ['Model: "functional"', rule("┏", "┳", "┓", "━"), head, rule("┡", "╇", "┩", "━")]
    for label, shape, parameters in keras_rows(network, named_input):
        words = [label] if len(label) <= width else label.split(" ")
        cells = [(words[0], f"(None, {', '.join(map(str, shape))})", f"{parameters:,}".rjust(13))]
        cells += [(word, "", "") for word in words[1:]]
        lines += [*(line(*each) for each in cells), rule("├", "┼", "┤", "─")]
    lines[-1] = rule("└", "┴", "┘", "─")
    return "\n".join([*lines, f" Total params: {sum(row[2] for row in rows(network)):,} (1.00 KB)"])


def torchinfo(network, nested=0, inputs=True):
    """Print as torchinfo does, inside so many modules of torch."""
    head = (
        f"{'Layer (type:depth-idx)':<41}{'Input Shape':<26}" if inputs else f"{'Layer (type:depth-idx)':<41}"
    )
    lines = ["=" * 90, f"{head}{'Output Shape':<26}Param #", "=" * 90]
    before, indent = network.input_shape, "│    " * nested
    for depth in range(nested + 1):
        mark = "├─" if depth == 1 else "└─"
        name = "Sequential" + (f": {depth}-1" if depth else "")
        prefix = "│    " * (depth - 1) + mark if depth else ""
        lines.append(_torchinfo(f"{prefix}{name}", network.input_shape, network.output_shape, "--", inputs))
    for place, (step, shape, parameters) in enumerate(rows(network), 1):
        kind = TORCH[step.kind] if isinstance(step, Activation) else type(step).__name__
        name = f"{indent}{'└─' if nested else '├─'}{kind}: {nested + 1}-{place}"
        lines.append(_torchinfo(name, before, shape, f"{parameters:,}" if parameters else "--", inputs))
        before = shape
    total = sum(row[2] for row in rows(network))
    return "\n".join([*lines, "=" * 90, f"Total params: {total:,}", f"Trainable params: {total:,}"])


def _torchinfo(name, before, after, parameters, inputs):
    sizes = [f"[64, {', '.join(map(str, shape))}]" for shape in ((before, after) if inputs else (after,))]
    return f"{name:<41}" + "".join(f"{each:<26}" for each in sizes) + parameters


def torchsummary(network):
    """Print as torchsummary does."""
    lines = ["-" * 64, f"{'Layer (type)':>20}  {'Output Shape':>25} {'Param #':>15}", "=" * 64]
    for place, (step, shape, parameters) in enumerate(rows(network), 1):
        kind = TORCH[step.kind] if isinstance(step, Activation) else type(step).__name__
        sizes = str([-1, *shape])
        lines.append(f"{f'{kind}-{place}':>20}  {sizes:>25} {f'{parameters:,}':>15}")
    total = sum(row[2] for row in rows(network))
    return "\n".join([*lines, "=" * 64, f"Total params: {total:,}", "-" * 64, "Input size (MB): 0.00"])
