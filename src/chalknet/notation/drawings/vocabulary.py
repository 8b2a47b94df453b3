"""What a label says about a layer, whatever language it is in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import inf, isfinite

from chalknet.network import Activation, Dropout, Flatten, Step
from chalknet.notation.drawings import words
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.number_words import in_digits
from chalknet.notation.drawings.repetition import TIMES_ALONE, once
from chalknet.notation.drawings.sizes_said import BATCH_SHAPE, number_of, sizes_in
from chalknet.notation.drawings.typos import spelled
from chalknet.notation.drawings.words import pattern
from chalknet.notation.words import read_step


@dataclass(frozen=True)
class Said:
    """What a text says of a layer.

    Args:
        text: the text in plain words.
        steps: activations, Dropout and Flatten in their order.
        linear: whether it says that there is no activation.
        operation: whether it names a linear map: `Dense`, `Linear(784, 32)`, `Σ`, `w·x + b`.
        state: whether it is the value of a linear map, such as `u1`, `z`, `Σ`.
        width: how many features come out.
        sure: whether the width is said in so many words, and not a bare number.
        counted: whether it is said as a number of units, and not as a shape.
        in_width: how many features go in.
        matrix: the sizes of a weight matrix, in whichever order they are written.
        shape: the axes of a picture, `28x28`.
        role: of the layer.
        bias: whether there is one; None where nothing is said.
        foreign: the name of a layer that no network here has.
        only_steps: whether it says nothing but its steps: `ReLU`, `σ(z)`.
        repeats: how often such a layer stands there, `×3`; a letter where nobody says how often.
    """

    text: str
    steps: tuple[Step, ...] = ()
    linear: bool = False
    operation: bool = False
    state: bool = False
    width: int | str | None = None
    sure: bool = False
    counted: bool = False
    in_width: int | None = None
    matrix: tuple[int, int] | None = None
    shape: tuple[int, ...] = ()
    role: words.Role = ""
    bias: bool | None = None
    foreign: str = ""
    only_steps: bool = False
    repeats: int | str = 1

    @property
    def is_function(self) -> bool:
        """Return whether it names what is done, and nothing that it is done to."""
        only_linear = self.linear and self.width is None
        return bool(self.steps or self.operation or only_linear) and not self.role


def is_dots(label: str) -> bool:
    """Return whether a label stands for what is left out."""
    text = plain(label)
    dots = words.DOTS.fullmatch(text) or text == ":"
    if words.AND_SO_ON.fullmatch(text):
        return True
    return bool((dots and words.ELLIPSIS.search(text)) or (words.MORE.fullmatch(text) and text != "+1"))


def left_out(label: str) -> int:
    """Return how many units dots say they stand for: `+ 780 more` -> 780; 0 where they do not."""
    match = words.MORE.fullmatch(plain(label))
    return int(match.group(1).replace(",", "")) if match else 0


def without_more(title: str, drawn: int) -> tuple[str, int]:
    """Return a title without the words that say how many units are not drawn, and how many these are.

    Args:
        title: what stands over the units: `Input (+3)`, `Input, 10 of 13 shown`, `× 3`.
        drawn: how many are.
    """
    text = plain(title)
    if drawn > 1 and TIMES_ALONE.fullmatch(text.strip()):  # of these units, not of the layer
        return f"{text.strip('×✕x []()')} units", 0
    if (match := words.SOME_OF.search(text)) and number_of(match[1]) == drawn:
        return words.SOME_OF.sub(" ", text, count=1), max(int(match[2].replace(",", "")) - drawn, 0)
    if match := words.MORE_IN_TITLE.search(text):
        count = (match["some"] or match["plus"]).replace(",", "")
        return words.MORE_IN_TITLE.sub(" ", text, count=1), int(count)
    return title, 0


def is_bias(label: str) -> bool:
    """Return whether a label may be that of a bias node."""
    return bool(words.BIAS_NODE.fullmatch(plain(label)))


def is_decimal(label: str) -> bool:
    """Return whether a label is a decimal number below 1, as the values in units are."""
    return bool(_DECIMAL.fullmatch(plain(label)))


def adds_bias(text: str) -> bool:
    """Return whether a node's words are those of the sum that adds a bias, as in graphs of operations."""
    return text.lower() in ("add", "+ b", "+b", "biasadd", "+")


