"""Sentences in which people tell a network: `four inputs, a hidden layer of 8 neurons and one output`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chalknet.network import Activation, Step
from chalknet.notation.drawings import words
from chalknet.notation.drawings.labels import plain
from chalknet.notation.drawings.number_words import NUMBERS, in_digits
from chalknet.notation.drawings.vocabulary import Said, said
from chalknet.notation.drawings.words import pattern
from chalknet.notation.pages.layer_rows import WrittenLayer, WrittenLayers, in_order

_AND = " / "  # between the clauses that tell of one layer
_LONGEST = 20_000  # characters of a text
_OTHER_FORM = re.compile(r"[{}\\|]|->|→|==|--|\b(?:import|return|def)\b|https?://\S+\.(?:py|ipynb)")
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s|\n\s*\n|[。！？]")
_CLAUSE = re.compile(
    r"[;,、，]\s*+(?!\d{3}(?!\d))|[:：]\s*+(?!\d)"
    r"|\s(?:and|und|et|y|e|ve|и|i|en|og|och|then|dann|luego|puis|poi|as well as|sowie)\s"
)
_BRACKETS = re.compile(r"\(([^()]{0,200})\)")
_ARTICLES = (
    "an?",
    "one",
    "uma?",
    "une?",
    "un[ao]",
    "ein",
    "eine[mrn]?",
    "één",
    "een",
    "jed[ne]\\w{0,2}",
    "один",
    "одна",
    "bir",
)
_ONE = pattern(words.any_of(*_ARTICLES), re.I)
_ONLY = (
    "single",
    "únic[oa]",
    "unic[oa]",
    "seule?",
    "einzig\\w{1,2}",
    "enkele?",
    "tek",
    "jedyn[yae]",
    "единственн\\w+",
)
_SINGLE = pattern(rf"(?:{words.any_of(*_ARTICLES, 'just', 'only')}\s)?{words.any_of(*_ONLY)}", re.I)
_LAYER = pattern(r"layer|schicht|couche|\bcapa|camada|strato|warstw|сло[йея]|\blaag|katman|층|层|層", re.I)
_COUNT = "|".join(word for word, number in NUMBERS.items() if 1 < number < 10)
_HIDDEN = words.ROLES[1][1].pattern
_HOW_MANY = re.compile(
    rf"(?<![^\W\d_])(?:(?P<count>\d{{1,2}}|{_COUNT})\s(?:fully connected |identical |gleich große )?"
    rf"(?=(?:{_HIDDEN})\w*\s(?:layers|schichten))"
    rf"|(?P<before>\d{{1,2}}|{_COUNT})\s(?:couches|capas|camadas|strati|warstwy|katman)\b)",
    re.I,
)
_AS_BEFORE = pattern(
    words.any_of(
        "also", "too", "likewise", "again", "ebenfalls", "auch", "également", "aussi", "también", "também",
        "anche", "ook", "też", "także", "тоже", "также",
    ),
    re.I,
)  # fmt: skip
_BOTH = pattern(
    words.any_of(
        "both", "beiden?", "tous (?:les )?deux", "toutes deux", "amb[oa]s", "entramb\\w", "ob[ai]e?", "обе",
        "обоих", "оба", "allebei", "ikisi(?:nde)?",
    ),
    re.I,
)  # fmt: skip
_EACH = pattern(rf"{words.EVERY}|{words.any_of('je', 'chacune?', 'ciascun[oa]')}|по \d", re.I)
_NEXT = pattern(
    words.any_of(
        "second", "third", "fourth", "another", "next", "following", "(?:zwei|drit|vier)te\\w?",
        "weitere\\w?", "deuxième", "seconde?", "troisième", "segund[oa]", "tercer[oa]?", "terceir[oa]",
        "second[oa]", "terz[oa]", "otr[oa]", "outr[oa]", "altr[oa]", "drug[ai]", "trzeci\\w", "втор\\w\\w",
        "трет\\w\\w", "tweede", "derde", "ikinci", "üçüncü",
    ),
    re.I,
)  # fmt: skip
_FEATURES = pattern(
    r"\d\s?(?:[^\W\d_]+\s)?(?:features?|attribut\w*|atributos?|merkmal\w*|variab\w+|caract[eé]r\w+|cech\w*|признак\w*"
    r"|kenmerken|öznitelik|özellik)",
    re.I,
)
_DOUBT = pattern(
    r"\b(?:or|oder|ou|not|nicht|maybe|perhaps|vielleicht|vs)\b|\bo(?= \d)|\bне(?= \d)|или|может быть|또는|或",
    re.I,
)
_CHAIN = re.compile(
    r"(?<![\d.,/-])(?!(?:19|20)\d\d-\d\d-\d\d)\d{1,6}(?:\s?[-–—×:]\s?\d{1,6}){2,9}(?![\d/-]|[.,]\d)"
)
_NETWORK = pattern(
    rf"{words.any_of('networks?', 'nets?', 'mlp', 'perceptron', 'red', 'rede', 'rete', 'sieci', 'netwerk')}"
    r"|netz|réseau|сет[ьи]|sieć|\bağ|网络|網路|신경망|ネットワーク",
    re.I,
)
_UNIT = pattern(
    r"layer|neuron|neurôn|nöron|нейрон|schicht|couche|\bcapas?\b|camada|strat[oi]\b|warstw|сло[йея]|\blaag|katman"
    r"|\bunits?\b|뉴런|층|神经元|層|层|ニューロン|relu|sigmoid|tanh|softmax",
    re.I,
)
_UNLIKE = pattern(  # what is told may be of another kind, or of several networks
    r"conv|faltung|рекуррент|recurren|lstm|\bgru\b|attention|transformer|pooling|residual|skip connection"
    r"|encoder|decoder|ensemble|\btrees?\b|forest|\bsvm\b|instead of|statt|rather than|compared|or \d",
    re.I,
)


@dataclass
class _Told:
    """What sentences have told so far.

    Args:
        rows: the layers with units.
        hidden: how many hidden layers there are to be; 0 where it is not told.
        clear: whether nothing contradicts itself.
        unused: clauses with numbers that were used for nothing.
    """

    rows: list[WrittenLayer] = field(default_factory=list)
    hidden: int = 0
    clear: bool = True
    unused: list[str] = field(default_factory=list)

    def of_role(self, role: str) -> list[int]:
        """Return the places of the layers of a role."""
        return [at for at, row in enumerate(self.rows) if row.name.split()[0] == role]


def speaks_of_layers(text: str) -> bool:
    """Return whether a text may tell a network in sentences: it speaks of hidden layers and outputs."""
    if len(text) > _LONGEST or not (_UNIT.search(text) or _NETWORK.search(text)):
        return False
    return all(known.search(text) for role, known in words.ROLES if role != "input")


def layers_of_sentences(text: str) -> WrittenLayers | None:
    """Return the layers that sentences tell, from the input to the output; None where they do not tell all.

    Each layer must have its number of units, and there must be one input and one output.
    """
    if not speaks_of_layers(text) or _OTHER_FORM.search(text) or _UNLIKE.search(text):
        return None
    told = _Told()
    for line, sentence in _sentences(text):
        before = [*told.rows]
        for clause in _clauses(sentence):
            _tell(told, clause, line)
        if not told.clear or (told.rows != before and _DOUBT.search(sentence)):
            return None
    inputs, hidden, outputs = (told.of_role(role) for role in ("input", "hidden", "output"))
    if len(inputs) != 1 or len(outputs) != 1 or not hidden or told.hidden not in (0, len(hidden)):
        return None
    rows = [told.rows[at] for at in (*inputs, *hidden, *outputs)]
    clauses = dict.fromkeys(clause for row in rows for clause in row.text.split(_AND))
    notes = [f"told in sentences: {', '.join(clauses)!r}"[:400]]
    notes += [f"{clause!r} was used for nothing" for clause in told.unused[:5]]
    layers = in_order(rows, notes)
    return layers and layers._replace(in_sentences=True)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence with the line in which it begins."""
    at = 0
    for end in (*(found.end() for found in _SENTENCE.finditer(text)), len(text)):
        sentence = text[at:end]
        if sentence.strip():
            yield text.count("\n", 0, at) + 1, plain(" ".join(sentence.split()))
        at = end


