"""What several texts say together: the units of a level, its titles, the labels of its arrows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chalknet.errors import CannotExpress
from chalknet.network import Activation, Step
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.sketch import Drawn
from chalknet.notation.drawings.vocabulary import Said, said
from chalknet.notation.drawings.words import pattern

_SIZES = pattern(r"(\d{1,7})\s*[x×✕]\s*(\d{1,7})")


def merged(units: list[Drawn]) -> Said:
    """Return what the units of a column say together: what all of them say, or the only one."""
    each = [said(unit.text) for unit in units]
    if len(each) < 2:
        return each[0] if each else Said("")
    with_steps = [one for one in each if one.steps]
    first = with_steps[0] if with_steps else each[0]
    if other := next((one for one in with_steps if one.steps != first.steps), None):
        raise CannotExpress(
            where="drawing",
            got=f"units side by side that do {first.text!r} and {other.text!r}",
            wanted="one activation for all units of a layer",
            remedy="A network of this kind can be fitted as a module, not drawn as a chain.",
        )
    return Said(
        first.text,
        first.steps if len(with_steps) == len(each) else (),
        linear=all(one.linear for one in each),
        operation=all(one.operation for one in each),
        state=all(one.state for one in each),
        bias=first_known(*[one.bias for one in each]),
        width=first.width if len({one.width for one in each}) == 1 else None,
        sure=first.sure,
        shape=first.shape,
    )


def together(found: list[Said]) -> Said:
    """Return what several texts say together, each thing from the first that says it.

    A width said in so many words comes before a bare number, which may be the layer's.
    """
    if not found:
        return Said("")
    sized = next((one for one in found if one.width is not None), found[0])
    sized = next((one for one in found if one.sure), sized)
    return Said(
        found[0].text,
        next((one.steps for one in found if one.steps), ()),
        linear=any(one.linear for one in found),
        operation=any(one.operation for one in found),
        state=any(one.state for one in found),
        width=sized.width,
        sure=sized.sure,
        in_width=sized.in_width,
        matrix=next((one.matrix for one in found if one.matrix), None),
        shape=next((one.shape for one in found if one.shape), ()),
        role=next((one.role for one in found if one.role), ""),
        bias=first_known(*[one.bias for one in found]),
        repeats=next((one.repeats for one in found if one.repeats != 1), 1),
    )


def sizes_over(label: str) -> tuple[int, ...]:
    """Return the sizes that stand over an arrow, as in `784x32`; empty where no such stand there."""
    match = _SIZES.fullmatch(plain(label)) if label and label[0].isdigit() else None
    return tuple(map(int, match.groups())) if match else ()


def over(label: str, vectors: bool = False) -> Said:
    """Return what stands over an arrow; there `h` is the general activation.

    Args:
        label: as written.
        vectors: whether `1x784` is a row of values on its way, and no matrix of weights.
    """
    text = plain(label)
    if text == "h":
        return Said("h", (Activation("h"),))
    if match := _SIZES.fullmatch(text):
        if vectors and "1" in match.groups():  # one row of values
            return Said(text)
        return Said(text, matrix=(int(match[1]), int(match[2])))
    if pattern(r"\d[\d,]*\s*(?:->|→|=>|to)\s*\d[\d,]*").fullmatch(text):
        return said(f"Linear {text}")
    return said(label)


def unplaced(told: Iterable[Said], done: Sequence[tuple[Step, ...]]) -> list[str]:
    """Return notes on what captions say of a layer that is not known, where no layer does that.

    Args:
        told: the clauses of captions.
        done: the steps behind each linear map.
    """
    all_act = all(any(isinstance(step, Activation) for step in steps) for steps in done)
    known = {step for steps in done for step in steps}
    return [
        f"a caption says {clause.text!r}: of which layer is not known"
        for clause in told
        if not clause.role and Activation("?") not in clause.steps
        if set(clause.steps) - known or (clause.linear and all_act)
    ]


def first_known(*values: bool | None) -> bool | None:
    """Return the first of the values that is known."""
    return next((value for value in values if value is not None), None)