def writes_bias(text: str) -> bool:
    """Return whether a formula adds a bias to products: `z = w·x + b`."""
    return bool(words.PLUS_BIAS.search(text) and (words.EXPRESSION.search(text) or words.SUM.search(text)))


@lru_cache(maxsize=100_000)
def said(label: str) -> Said:
    """Return what a label says."""
    text = words.INSIDE_LOSS.sub(" ", plain(label))
    if not text or words.DECIMAL.fullmatch(text):  # a weight on an edge
        return Said(text)
    counted = in_digits(text) if is_heading(text) else text  # sentences count what they like
    text, repeats = once(words.DECIMAL_COMMA.sub(r"\1.\2", counted), _names_a_layer)
    steps, rest = _steps(spelled(words.SAMPLES.sub(" ", text)))
    rest = pattern(r"(?<![\w.,])(\d{1,3}) (?=000(?![\d.,]))").sub(r"\1", rest)
    bias = False if words.NO_BIAS.search(rest) else True if words.WITH_BIAS.search(rest) else None
    rest = words.NO_BIAS.sub(" ", rest)
    if bias is False and pattern(r"[wŵθβ]_?0").search(text):
        bias = True  # the drawn 1 is the bias, and bias=False says that none is added besides
    rest = pattern(r"(?:dim|axis)\s*=\s*-?[01]\b").sub(" ", rest)
    foreign = words.FOREIGN.search(words.WITHOUT.sub(" ", rest))
    product = bool(words.OPERATOR.fullmatch(rest.strip()) or words.SUM.search(rest))
    besides = words.SUM.sub("", rest).strip(" |,;:/\n→>-")
    if product and not steps and words.UNKNOWN_ACTIVATION.fullmatch(besides):
        steps = (Activation("?"),)  # `Σ | f`
    state = product or bool(pattern(r"(?:u|z|net|linear)_?[\d^(]|[uz](?:[_\W]|$)").match(rest))
    expression = bool(words.EXPRESSION.search(rest))
    takes_in = re.search(r"input[ _]?layer", rest, re.I) and not _MAP_BESIDE_INPUT.search(rest)
    named = words.OPERATION.search(rest) or words.IN_AND_OUT.search(rest)
    operation = bool(expression or product or named) and not takes_in
    if "matmul" in rest.lower() and bias is None:
        bias = False  # a product alone; an Add behind it is the bias
    matrix = words.MATRIX.search(rest)
    sizes = sizes_in(rest, operation and not expression)
    width = sizes.width
    if (not sizes.sure and expression) or width == 0:
        width = None  # its numbers are coefficients
    operation = operation or bool(sizes.into is not None and "linear" in rest.lower() and not takes_in)
    return Said(
        text,
        steps,
        linear=_is_linear(rest),
        operation=operation,
        state=state or (operation and expression),
        width=width,
        sure=sizes.sure and width is not None,
        counted=sizes.counted,
        in_width=sizes.into,
        matrix=(int(matrix.group(1)), int(matrix.group(2))) if matrix else None,
        shape=sizes.picture,
        role=_role(rest),
        bias=bias,
        foreign=foreign.group() if foreign else "",
        only_steps=bool(steps) and not words.MORE_THAN_STEPS.search(_without_shapes(rest)),
        repeats=repeats,
    )


def _is_linear(text: str) -> bool:
    """Return whether a text says that there is no activation, besides a map that is called linear."""
    without_maps = words.OPERATION.sub(" ", BATCH_SHAPE.sub(" ", text))
    return bool(words.ALSO_LINEAR.search(text) or words.LINEAR_ACTIVATION.search(without_maps))