def _clauses(sentence: str) -> Iterator[str]:
    """Yield the clauses of a sentence; brackets stay where they tell something of a layer."""
    kept = _BRACKETS.sub(lambda found: f" {found[1]} " if _is_of_layer(found[1]) else " ", sentence)
    for clause in _CLAUSE.split(kept):
        if clause and clause.strip(" ."):
            yield in_digits(_SINGLE.sub(" one ", clause.strip(" .")))


def _is_of_layer(inside: str) -> bool:
    what = said(inside)
    return bool(what.steps or what.linear)


def _tell(told: _Told, clause: str, line: int) -> None:
    """Add what one clause tells."""
    if many := _HOW_MANY.search(clause):
        count = (many["count"] or many["before"]).lower()
        told.hidden = int(count) if count.isdigit() else NUMBERS[count]
        clause = clause[: many.start()] + clause[many.end() :]
    if (chain := _CHAIN.search(clause)) and _NETWORK.search(clause):
        _add_all(told, [int(number) for number in re.findall(r"\d+", chain.group())], line, clause)
        return
    what = said(clause)
    steps = tuple(step for step in what.steps if isinstance(step, Activation))
    if what.foreign or len(set(steps)) > 1 or Activation("?") in steps or isinstance(what.width, str):
        told.clear = told.clear and not what.foreign
        return
    role = _role_of(told, what, clause)
    if role == "output" and what.width is None and _ONE.search(clause) and not _LAYER.search(clause):
        what = replace(what, width=1)
    if role and isinstance(what.width, int) and what.width > 0:
        _add(
            told, role, WrittenLayer(role, line, (what.width,), steps=steps, linear=what.linear, text=clause)
        )
    elif steps or what.linear:
        _apply(told, what, steps, clause)
    elif re.search(r"\d", clause) and what.counted:
        told.unused.append(clause)


