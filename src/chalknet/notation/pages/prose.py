"""What the sentences of a page say of the only drawing in it: the activations that it leaves open."""

from __future__ import annotations

import re
from dataclasses import replace

from chalknet.network import Activation, Linear, Network, Step
from chalknet.notation.drawings import words
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.vocabulary import Said, clauses, roles_in, said
from chalknet.notation.pages.blocks import blocks_of

_OPEN = Activation("?")
_SENTENCE = re.compile(r"(?<=[.!?。])\s|\n\s*\n|</?(?:p|li|h\d|td|th|dd|div|figcaption|caption)\b[^<>]*>")
_EVERY = words.pattern(words.EVERY, re.I)
_FORMULA_LINE = re.compile(r"->|→|\\(?:to|rightarrow)|\$")
_DEFINITION = re.compile(  # `z_j = \\tanh(...)` says what units named z do
    r"(?<![A-Za-z])(?P<unit>[a-zA-Z])\s{0,2}\}?\s{0,2}(?:[_^]\s{0,2}(?:\{[^{}]{0,12}\}|\w)\s{0,2}){1,2}=\s{0,8}"
    r"\\?(?:(?:mathrm|operatorname|text)\{\s{0,2})?(?P<function>tanh|[rR]e[lL][uU]|sigmoid|softmax|gelu|selu|elu)(?![a-z])"
)
_OF_OUTPUTS = frozenset("yotp")
_LONGEST, _MOST = 400, 400  # characters of a sentence, sentences of a page


def told_in_prose(network: Network, page: str) -> Network:
    """Return a network with the activations that its drawing leaves open, where a sentence tells them.

    Args:
        network: of the only drawing of a page.
        page: the whole page.
    """
    maps = [at for at, step in enumerate(network.steps) if isinstance(step, Linear)]
    bare = [at for at in maps[:-1] if at + 1 in maps]
    if not maps:
        return network
    told = _told(page)
    if not (bare or _OPEN in network.steps):
        return replace(network, notes=(*network.notes, *_contradicted(network, told, maps[-1])))
    steps: list[Step] = []
    notes = [note for note in network.notes if "is not drawn: it stays ?" not in note or not told]
    notes += _contradicted(network, told, maps[-1])
    for at, step in enumerate(network.steps):
        clause = told.get("hidden" if at < maps[-1] else "output")
        if step == _OPEN and clause is not None:
            steps += clause.steps
        else:
            steps += [step, *(clause.steps if at in bare and clause is not None else ())]
    if tuple(steps) == network.steps:
        return replace(network, notes=(*network.notes, *_contradicted(network, told, maps[-1])))
    taken = dict.fromkeys(clause.text for clause in told.values())
    notes += [f"{text!r} was taken from the text around the drawing" for text in taken]
    if _OPEN in steps:
        notes.append("the activation of a layer is neither drawn nor told: it stays ?")
    return replace(network, steps=tuple(steps), notes=tuple(notes))


def told_beside_formula(network: Network, page: str) -> Network:
    """Return a network with notes on sentences that name an activation which its formula has nowhere.

    Args:
        network: of the only formula of a page.
        page: the whole page.
    """
    kinds = {step.kind for step in network.steps if isinstance(step, Activation)}
    lines = page.split("\n")
    formulas = {at for at, line in enumerate(lines) if _FORMULA_LINE.search(line)}
    near = {at + by for at in formulas for by in (-1, 1)} - formulas  # as activations stand under arrows
    beside = [lines[at] for at in sorted(near & set(range(len(lines)))) if len(lines[at]) <= _LONGEST]
    rest = "\n\n".join(line for at, line in enumerate(lines) if at not in formulas)
    missing = [
        f"the text around the formula says {' '.join(clause.text.split())!r}: as written was read"
        for clause in (*_told(rest).values(), *map(said, beside))
        if {step.kind for step in clause.steps if isinstance(step, Activation)} - kinds
    ]
    return replace(network, notes=(*network.notes, *dict.fromkeys(missing)))


def _contradicted(network: Network, told: dict[str, Said], last: int) -> list[str]:
    """Return notes on sentences that name another activation than the drawing does."""
    drawn = {"hidden": network.steps[:last], "output": network.steps[last:]}
    notes = []
    for role, clause in told.items():
        kinds = {step.kind for step in drawn[role] if isinstance(step, Activation) and step != _OPEN}
        named = {step.kind for step in clause.steps if isinstance(step, Activation)}
        if kinds and named and not kinds & named:
            notes.append(f"the text around the drawing says {clause.text!r}: as drawn was read")
    return notes


def _told(page: str) -> dict[str, Said]:
    """Return what the sentences of a page say of hidden layers and of the output."""
    lines = page.split("\n")
    for block in blocks_of(page):
        first = max(block.line - 1, 0)
        lines[first : first + block.text.count("\n") + 1] = [""] * (block.text.count("\n") + 1)
    found: dict[str, dict[object, Said]] = {"hidden": {}, "output": {}}
    general: dict[object, Said] = {}
    for match in _DEFINITION.finditer("\n".join(lines)):
        what = said(match["function"])
        role = "output" if match["unit"] in _OF_OUTPUTS else "hidden"
        found[role].setdefault((what.steps, False), replace(what, text=match.group().replace("\\", "")))
    for sentence in _SENTENCE.split("\n".join(lines))[:_MOST]:
        if len(sentence) > _LONGEST or "-->" in sentence or "->" in sentence:
            continue
        for clause in clauses(plain(sentence.replace("\n", " "))):
            if _OPEN in clause.steps or len(clause.steps) + clause.linear != 1:
                continue
            both = clause.role == "all" and roles_in(clause.text) > 1  # `hidden and output layers use tanh`
            for role in found if both else {clause.role} & found.keys():
                found[role].setdefault((clause.steps, clause.linear), clause)
            if clause.role == "all" and not both and _speaks_of_all(clause.text, sentence):
                general.setdefault((clause.steps, clause.linear), clause)
    for role, those in found.items():
        found[role] = those or general  # what is said of one layer goes before what is said of all
    return {role: next(iter(those.values())) for role, those in found.items() if len(those) == 1}


def _speaks_of_all(clause: str, sentence: str) -> bool:
    """Return whether a clause says of every unit or layer what it is, and not of models or runs."""
    if not _EVERY.search(clause):
        return False
    return bool(words.LAYER.search(clause) or words.ONE_UNIT.search(clause)) or roles_in(sentence) > 1