def _names_a_layer(text: str) -> bool:
    return bool(words.OPERATION.search(text) or words.LAYER.search(text) or _steps(text)[0])


def _without_shapes(text: str) -> str:
    """Return a text without the shapes that a tool notes in the box of any step."""
    return words.SHAPE_IN_BRACKETS.sub(" ", words.SHAPE_IN_WORDS.sub(" ", text))


def step_function(text: str) -> str:
    """Return the words by which a text names a step function; empty where it names none."""
    match = words.STEP_FUNCTION.search(plain(text))
    return match.group() if match else ""


_DECIMAL = re.compile(r"-?0?[.,]\d{1,4}")
_MAP_BESIDE_INPUT = re.compile(r"dense(?! ?_?input)\b|linear(?!\s*\})", re.I)


def layer_number(text: str) -> int:
    """Return which hidden layer a text speaks of: `Hidden layer 2: tanh` -> 2; 0 where it does not say."""
    match = words.HIDDEN_NUMBER.search(spelled(plain(text)))
    return int(next(filter(None, match.groups()))) if match else 0


def roles_in(text: str) -> int:
    """Return of how many layers a text speaks: of the input, of hidden ones, of the output."""
    words_only = spelled(plain(text))
    return sum(bool(pattern.search(words_only)) for _, pattern in words.ROLES)


def is_heading(text: str) -> bool:
    """Return whether a text may be the heading of a layer: it is short, and no caption of a figure."""
    return len(text) <= 60 and not words.FIGURE.search(text)


def clauses(caption: str) -> list[Said]:
    """Return what each clause of a caption says; its role is "all" where it speaks of every unit."""
    found = []
    caption = words.FIGURE_NUMBER.sub("", caption)
    if excepted := words.EXCEPT.search(plain(caption)):
        return _all_but(plain(caption), excepted)
    if (place := _setting(plain(caption))) is not None:  # programs mean the hidden layers by it
        lines = plain(caption).split("\n")
        name, value = lines[place : place + 2]
        rest = "\n".join((*lines[:place], *lines[place + 2 :]))
        return [Said(f"{name} {value}", said(value).steps, role="hidden"), *clauses(rest)]
    if inner := _told_in_brackets(plain(caption)):
        return [one for part in inner for one in clauses(part)]
    whole = said(caption)
    activations = [step for step in whole.steps if isinstance(step, Activation)]
    one_layer = roles_in(caption) == 1 or (
        whole.operation and is_heading(caption) and not (roles_in(caption) or _DEFINES.search(whole.text))
    )
    in_lines = one_layer and "\n" in whole.text and not (whole.linear or re.search(r"[;.]\s", whole.text))
    told = {_role(part) for part in re.split(r"[\s,()]+", spelled(whole.text))} - {""}
    parted = re.search(r"[;,.]\s", whole.text) or _COMMA.search(_IN_BRACKETS.sub("", whole.text))
    several = {"hidden", "output"} <= told and not parted
    if several and len(activations) == 1 and not whole.linear and len(whole.text) < 120:
        return [Said(whole.text, whole.steps, role="all")]  # `sigmoid (hidden and output)`
    if one_layer and len(activations) + whole.linear == 1 and len(whole.text) < 120:
        found.append(Said(whole.text, whole.steps, whole.linear, role=whole.role or "hidden"))
    for clause in re.split(
        r"[\n;]|\.\s|\.$|\s{2,}|(?<=[^\W\d])\s[/|]\s(?=[^\W\d]{3})|,(?!\d)(?![^(),]{0,30}\))"
        r"| and | und | et | y | e | ve | и | 및 |、|，",
        plain(re.sub(r" {2,}", "\n", caption)),
    ):
        clause = plain(clause)
        inside = [part for part in re.split(r"[(),;]", clause) if said(part).steps]
        if len({said(part).steps for part in inside}) > 1:
            found += [one for part in inside for one in clauses(part)]
            continue
        what = said(clause)
        role = _role_of_clause(clause, what, whole.role if in_lines else "")
        linear = what.linear or bool(not what.steps and words.LINEAR_ACTIVATION.search(clause) and role)
        kinds = {step for step in what.steps if isinstance(step, Activation)}
        if len(kinds) < 2 and (kinds != {Activation("?")} or linear) and (what.steps or linear):
            found.append(Said(what.text, what.steps, linear, role=role))
    return found