def _add_all(told: _Told, widths: list[int], line: int, clause: str) -> None:
    """Add all layers of `a 784-300-10 network`, unless there are some already."""
    known = [row.width[0] for row in told.rows]
    told.clear = told.clear and known in ([], widths) and 0 not in widths
    roles = ["input", *["hidden"] * (len(widths) - 2), "output"]
    for role, width in zip(roles, widths, strict=True) if not known else ():
        _add(told, role, WrittenLayer(role, line, (width,), text=clause))


def _role_of(told: _Told, what: Said, clause: str) -> str:
    """Return the layer whose units a clause tells; empty for none."""
    if what.role or not isinstance(what.width, int):
        return what.role
    if _FEATURES.search(clause):
        return "input"
    behind = told.of_role("hidden") and not told.of_role("output")
    if behind and (what.counted or _NEXT.search(clause)):
        return "hidden"
    return "hidden" if told.of_role("input") and what.operation else ""


def _add(told: _Told, role: str, row: WrittenLayer) -> None:
    """Add a layer; an input or an output that is told again must be the same."""
    known = told.of_role(role)
    alike = told.hidden if role == "hidden" and not known and _EACH.search(row.text) else 1
    if alike > 1:
        told.rows += [row._replace(name=f"hidden {number}") for number in range(1, alike + 1)]
        return
    if role != "hidden" and known:
        told.clear = told.clear and told.rows[known[0]].width == row.width
        return
    in_one_go = role == "hidden" and 1 < told.hidden == len(known) + 1 and told.rows[-1].line == row.line
    for at in known if in_one_go and row.steps else ():  # `two layers of 64 and 32 neurons, tanh`
        if not (told.rows[at].steps or told.rows[at].linear):
            told.rows[at] = told.rows[at]._replace(steps=row.steps)
    told.rows.append(row._replace(name=f"{role} {len(known) + 1}" if role == "hidden" else role))


def _apply(told: _Told, what: Said, steps: tuple[Step, ...], clause: str) -> None:
    """Give an activation to the layers that a clause without a width speaks of, where they have none."""
    for at in _meant(told, what, clause):
        row = told.rows[at]
        if row.steps or row.linear or row.name == "input":
            continue
        told.rows[at] = row._replace(steps=steps, linear=what.linear, text=f"{row.text}{_AND}{clause}")


def _meant(told: _Told, what: Said, clause: str) -> list[int]:
    """Return the places of the layers that a clause without a width speaks of."""
    hidden, outputs = told.of_role("hidden"), told.of_role("output")
    if what.role == "output":
        return outputs
    if what.role == "hidden" or _BOTH.search(clause):
        return hidden
    if _AS_BEFORE.search(clause):
        return hidden[-1:]
    if hidden and not outputs and told.hidden:  # `two hidden layers of 100 neurons each, using sigmoid`
        return [
            at for at in hidden if told.hidden == len(hidden) and told.rows[at].line == told.rows[-1].line
        ]
    return [len(told.rows) - 1] if told.rows and len(what.steps) == 1 else []
