"""Chains of layers: `Eingabe 784 → verdeckt 200 (ReLU) → Ausgabe 10`, and `11-[32 tanh]-1[lin]`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalknet.notation.drawings.vocabulary import said
from chalknet.notation.pages.layer_lists import layer_in, speaks_of_network
from chalknet.notation.pages.layer_rows import WrittenLayer, WrittenLayers, in_order, steps_in

_LONGEST = 1_000
_MOST_LINES = 2_000
_ARROW = re.compile(r"\s*+(?:[-─━=]{1,40}[>▶►]|[→⟶⇒➔➜▶►])\s*+")
_ARROW_LAST = re.compile(r"(?:[-─━=][>▶►]|[→⟶⇒➔➜▶►])\s*$")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.M)
_SQUARE = re.compile(r"(?<=[\w)])(\s?)\[([^\[\]()]{1,60})\]\s*$")  # behind a width or a name
_WORD = (
    r"(?:mlps?|f?nns?|anns?|dnns?|nets?|networks?|perceptrons?|feed-?forward|architecture|topology"
    r"|netz\w*|réseaux?|redes|red|rete|architektur|topologie)\b|신경망|网络|神经网络|ネットワーク"
)
_BEFORE = re.compile(rf"(?<![^\W\d_])(?:{_WORD})\s*(?:of|with|is|size|sizes|shape)?\s*[:=(\[]?\s*$", re.I)
_ADJECTIVE = r"(?:(?:fully|dense|deep|connected|neural|feed-?forward|relu|tanh|sigmoid)[ -]*){0,3}"
_BEHIND = re.compile(rf"\s*[)\]]?\s*{_ADJECTIVE}(?:{_WORD})", re.I)
_PART = (
    r"(?:[1-9]\d{0,5}(?:[\[(]\s*[A-Za-z][\w ]{0,20}[\])])?"
    r"|[\[(]\s*[1-9]\d{0,5}(?:[ ,:]\s*[A-Za-z][\w ]{0,20})?\s*[\])])"
)
_DASHED = re.compile(rf"(?<![\w.,/+-]){_PART}(?:\s?[-–—]\s?{_PART}){{2,30}}(?![\w./+-])")
_BETWEEN = re.compile(r"\s?[-–—]\s?(?![^\[(]*[\])])")
_JOIN = r"\s{0,3}(?:->|[-–—→⟶x×])\s{0,3}"
_WORD_OF_ACT = r"[A-Za-z]\w{1,12}(?: ?\w{2,8})?"
# `9 → 48 → 24 → 3, relu/relu/softmax`: the widths, and behind them an activation each
_LISTED = re.compile(
    rf"(?<![\w.,/+-])(?P<widths>[1-9]\d{{0,5}}(?:{_JOIN}[1-9]\d{{0,5}}){{2,30}})[\])]?\s{{0,3}}"
    r"(?:[,;:(\[]|with|activations|mit|avec|con|com|с)[\s:]{0,3}(?:(?:with|activations|activation)[\s:]{1,3})?"
    rf"(?P<acts>{_WORD_OF_ACT}(?:\s{{0,2}}(?:[,/]|and|und)\s{{0,2}}{_WORD_OF_ACT}){{1,30}})"
    r"(?=\s{0,3}(?:[\])][\s.]{0,3}$|[\])]|[.;,](?:\s|$)|$))"
)
_MOST_OTHER_LINES = 3  # of a text whose bare numbers, `784-300-10`, are layers


def layers_of_chain(text: str) -> WrittenLayers | None:
    """Return the layers of a text that is one line: of arrows, or of dashes beside a word for a network."""
    line = text.strip()
    if "\n" in line:
        return None
    number = text[: text.index(line)].count("\n") + 1
    return listed_in(line, number) or _of_arrows([(number, line)]) or _of_dashes(line, number, alone=True)


def chains_of_lines(text: str) -> Iterator[WrittenLayers]:
    """Yield the layers of each chain in a text: of arrows that lead over several lines, or of dashes."""
    lines = text.split("\n")
    if len(lines) > _MOST_LINES or _FENCE.search(text):
        return
    alone = sum(bool(line.strip()) for line in lines) <= _MOST_OTHER_LINES
    chain: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], 1):
        goes_on = chain and (_ARROW.match(line) or _ARROW_LAST.search(chain[-1][1][-45:]))
        if goes_on and line.strip():
            chain.append((number, line.strip()))
            continue
        if len(chain) > 1 and (found := _of_arrows(chain)) is not None:
            yield found
        chain = [(number, line.strip())] if line.strip() else []
        found = listed_in(line, number) or _of_dashes(line, number, alone=alone) if line.strip() else None
        if found is not None:
            yield found


def listed_in(line: str, number: int) -> WrittenLayers | None:
    """Return the layers of the only chain of widths in a line behind which an activation each is listed."""
    chains = [*_LISTED.finditer(line)] if len(line) <= _LONGEST else []
    if len(chains) != 1:
        return None
    widths = re.findall(r"\d+", chains[0]["widths"])
    listed = re.split(r"\s*(?:[,/]|\band\b|\bund\b)\s*", chains[0]["acts"])
    told = [None if said(word).role else steps_in(word) for word in listed]
    if len(told) != len(widths) - 1 or not all(one and any(one) for one in told):
        return None
    names = ["hidden"] * (len(widths) - 2) + ["output"]
    rows = [WrittenLayer("input", number, (int(widths[0]),), text=widths[0])]
    for name, width, one in zip(names, widths[1:], told, strict=True):
        assert one is not None
        rows.append(WrittenLayer(name, number, (int(width),), None, *one, text=width))
    return in_order(rows)


def _of_arrows(lines: list[tuple[int, str]]) -> WrittenLayers | None:
    """Return the layers of lines that are joined by arrows."""
    if sum(len(line) for _, line in lines) > _LONGEST:
        return None
    parts = [(number, part) for number, line in lines for part in _ARROW.split(line) if part.strip()]
    if not 3 <= len(parts) <= 100:
        return None
    rows = [layer_in(_SQUARE.sub(r"\1(\2)", part), number) for number, part in parts]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows) or known[0].named.role != "input" or not speaks_of_network(known):
        return None
    return in_order(known)


def _of_dashes(line: str, number: int, *, alone: bool) -> WrittenLayers | None:
    """Return the layers of the only chain of dashes in a line, such as `MLP 11-[32 tanh]-1[lin]`.

    Args:
        line: that line.
        number: of the line.
        alone: whether little else is written, so that numbers without activations may be layers.
    """
    chains = [*_DASHED.finditer(line)] if len(line) <= _LONGEST else []
    if len(chains) != 1:
        return None
    (chain,) = chains
    named = _BEFORE.search(line[max(0, chain.start() - 40) : chain.start()]) or _BEHIND.match(
        line, chain.end()
    )
    if not re.search(r"[A-Za-z]{2}", chain.group()) and not (alone and named):
        return None
    rows: list[WrittenLayer] = []
    for part in _BETWEEN.split(chain.group()):
        width, words = re.search(r"\d+", part), " ".join(re.findall(r"[A-Za-z][\w ]*", part)).strip()
        told = steps_in(words)
        if width is None or told is None or (words and not (told[0] or told[1])):
            return None
        name = "hidden" if rows else "input"
        rows.append(WrittenLayer(name, number, (int(width.group()),), None, *told, text=part))
    rows[-1] = rows[-1]._replace(name="output")
    return in_order(rows)