def _setting(caption: str) -> int | None:
    """Return the line of a caption that names a setting of a form, whose value stands in the next line."""
    lines = caption.split("\n")
    for place, (name, value) in enumerate(pairwise(lines)):
        if words.ACTIVATION_SETTING.fullmatch(name.strip()) and len(said(value).steps) == 1:
            return place
    return None


def _told_in_brackets(caption: str) -> list[str]:
    """Return the brackets of a title that alone name functions with their layers: `Net (hidden: relu)`."""
    inner = [part for part in _IN_BRACKETS.findall(caption) if roles_in(part) and said(part).steps]
    outside = said(_IN_BRACKETS.sub(" ", caption)) if inner else Said("")
    return inner if not (outside.steps or outside.linear) else []


_COMMA = re.compile(r"[^\W\d_],[^\W\d_]")  # as in Chinese, without a blank
_IN_BRACKETS = re.compile(r"\(([^()]{4,200})\)")


def _role_of_clause(clause: str, what: Said, around: words.Role) -> words.Role:
    """Return of which layers a clause speaks.

    Args:
        clause: its words.
        what: what they say.
        around: the role of the text whose line it is; empty where it is a sentence of its own.
    """
    if words.REGRESSION.search(clause):
        return "output"
    if what.role or around:
        return what.role or around
    if what.steps and (words.EXPRESSION.search(clause) or _DEFINES.search(clause)):
        return "all"
    return "hidden" if what.operation else "all" if words.ALL.search(clause) else ""


_DEFINES = pattern(words.DEFINED)


def _all_but(caption: str, excepted: re.Match[str]) -> list[Said]:
    """Return what a caption says of hidden layers and of the output: `tanh everywhere except the output`."""
    most, rest = said(caption[: excepted.start()]), said(caption[excepted.end() :])
    found = []
    if rest.role == "output" and len(most.steps) + most.linear == 1:
        found.append(Said(most.text, most.steps, most.linear, role="hidden"))
        if len(rest.steps) + rest.linear == 1:
            found.append(Said(rest.text, rest.steps, rest.linear, role="output"))
    return found


def weight_of(label: str) -> float | None:
    """Return the number that an edge carries: `-4.5`, `*(-4.5)`, `w11 = 0.5`, `×2`."""
    match = _WEIGHT.fullmatch(plain(label))
    number = float("".join(match.group(1).split())) if match else inf
    return number if isfinite(number) else None


def is_weight(label: str) -> bool:
    """Return whether an edge's label stands for a weight: a number, `w_{11}`, `*ŵ₁`, `l1`, `W: 3x2`."""
    return weight_of(label) is not None or bool(
        words.MATRIX.search(plain(label)) or _WEIGHT_NAME.fullmatch(plain(label))
    )


