"""Bring the catalogues of `src/chalknet/lang/` up to date with the code, compile them, list what is missing.

`make words` reads the texts of the package: those in `_(…)`, the help of the command, and every other text
that a catalogue translates (errors, notes, reasons), which stands in the code as a text or as an f-string. A
value `{len(rows)}` of an f-string is called `{rows}` in the catalogue.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from chalknet.lang.page import texts_of_page
from chalknet.lang.template import Template

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "chalknet"
LANGUAGES = PACKAGE / "lang"
_MARKS = ("_", "filled")  # the functions of `chalknet.lang` whose first argument is a text to translate
_MAGIC = 0x950412DE
_HEADER = """Language: {code}
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
"""
# What typer, click and the operating system say, which is translated as it is shown.
OTHERS = (
    "Show this message and exit.",
    "Usage:",
    "Options",
    "Arguments",
    "Commands",
    "required",
    "Missing command.",
    "Missing argument '{name}'.",
    "Missing option '{name}'.",
    "No such command {name}.",
    "No such command {name}. Did you mean {near}?",
    "Invalid value for {hint}: {message}",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid number, unable to parse string as a number",
    "Option {option} requires an argument.",
    "Option {option} does not take a value.",
    "Got unexpected extra argument ({extra_args})",
    "Got unexpected extra arguments ({extra_args})",
    "Install completion for the current shell.",
    "Show completion for the current shell, to copy it or customize the installation.",
    # what the operating system says
    "No such file or directory",
    "Permission denied",
    "Is a directory",
    "Not a directory",
    "No space left on device",
)


def marked() -> set[str]:
    """Return the texts that every catalogue has to translate: in `_(…)`, and the help of the command."""
    return {text for text, _ in _marked_places()} | set(of_command()) | set(OTHERS) | _of_pages()


def _of_pages() -> set[str]:
    return {text for path in _PAGES for text in texts_of_page(path.read_text())}


def written() -> dict[str, str]:
    """Return every text of the code as a template, and of its pages, and the place where it stands first."""
    found = {
        text: str(path.relative_to(PACKAGE)) for path in _PAGES for text in texts_of_page(path.read_text())
    }
    for path, tree in _trees().items():
        inside = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            text = None if id(node) in inside else template_of(node)
            if text:
                place = f"{path.relative_to(PACKAGE)}:{node.lineno}"  # type: ignore[attr-defined]
                found.setdefault(text, place)
    return found


def of_command() -> Iterator[str]:
    """Yield the texts of the command's help: of verbs, options, panels."""
    from chalknet.cli.help import texts_of
    from chalknet.cli.main import app_for

    yield from texts_of(app_for())


