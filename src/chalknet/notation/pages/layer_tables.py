"""Tables in which people write the layers of a network, a row each, in any of the languages of drawings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from chalknet.network import Activation, Dropout, Step
from chalknet.notation.drawings import words
from chalknet.notation.drawings.vocabulary import roles_in, said
from chalknet.notation.drawings.words import pattern
from chalknet.notation.pages.cell_table import CellTable
from chalknet.notation.pages.layer_lists import layer_in, speaks_of_network
from chalknet.notation.pages.layer_rows import (
    WrittenLayer,
    WrittenLayers,
    in_order,
    is_row,
    number_in,
    repeated,
    steps_in,
    width_in,
)

# What a heading says of its column; the first row that fits.
_HEADINGS: Mapping[str, re.Pattern[str]] = {
    kind: pattern(known, re.I)
    for kind, known in {
        "index": r"^(?:#|n[o°ºr]?\.?|№|i|idx|index|id|pos(?:ition)?|order|depth|l|ℓ"
        r"|番号|번호|编号|序号|順序|순서)$",
        "other": r"\(type\)|output shape|accura|loss|error|genauigkeit|exactitud|précision|точность|정확도"
        "|손실|准确|損失|精度"
        r"|score|auc|f1|rmse|\bmae\b|epoch|time",
        "parameters": r"par[aáâ]m|gewichte|weights|параметр|파라미터|매개변수|参数|パラメータ",
        "rate": r"rate|drop|taux|tasa|taxa|доля|率|비율|드롭",
        "bias": words.BIAS_WORD.pattern,
        "activation": r"activ|aktiv|attiv|ativa|aktyw|актив|kích hoạt|ενεργοπ|تنشيط|กระตุ้น|激活|活性|활성"
        r"|^(?:act|σ|f)\.?$|transfer",
        "into": r"^in$|^in[ _-]?(?:features|dim|size|units)|^inputs?$|fan[ _-]in"
        r"|^(?:eing[aä]nge?|entr[ée]es?|entradas?|ingress[oi]|вход(?:ы|ов)?|girdi|wejści[ae]|入力|입력|输入)$",
        "out": r"^out$|^out[ _-]?(?:features|dim|size|units)|^outputs?$|fan[ _-]out"
        r"|^(?:ausg[aä]nge?|sorties?|salidas?|sa[ií]das?|uscit[ae]|выход(?:ы|ов)?|çıktı|wyjści[ae]|出力|출력|输出)$",
        "units": r"units?|unit[ée]s?|unidades|einheiten|neur|nodes?|n(?:oe|œ)uds?|nodos?|knoten|cells|нейр"
        r"|узл|ユニット|ニューロン|ノード|次元|뉴런|노드|유닛|차원|神经元|單元|单元|节点|维"
        r"|nöron|nơ-?ron|νευρών|عصبون|เซลล์|size|width|dim|^shape|in\s?(?:→|->)\s?out"
        r"|größe|breite|taille|largeur|tamaño|ancho|dimensione|tamanho|rozmiar|размер|ширин|boyut|크기"
        r"|개수|サイズ|大小|宽度",
        "both": r"^(?:details?|spec\w*|config\w*|settings?|setup|description|beschreibung|aufbau"
        r"|détails?|detalles?"
        r"|descripción|dettagli|подробности|описание|構成|設定|内容|詳細|구성|설정|내용|상세|配置|详情|说明)$",
        "note": r"note|comment|remark|descri|meaning|bemerk|kommentar|anmerk|remarque|observa|комм|прим"
        r"|備考|説明|说明|备注|비고|설명|메모",
        "name": words.LAYER.pattern
        + r"|typ|kind|name|tipo|тип|τύπος|loại|typ|jenis|种类|類型|类型|種類|종류|이름",
    }.items()
}
_EMPTY = re.compile(
    r"[-–—−/.\s]*|n/?a|none|keine?|нет|không|žádn\w*|nincs|geen|ingen|brak|なし|无|없음", re.I
)
_YES = re.compile(
    r"(?:yes|true|ja|oui|s[ií]|sim|да|так|tak|evet|có|ano|igen|kyllä|ναι|نعم|ya|はい|有|あり|예|있음|是|✓|✔|x|1|\+)(?=\W|$)",
    re.I,
)
_NO = re.compile(
    r"(?:no|false|nein|non|não|нет|ні|nie|hayır|không|nem|nej|nei|όχι|لا|tidak|いいえ|無|なし|无|아니\w*|없음|否|✗|✘|0|[-–—])(?=\W|$)",
    re.I,
)
_MAP = re.compile(r"(?:nn\.)?linear(?:[ _]?\d{1,2})?", re.I)
_LEADS = re.compile(r"(\d[\d,]{0,11})\s*(?:→|->|=>|⟶|➔)\s*(\d[\d,]{0,11})")  # `22 → 44`
_BY = re.compile(r"(\d[\d,]{0,11})\s*[×x*]\s*(\d[\d,]{0,11})")  # `120 × 90`, either way round
_LONGEST_HEADING = 40  # characters
_SENTENCE = re.compile(r"(?:[^\W\d_]+[ ,]+){5}")
_TOTAL = re.compile(r"total|sum|gesamt|suma|somme|итого|всего|合計|合计|합계|총", re.I)
_RATE = re.compile(r"(?<![\w.])(0?\.\d+|\d{1,2}\s*%)")


class _Columns(NamedTuple):
    """The place of each column that says something of a layer, and those that say something else."""

    at: dict[str, list[int]]
    unread: list[int]

    @property
    def has_widths(self) -> bool:
        """Return whether widths have a column of their own."""
        return "units" in self.at or "out" in self.at


def layers_of_table(grid: CellTable) -> WrittenLayers | None:
    """Return the layers that a table lists, a row or a column each; None for any other table."""
    if any(is_row(line) and _is_of_layer(line) for line in grid.behind):
        return None
    found = _layers_of(grid) or (_layers_of(grid.turned) if len(grid.cells) <= 6 else None)
    return found or _without_headings(grid)


def _without_headings(grid: CellTable) -> WrittenLayers | None:
    """Return the layers of a table whose first row is the input already; None for any other table."""
    rows: list[WrittenLayer] = []
    for line, (name, *others) in zip(grid.lines, grid.cells, strict=True):
        row = _written(name, line, {"both": ", ".join(cell for cell in others if not _EMPTY.fullmatch(cell))})
        if row is None:
            return None
        rows.append(row)
    ends = {rows[0].named.role, rows[-1].named.role}
    return in_order(rows) if "input" in ends and speaks_of_network(rows) else None


def _is_of_layer(line: str) -> bool:
    """Return whether a line under a table may be a row of it, and no heading of another table."""
    what = said(line)
    sure = (what.role and re.search(r"\d", line)) or what.steps or what.operation
    return bool(sure) and not _SENTENCE.search(line)


def _layers_of(grid: CellTable) -> WrittenLayers | None:
    columns = _columns_of(grid)
    if columns is None:
        return None
    by_number = _by_number(grid, columns)
    if by_number is None:
        return None
    rows: list[WrittenLayer] = []
    notes = ["the rows are read in the order of their numbers"] if by_number != grid else []
    grid = _with_directions(by_number, columns)
    notes += [f"the column {grid.cells[0][at]!r} is not read" for at in columns.unread]
    for line, cells in zip(grid.lines[1:], grid.cells[1:], strict=True):
        name = " ".join(cells[at] for at in columns.at["name"] if not _EMPTY.fullmatch(cells[at]))
        if not any(cells) or _TOTAL.match(name):
            continue
        named = {key: cells[at[0]] for key, at in columns.at.items()}
        row = _row(name, line, named) if columns.has_widths else _written(name, line, named)
        if row is None or any(_acts_by(cells[at]) for at in columns.unread):
            return None
        rows.append(row)
        beside = [cells[at] for at in columns.at.get("note", ()) if _acts_by(cells[at])]
        notes += [f"line {line}: {note!r} is not read" for note in beside if not row.steps and not row.linear]
    rows = [_without_empty(row, rows[at + 1 : at + 2]) for at, row in enumerate(rows)]
    return in_order(rows, notes) if columns.has_widths or speaks_of_network(rows) else None


def _by_number(grid: CellTable, columns: _Columns) -> CellTable | None:
    """Return a table in the order of the numbers of its rows; None where two have the same."""
    if "index" not in columns.at:
        return grid
    cells, lines = grid.cells[1:], grid.lines[1:]
    numbers = [number_in(row[columns.at["index"][0]]) for row in cells]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or known in (sorted(known), sorted(known, reverse=True)):
        return grid
    if len(set(known)) < len(known):
        return None
    order = sorted(range(len(known)), key=known.__getitem__)
    return CellTable(
        [grid.cells[0], *(cells[at] for at in order)],
        [grid.lines[0], *(lines[at] for at in order)],
        grid.behind,
    )


def _with_directions(grid: CellTable, columns: _Columns) -> CellTable:
    """Return a table whose cells `120 × 90` say what comes in and goes out, as the next row tells it."""
    at = columns.at.get("units", [-1])[0]
    found = {
        place: size for place, row in enumerate(grid.cells) if at >= 0 and (size := _BY.fullmatch(row[at]))
    }
    pairs = [*pairwise((size[1], size[2]) for size in found.values())]
    forward, backward = (all(one[1 - side] == other[side] for one, other in pairs) for side in (0, 1))
    if not pairs or forward == backward:
        return grid
    cells = [[*row] for row in grid.cells]
    for place, size in found.items():
        cells[place][at] = f"{size[1]} → {size[2]}" if forward else f"{size[2]} → {size[1]}"
    return grid._replace(cells=cells)


def _written(name: str, line: int, cells: Mapping[str, str]) -> WrittenLayer | None:
    """Return what a row says whose width stands beside its name or in a cell of all that it is."""
    told = cells.get("both", "")
    bare = _EMPTY.fullmatch(told)
    row = layer_in(name if bare else f"{name}: {told}", line)
    if row is None and not bare and not said(name).role and not said(name).operation:
        row = layer_in(told, line)
    acts = steps_in(cells.get("activation", ""))
    if row is None or acts is None:
        return None
    if not any(acts):
        return row
    agree = not (row.steps or row.linear) or (row.steps, row.linear) == acts
    return row._replace(steps=acts[0], linear=acts[1]) if agree else None


def _columns_of(grid: CellTable) -> _Columns | None:
    """Return what each column is; None where they are not those of layers."""
    if any(len(heading) > _LONGEST_HEADING for heading in grid.cells[0]):
        return None
    at: dict[str, list[int]] = {}
    unread: list[int] = []
    for place, heading in enumerate(grid.cells[0]):
        kind = _kind(heading)
        body = [row[place] for row in grid.cells[1:]]
        if not heading and place == 0:
            kind = "index" if _numbers(body) else "name"
        if not kind and "name" not in at and body and all(map(_names_a_layer, body)):
            kind = "name"
        if kind == "name" and _numbers(body) and "index" not in at and _is_named(grid.cells[0][place + 1 :]):
            kind = "index"  # a layer by its number, and a column of what it is
        if kind == "other" or (not kind and any(re.search(r"\d", cell) for cell in body)):
            return None
        if kind in at and kind != "name":
            return None
        if not kind and any(body):
            unread.append(place)
        at.setdefault(kind, []).append(place)
    if "name" not in at or ("units" in at and "out" in at):
        return None
    if "units" not in at and "out" not in at and ("both" in at) + len(at["name"]) > 2:
        return None
    return _Columns(at, unread)


def _names_a_layer(cell: str) -> bool:
    named = said(cell)
    return bool(named.role or named.operation or named.steps)


def _numbers(cells: list[str]) -> bool:
    return all(number_in(cell) is not None for cell in cells)


def _is_named(headings: list[str]) -> bool:
    return any(_kind(heading) == "name" for heading in headings)


def _kind(heading: str) -> str:
    kind = next((kind for kind, known in _HEADINGS.items() if known.search(heading)), "")
    both = kind == "units" and roles_in(heading) > 1  # `size (in × out)`
    role = said(heading).role if kind in ("", "name", "units") and not both else ""
    return {"input": "into", "output": "out"}.get(role, kind)


def _row(name: str, line: int, cells: Mapping[str, str]) -> WrittenLayer | None:
    """Return what a row says; None for one that is no layer."""
    name, sizes, times = repeated(name, cells.get("units", cells.get("out", "")))
    if leads := _LEADS.fullmatch(sizes):
        cells, sizes = {**cells, "into": leads[1]}, leads[2]
    width = () if _EMPTY.fullmatch(sizes) else width_in(sizes)
    activation = _without_remark(cells.get("activation", ""))
    told = ((), bool(activation)) if _EMPTY.fullmatch(activation) else steps_in(activation)
    beside = steps_in(sizes) if _acts_by(sizes) else ((), False)
    if width is None or told is None or not name or beside is None:
        return None
    if any(beside):  # `32 ReLU` in one cell
        if any(told) and told != beside:
            return None
        told = beside
    if width and _MAP.fullmatch(name) and (cells.get("into") or "activation" in cells):
        name = "Dense"  # the kind of a layer, and not that it has no activation
    named = said(name)
    is_rate = any(isinstance(step, Dropout) for step in named.steps) and _RATE.search(sizes.replace(",", "."))
    if not (width or is_rate or _EMPTY.fullmatch(sizes)):
        return None
    if (not any(told) and not _EMPTY.fullmatch(activation)) or (beside[0] and named.role == "input"):
        return None
    steps = _with_rate((*named.steps, *told[0]), cells, name)
    if not width and not steps:
        return None
    into, parameters = cells.get("into", ""), cells.get("parameters", "")
    return WrittenLayer(
        name, line, width, number_in(into), steps, told[1] or named.linear, _bias(cells.get("bias", "")),
        number_in(parameters), " ".join([name, *cells.values()]), times,
    )  # fmt: skip


def _without_remark(cell: str) -> str:
    """Return `none` for `none (logits)`, where the brackets name no activation."""
    bare = re.sub(r"\s*[(（][^()（）]*[)）]$", "", cell)
    return bare if _EMPTY.fullmatch(bare) and not said(cell).steps else cell


def _acts_by(cell: str) -> bool:
    """Return whether a cell that is not of activations names one."""
    what = said(cell)
    return what.linear or any(isinstance(step, Activation) for step in what.steps)


def _with_rate(steps: tuple[Step, ...], cells: Mapping[str, str], name: str) -> tuple[Step, ...]:
    """Return the steps with the dropout that another cell gives the rate of."""
    dropouts = [step for step in steps if isinstance(step, Dropout)]
    places = ("rate", "note", "units") if dropouts else ("rate",)
    rates = {found for key in places for found in _RATE.findall(cells.get(key, "").replace(",", "."))}
    if len(rates) != 1 or (dropouts and _RATE.search(name)):
        return steps
    rate = rates.pop()
    share = Dropout(float(rate.rstrip("% ")) / (100 if "%" in rate else 1))
    return tuple(share if step in dropouts else step for step in steps) if dropouts else (*steps, share)


def _bias(cell: str) -> bool | None:
    return True if _YES.match(cell) else False if _NO.match(cell) else None


def _without_empty(row: WrittenLayer, behind: list[WrittenLayer]) -> WrittenLayer:
    """Return a row; a step that stands in a row of its own is that of the row before it."""
    return row if row.is_step or not behind or not row.linear else row._replace(linear=not _acts(behind[0]))


def _acts(row: WrittenLayer) -> bool:
    return row.is_step and any(isinstance(step, Activation) for step in row.steps)