def trailing_index(label: str) -> int | str | None:
    """Return the index a unit's name ends in: `x_784` -> 784, `u1[:,31]` -> 31, `x_m` -> "m"."""
    label = label.strip(" 「」『』“”\"'«»")
    text = re.split(r"[=\n|]|,\s(?=[^\W\d])|\s\((?=[^\W\d]|\+)", plain(label), maxsplit=1)[0].strip()
    text = pattern(r"\^\(?\d+\)?$|\^[\[(]\d+[\])]").sub("", text).strip()
    text = pattern(r"\(\d+\)$").sub("", text) if "_" in text else text
    match = pattern(r"(?:^|[^\d.]|[^\W\d]\s?\d{1,2}\.)(\d+)\s*[\])]?$").search(
        text
    )  # `x_784`, and `hidden 1.64` of layer 1
    if match:
        return int(match.group(1))
    if named := pattern(r"^[^\W\d]{1,3}_?(\d+)\s").match(text):  # x_30 and the name of the feature
        return int(named.group(1))
    symbol = pattern(r"(?:_\(?|\[:,\s*)([a-zA-Z])(?:\s*-\s*1)?[)\]]?$").search(text)
    return symbol.group(1) if symbol else None


def _steps(text: str) -> tuple[tuple[Step, ...], str]:
    """Return the steps named in a text in their order, and the text without their words."""
    found: list[tuple[int, Step]] = []
    for written in (words.EMBED, words.RESIDUAL):
        found += [(match.start(), read_step(match.group())) for match in written.finditer(text)]
        text = written.sub(_blank, text)
    for match in words.DROPOUT.finditer(text):
        rate = words.RATE.search(text)
        share = match.group(1) or (rate.group(1) if rate else "0.5")
        p = float(share.rstrip("% ")) / (100 if "%" in share or float(share.rstrip("% ")) > 1 else 1)
        found.append((match.start(), Dropout(min(p, 1.0))))
    text = words.DROPOUT.sub(_blank, text)
    found += [(match.start(), Flatten()) for match in words.FLATTEN.finditer(text)]
    text = words.FLATTEN.sub(_blank, text)
    for word, spellings, named_so in words.STEPS:
        one = rf"\s*(?:{named_so})\s*=\s*[\w.+-]+\s*"
        named = pattern(rf"(?:{spellings})(?:\s*\(({one}(?:,{one}){{0,3}})\))?", re.I)
        found += [(match.start(), read_step(f"{word}({match[1] or ''})")) for match in named.finditer(text)]
        text = named.sub(_blank, text)
    for name, spellings in words.activation_patterns():
        parts = pattern(rf"(?:{spellings})(?:{words.SLOPE})?" if name in WITH_NUMBER else spellings, re.I)
        for match in parts.finditer(text):
            value = match.group(1) if name in WITH_NUMBER else None
            options = {WITH_NUMBER[name]: float(value)} if value else {}
            found.append((match.start(), Activation(name, options)))
        text = parts.sub(_blank, text)
    steps = [step for _, step in sorted(found, key=lambda entry: entry[0])]
    if not steps and (unknown := words.STEP_FUNCTION.search(text)):
        return (Activation("?"),), text[: unknown.start()] + " " + text[unknown.end() :]
    if not steps and words.UNKNOWN_ACTIVATION.fullmatch(text.strip()):
        steps, text = [Activation("?")], ""
    repeated = (not step.at_the_start and [step] == steps[at - 1 : at] for at, step in enumerate(steps))
    return tuple(step for step, again in zip(steps, repeated, strict=True) if not again), text


_WEIGHT = pattern(
    r"(?:[wWθβvb]\w*\s*[=:]\s*)?[*×·x]?\s*\(?\s*([+-]?\s*(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*\)?"
)
_WEIGHT_NAME = pattern(
    r"(?!layer)[*×·]?\s*[wŵWvVθβl]\s*[_^]?\(?[\w,{}()^]{0,8}\)?'*|linear|dense|fc|affine|l\d*|linr\d*", re.I
)
WITH_NUMBER: Mapping[str, str] = {"leaky_relu": "negative_slope", "elu": "alpha"}


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _role(text: str) -> words.Role:
    if words.SHAPE_IN_WORDS.search(text) or (
        pattern(r"input\s*:", re.I).search(text) and pattern(r"output\s*:", re.I).search(text)
    ):
        return ""  # the shapes before and behind, as Keras prints them
    return next((role for role, pattern in words.ROLES if pattern.search(text)), "")
