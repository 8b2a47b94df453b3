"""The vocabulary: one step as a word over an arrow, `relu`, `l1 nobias`, `dropout(0.2)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any, TypeAlias, cast
from unicodedata import normalize

from chalknet.errors import NotationError, invalid, unknown_name
from chalknet.network import (
    ACTIVATIONS,
    STEPS,
    Activation,
    Linear,
    Residual,
    Size,
    Step,
    StepKind,
    activation_name,
    kind_of,
)
from chalknet.notation.tokens import Meaning, SourceText, Span, Word

# A name (`leaky_relu`, `leaky-relu`, `leaky relu`, `?`), its number (`^{(1)}`, `_{1}`), its options.
_LETTERS = r"[^\W\d]\w*"
_NUMBER = r"(?:\^?(?:(?<=[_^])[({]+\w+[)}]+|(?<=\^)\w+))?'*"
_NAMES = (
    re.compile(rf"(?:[^\W\d_]\w*-|[^\W\d_][^\W\d_]+ ){_LETTERS}{_NUMBER}(?![-–—−─]*[>→⟶⟹⇒↦⟼])"),
    re.compile(rf"(?:\?|{_LETTERS}){_NUMBER}"),
)
_OPTIONS = re.compile(r"\s*\((?!\s*(?:[-–—−─]+\s*[^\W\d]|[-–—−─]*[>→⟶⟹⇒↦⟼]))([^()]*)\)|\s+([0-9]*\.[0-9]+)")
_BIAS_VALUE = re.compile(r"\s*=\s*(\w+)")
_SKIP = re.compile(r"\s*\+\s*skip\b")
_BETWEEN = re.compile(r"[\s,]+|[-–—−─=]+>|[→⟶⟹⇒↦⟼]")
_WIDTH, _SYMBOL = re.compile(r"[0-9]{1,15}"), re.compile(r"[^\W\d]\w*")
_LONGEST_BLOCK = 10_000  # characters
_REQUIRED = object()
_LONGEST = 100  # characters of a name that may mean a step
_OTHER_THAN_THEIR_NUMBER = {"relu6"}  # a function of its own, not the sixth relu


def read_step(word: str, out_features: Size | None = None) -> Step:
    """Return the step that a word names.

    Args:
        word: such as "relu", "LeakyReLU(0.2)", "dropout(0.2)", "l1" or "linear nobias".
        out_features: the width after a linear map, which its word does not contain.

    Raises:
        UnknownName: for a word outside the vocabulary; the nearest one is offered.
        NotationError: for no step or several, or a linear map without `out_features`.

    Example:
        >>> read_step("l1 nobias", 32)
        Linear(out_features=32, bias=False)
    """
    source = SourceText("step", word)
    whole = Span(0, len(word))
    step, *modifiers = [entry.meaning for entry in read_words(source, whole)] or [True]
    if isinstance(step, bool) or not all(isinstance(meaning, bool) for meaning in modifiers):
        raise source.refuse(whole, got=repr(word), wanted="one step", remedy='Write for instance "relu".')
    if step is Linear and out_features is not None:
        step = Linear(out_features)
    if not isinstance(step, Step):
        raise source.refuse(
            whole,
            got="a linear map without a width",
            wanted="the number of features behind it",
            remedy="Give out_features, such as 32.",
        )
    for bias in modifiers:
        step = with_bias(source, step, Word(bias, whole))
    return step


def read_words(source: SourceText, span: Span) -> tuple[Word, ...]:
    """Return all words of a span, such as a label; separated by commas and plus signs."""
    words: list[Word] = []
    at = span.start
    while at < span.end:
        if source.text[at].isspace() or source.text[at] in ",+&":
            at += 1
            continue
        met = match_word(source, Span(at, span.end))
        words += met
        at = met[-1].span.end
    return tuple(words)


def match_word(source: SourceText, span: Span) -> tuple[Word, ...]:
    """Return the meaning of the word at the start of the span: a step, and its bias if it has one.

    Raises:
        UnknownName: for a word outside the vocabulary.
        NotationError: for characters that make no word.
        InvalidValue: for options that the step does not take.
    """
    if block := residual_block(source.text, span):
        return (Word(_residual(source, block), block),)
    name, maker = _find(source.text, span)
    if name and maker:
        return _made(source, maker, name, span.end)
    if name is None:
        got, wanted = repr(source.text[span.start]), "a step such as relu, l1 or dropout(0.2)"
        raise source.refuse(span.start, got=got, wanted=wanted)
    raise unknown_name(
        source.what,
        "activation",
        source.text[name.start : name.end],
        [*ACTIVATIONS, *sorted(name.lower() for name, kind in STEPS.items() if kind.words)],
        spellings=[word for row in ACTIVATIONS.values() for word in row.aliases]
        + [word for kind in STEPS.values() for word in kind.words],
        excerpt=source.excerpt(name),
    )


def is_word(text: str, span: Span) -> bool:
    """Return whether the span begins with a word of the vocabulary, or a residual block."""
    return residual_block(text, span) is not None or _find(text, span)[1] is not None


def settled_word(text: str, span: Span) -> bool:
    """Return whether the span begins with a word that can only be a step: `relu`, but not `h`, `l` or `?`."""
    name, maker = _find(text, span)
    if name is None or maker is None or maker in (_linear, _bias, _no_bias):
        return False
    kind = activation_name(_folded(_bare(text[name.start : name.end])))
    return kind is None or ACTIVATIONS[kind].settled


def residual_block(text: str, span: Span) -> Span | None:
    """Return where the residual block stands with which a span begins, `[32 relu -> 64] + skip`, or None."""
    last = min(span.end, span.start + _LONGEST_BLOCK)
    if text[span.start : span.start + 1] != "[" or text.find("]", span.start, last) < 0:
        return None
    depth = 0
    for at in range(span.start, last):
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if not depth:
            skip = _SKIP.match(text, at + 1, span.end)
            return Span(span.start, skip.end()) if skip else None
    return None


def _residual(source: SourceText, block: Span) -> Residual:
    """Return the step of a residual block: widths are linear maps, words are steps."""
    steps: list[Step] = []
    at, end = block.start + 1, source.text.rindex("]", block.start, block.end)
    while at < end:
        if between := _BETWEEN.match(source.text, at, end):
            at = between.end()
            continue
        here = Span(at, end)
        if width := _WIDTH.match(source.text, at, end):
            steps.append(Linear(int(width[0])))
            at = width.end()
        elif not is_word(source.text, here) and (symbol := _SYMBOL.match(source.text, at, end)):
            steps.append(Linear(symbol[0]))
            at = symbol.end()
        else:
            for word in match_word(source, here):
                if isinstance(word.meaning, bool):
                    steps.append(with_bias(source, steps.pop() if steps else None, word))
                elif isinstance(word.meaning, Step):
                    steps.append(word.meaning)
                else:
                    wanted = "its width in its place, as in [32 relu -> 64] + skip"
                    raise source.refuse(word.span, got="a linear map without a width", wanted=wanted)
                at = word.span.end
    with source.pointing(block):
        return Residual(tuple(steps))


def with_bias(source: SourceText, step: Step | None, word: Word) -> Step:
    """Return the linear map with the bias that a word such as `nobias` gives it or takes from it."""
    if not isinstance(step, Linear):
        got = "a word about the bias behind a step that has none"
        raise source.refuse(word.span, got=got, wanted="it behind a linear map, as in -l1 nobias->")
    return Linear(step.out_features, bias=cast(bool, word.meaning))


def write_step(step: Step, number: int = 0, *, short: bool = True) -> str:
    """Return the word for a step.

    Args:
        step: what is written.
        number: which linear map it is, for its label.
        short: `sig` as over an arrow, otherwise `sigmoid`.
    """
    if isinstance(step, Linear):
        return f"l{number}" if step.bias else f"l{number} nobias"
    if isinstance(step, Residual):
        groups: list[list[str]] = [[]]
        for inner in step.steps:
            if isinstance(inner, Linear):
                groups.append([str(inner.out_features), *([] if inner.bias else ["nobias"])])
            else:
                groups[-1].append(write_step(inner, short=short))
        return f"[{', '.join(' '.join(group) for group in groups if group)}] + skip"
    if isinstance(step, Activation):
        name, alone = step.row.symbol if short else step.kind, len(step.row.options) == 1
        options: dict[str, object] = dict(step.options)
    else:
        kind = kind_of(step)
        if kind.write_inside is not None:
            return f"{kind.words[0]}({kind.write_inside(step)})"
        name, alone = kind.words[0], len(kind.options) == 1
        usual = {entry.name: entry.default for entry in fields(kind.step) if not alone}
        given = ((option, getattr(step, option)) for option in kind.options)
        options = {option: value for option, value in given if usual.get(option, _REQUIRED) != value}
    inside = ", ".join(str(value) if alone else f"{key}={value}" for key, value in options.items())
    return f"{name}({inside})" if inside else name


def _made(source: SourceText, maker: _Maker, name: Span, end: int) -> tuple[Word, ...]:
    written = (_BIAS_VALUE if maker is _bias else _OPTIONS).match(source.text, name.end, end)
    inside = next(filter(None, written.groups()), "") if written else ""
    span = Span(name.start, written.end() if written else name.end)
    with source.pointing(span):
        return tuple(
            Word(meaning, span) for meaning in maker(source.text[name.start : name.end], _parts(inside))
        )


def _parts(inside: str) -> list[str]:
    parts = [part.strip() for part in inside.split(",")]
    return [] if parts in ([""], ["·"], ["."]) else parts


def _folded(name: str) -> str:
    return normalize("NFC", re.sub(r"[-_^\s]", "", name).lower())


def _bare(name: str) -> str:
    """Return the name without its number: `l_2`, `h^{(1)}`, `linr1` -> `l`, `h`, `linr`."""
    if _folded(name) in _OTHER_THAN_THEIR_NUMBER:
        return name
    return re.sub(r"[_^]?[({]*[0-9]+[)}]*'*$", "", name)


def _find(text: str, span: Span) -> tuple[Span | None, _Maker | None]:
    """Return the name at the start of the span, and what makes steps of it; None for what is not there."""
    name, maker = None, None
    for pattern in _NAMES:
        name = pattern.match(text, *span)
        maker = _maker(name.group()) if name and len(name.group()) <= _LONGEST else None
        if maker:
            break
    return Span(*name.span()) if name else None, maker


def _maker(name: str) -> _Maker | None:
    for spelling in (_folded(name), _folded(_bare(name))):
        if spelling in _BIAS:
            return _BIAS[spelling]
        kind = next((kind for kind in STEPS.values() if spelling in kind.words), None)
        if kind is not None:
            return _linear if kind.step is Linear else partial(_step, kind)
        if activation_name(spelling):
            return _activation
    return None


def _activation(name: str, parts: list[str]) -> list[Meaning]:
    kind = activation_name(_folded(name)) or activation_name(_folded(_bare(name))) or name
    options = _options(f"activation {kind}", parts, tuple(ACTIVATIONS[kind].options))
    return [Activation(kind, {key: _value(value) for key, value in options.items()})]


def _step(kind: StepKind[Any], name: str, parts: list[str]) -> list[Meaning]:
    if kind.read_inside is not None:
        return [kind.read_inside(", ".join(parts))]
    options = _options(kind.words[0], parts, kind.options)
    return [kind.step(**{key: _value(value) for key, value in options.items()})]


def _linear(name: str, parts: list[str]) -> list[Meaning]:
    parts = ["bias=False" if _folded(part) == "nobias" else part for part in parts]
    options = _options(name, parts, (), ("bias",))
    return [Linear, *(_truth(value) for value in options.values())]


def _bias(name: str, parts: list[str]) -> list[Meaning]:
    return [_truth(parts[0]) if parts else True]


def _no_bias(name: str, parts: list[str]) -> list[Meaning]:
    return [False]


_Maker: TypeAlias = Callable[[str, list[str]], list[Meaning]]
_BIAS: Mapping[str, _Maker] = {
    "bias": _bias, "nobias": _no_bias, "편향": _bias, "편향없음": _no_bias,
}  # fmt: skip


def _options(
    step: str, parts: list[str], names: tuple[str, ...], by_name: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return the options in the brackets after a word.

    Args:
        step: what an error calls it.
        parts: the options as they are written, `0.2` or `name=0.2`.
        names: the options that may be given without their names, in their order.
        by_name: further ones, which need their names.
    """
    options: dict[str, str] = {}
    for place, part in enumerate(parts):
        key, equals, value = (piece.strip() for piece in part.rpartition("="))
        if not equals:
            key = names[place] if place < len(names) else ""
        if not key or key in options:
            wanted = f"{' and '.join(names)}, each once, as name=value" if names else "no number in brackets"
            width = "Leave it out; a width stands in the state behind the arrow, such as u1(n,32)."
            raise invalid("options", part, wanted, "" if names else width)
        if key not in (*names, *by_name):
            raise unknown_name(step, "option", key, (*names, *by_name) or ("no option at all",))
        options[key] = value
    return options


def _value(text: str) -> float | str | bool:
    if text in ("True", "False"):
        return text == "True"
    try:
        return float(text)
    except ValueError:
        return text.strip("'\"")


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise NotationError(
            where="bias", got=repr(text), wanted="True or False", remedy="bias=False leaves the constant out."
        )
    return text.lower() == "true"