def template_of(node: ast.AST) -> str | None:
    """Return the text of a constant, or of an f-string with names for its values."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    names: dict[str, str] = {}
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value).replace("{", "{{").replace("}", "}}"))
        elif isinstance(part, ast.FormattedValue):
            parts.append(f"{{{_named(part.value, names)}}}")
    return "".join(parts)


def _marked_places() -> Iterator[tuple[str, str]]:
    for path, tree in _trees().items():
        yield from ((text, str(path.relative_to(PACKAGE))) for text in _marked(tree))


def _named(node: ast.expr, names: dict[str, str]) -> str:
    """Return the name of a value: the same for the same expression, another for another one."""
    source = ast.unparse(node)
    if source not in names:
        name = base = _name_of(node)
        number = 2
        while name in names.values():
            name, number = f"{base}{number}", number + 1
        names[source] = name
    return names[source]


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.BinOp | ast.IfExp):
        plural = ast.unparse(node)
        return "s" if re.match(r"'(s|es|is)?' (\*|if)|'s' ", plural) else "value"
    if isinstance(node, ast.Call):
        inside = node.args[0] if node.args else node.func
        return _name_of(inside)
    if isinstance(node, ast.Subscript):
        return _name_of(node.value)
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return name.strip("_").lower() or "value"
    return "value"


def _marked(tree: ast.AST, marks: Iterable[str] = _MARKS) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "_"
            and node.args
        ):
            text = template_of(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
            if text:
                yield text


def _trees() -> Mapping[Path, ast.Module]:
    if not _TREES:
        _TREES.update({path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))})
    return _TREES


_PAGES = [path for path in sorted(PACKAGE.rglob("*.html")) if path.parent.name in ("reporting", "demo")]
_TREES: dict[Path, ast.Module] = {}


def in_step(text: str, translation: str) -> bool:
    """Return whether a translation has the values of its text; the ending of a plural may be left out."""
    wanted, given = (set(Template(each).names) for each in (text, translation))
    return wanted - {"s", "s2"} <= given <= wanted


# -- catalogues: the text that people edit (.po), and the one that the package reads (.mo)


def read_po(path: Path) -> dict[str, str]:
    """Return the texts of a .po file and their translations, in order, the header left out."""
    entries: dict[str, str] = {}
    parts: dict[str, list[str]] = {}
    key = ""
    for line in [*path.read_text().splitlines(), 'msgid ""']:
        if line.startswith("msgid ") and "msgid" in parts:
            entries["".join(parts["msgid"])] = "".join(parts.get("msgstr", []))
            parts = {}
        if found := re.match(r'(msgid|msgstr) ?(".*")$', line):
            key = found[1]
            parts[key] = [ast.literal_eval(found[2])]
        elif line.startswith('"'):
            parts[key].append(ast.literal_eval(line))
    entries.pop("", None)
    return entries


def po_text(code: str, entries: Mapping[str, str], places: Mapping[str, str]) -> str:
    """Return a catalogue as the text of a .po file, ordered by place.

    Args:
        code: the language.
        entries: texts and translations; a blank one is missing.
        places: where a text stands in the code.
    """
    blocks = [f'msgid ""\nmsgstr ""\n{_quoted_lines(_HEADER.format(code=code))}']
    for text in sorted(entries, key=lambda each: (_file(places.get(each, "")), each)):
        place = f"#: {_file(places[text])}\n" if text in places else ""
        flag = "#, python-brace-format\n" if "{" in text else ""
        blocks.append(f"{place}{flag}msgid {_quoted(text)}\nmsgstr {_quoted(entries[text])}")
    return "\n\n".join(blocks) + "\n"


def compiled(code: str, entries: Mapping[str, str]) -> bytes:
    """Return a catalogue as gettext's .mo file; what has no translation is left out."""
    whole = {"": _HEADER.format(code=code), **{text: said for text, said in entries.items() if said}}
    rows = sorted((text.encode(), said.encode()) for text, said in whole.items())
    size = len(rows)
    start = 28 + 16 * size
    tables, content = [], b""
    for column in (0, 1):
        for row in rows:
            tables.append(struct.pack("<2I", len(row[column]), start + len(content)))
            content += row[column] + b"\0"
    return struct.pack("<7I", _MAGIC, 0, size, 28, 28 + 8 * size, 0, start) + b"".join(tables) + content


def catalogues() -> list[Catalogue]:
    """Return every catalogue: `chalknet.po` of a language, and those of rooms that have one of their own."""
    paths = sorted(LANGUAGES.glob("*/LC_MESSAGES/*.po"), key=lambda path: (path.stem == "chalknet", path))
    return [Catalogue(path.parts[-3], path.stem, path) for path in paths]


class Catalogue(NamedTuple):
    """A .po file.

    Args:
        code: its language.
        room: whose texts it has; "chalknet" for all that no other catalogue has.
        path: where it is.
    """

    code: str
    room: str
    path: Path

    def needed(self) -> set[str]:
        """Return the marked texts that it has to translate."""
        if self.room != "chalknet":
            return {text for text, place in _marked_places() if place.startswith(f"{self.room}/")}
        others = [read_po(each.path) for each in catalogues() if each.code == self.code and each != self]
        return marked() - {text for other in others for text in other}

    def gone(self) -> set[str]:
        """Return its texts that are in the code no longer; none of a room that is not here."""
        if self.room != "chalknet" and not (PACKAGE / self.room).exists():
            return set()
        return set(read_po(self.path)) - set(written()) - marked()


def _file(place: str) -> str:
    return place.partition(":")[0]


def _quoted(text: str) -> str:
    return (
        '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
    )


def _quoted_lines(text: str) -> str:
    return "\n".join(map(_quoted, text.splitlines(keepends=True)))


def main() -> int:
    """Write each catalogue anew with the texts that came, without those that went; say what is missing."""
    places = written()
    missing: list[str] = []
    for catalogue in catalogues():
        known, gone = read_po(catalogue.path), catalogue.gone()
        kept = {text: said for text, said in known.items() if text not in gone}
        entries = {**dict.fromkeys(sorted(catalogue.needed()), ""), **kept}
        catalogue.path.write_text(po_text(catalogue.code, entries, places))
        catalogue.path.with_suffix(".mo").write_bytes(compiled(catalogue.code, entries))
        lost = [text for text, said in entries.items() if not said]
        missing += [f"{catalogue.code}: {text}" for text in lost]
        name = catalogue.path.relative_to(ROOT)
        print(f"{name}: {len(entries)} texts, {len(lost)} missing, {len(gone)} gone")
    _list(missing)
    return 1 if missing else 0


def _list(missing: Iterable[str]) -> None:
    for line in missing:
        print(f"missing {line}")


if __name__ == "__main__":
    sys.exit(main())
