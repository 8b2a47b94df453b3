"""What the site has beside the files of docs/: the reference, lessons, pages of the project, the page to try.

mkdocs calls the functions by their names: https://www.mkdocs.org/dev-guide/plugins/#events.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "chalknet"
PYODIDE = Path(__file__).parent / "node_modules" / "pyodide"
PYODIDE_FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
LOG = logging.getLogger("mkdocs.hooks.chalknet")
PROJECT = {"project/architecture.md": "ARCHITECTURE.md", "project/changelog.md": "CHANGELOG.md",
           "project/contributing.md": "CONTRIBUTING.md"}  # fmt: skip
REFERENCE = {
    "verbs": ("Verbs", "What chalknet does: each takes a network in any form."),
    "values": ("Values", "What the verbs take and give."),
    "errors": ("Errors", "Each says where, what was got, what was wanted, and what to do."),
}
SECTIONS = {"Guides": ".", "How to": "how-to", "한국어": "ko"}
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(?=[)#])")


def names_of_the_face() -> dict[str, dict[str, str]]:
    """Return for verbs, values and errors the public names, each with the place of its docstring."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in REFERENCE}
    stub = (PACKAGE / "__init__.pyi").read_text(encoding="utf-8")
    for room, name in re.findall(r"^from (\S+) import (\w+)", stub, re.M):
        kind = "errors" if room == "chalknet.errors" else "verbs" if name.islower() else "values"
        file = ROOT / "src" / Path(*room.split(".")) / f"{name}.py"
        found[kind][name] = f"{room}.{name}" + f".{name}" * file.exists()  # a file named as its function
    return found


def reference(kind: str) -> str:
    """Return a page of the reference; what stands on it comes from the docstrings."""
    title, what = REFERENCE[kind]
    parts = [f"# {title}\n\n{what} In Python: `import chalknet as cn`.\n"]
    for name, place in sorted(names_of_the_face()[kind].items()):
        parts.append(f"[](){{ #{name} }}\n\n::: {place}\n    options:\n      heading: cn.{name}\n"
                     f"      toc_label: {name}\n")  # fmt: skip
    return "\n".join(parts)


def lesson(path: Path) -> str:
    """Return a notebook as a page: its texts and its code, and the notebook itself to take away."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = [f"[{path.name}]({path.name}){{ download }}\n"]
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] != "raw" and text.strip():
            parts.append(f"```python\n{text}\n```\n" if cell["cell_type"] == "code" else f"{text}\n")
    return "\n".join(parts)


def on_config(config):
    """Add the pages of docs/ that the navigation does not name, and the lessons where there are some."""
    docs = Path(config.docs_dir)
    named = json.dumps(config.nav)
    for section, folder in SECTIONS.items():
        pages = next(row[section] for row in config.nav if section in row)
        found = sorted(page.relative_to(docs).as_posix() for page in docs.joinpath(folder).glob("*.md"))
        pages += [page for page in found if f'"{page}"' not in named]
    lessons = sorted(page for suffix in ("md", "ipynb") for page in docs.glob(f"lessons/**/*.{suffix}"))
    if lessons:
        pages = [page.relative_to(docs).with_suffix(".md").as_posix() for page in lessons]
        config.nav.insert(
            4, {"Lessons": sorted(set(pages), key=lambda page: (not page.endswith("index.md"), page))}
        )
    return config


def on_files(files, config):
    """Add the pages that are made from other files."""
    for kind in REFERENCE:
        files.append(File.generated(config, f"reference/{kind}.md", content=reference(kind)))
    for place, name in PROJECT.items():
        files.append(File.generated(config, place, content=(ROOT / name).read_text(encoding="utf-8")))
    for path in Path(config.docs_dir).glob("lessons/**/*.ipynb"):
        place = path.relative_to(config.docs_dir).with_suffix(".md").as_posix()
        if place not in files.src_uris:
            files.append(File.generated(config, place, content=lesson(path)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Let links to files of the repository that are no page lead to the page made of them, or be words."""
    made = {name: place for place, name in PROJECT.items()}
    file = page.file.src_uri
    home = PROJECT.get(file, f"docs/{file}")

    def mended(match: re.Match[str]) -> str:
        target = os.path.normpath(Path(home).parent / match[1])
        if target in made:
            return os.path.relpath(made[target], Path(file).parent)
        if target.startswith("docs/"):
            return os.path.relpath(target.removeprefix("docs/"), Path(file).parent)
        return match[0]

    lines, code = [], False
    for line in markdown.split("\n"):
        code ^= line.lstrip().startswith("```")
        lines.append(line if code else _LINK.sub(mended, line))
    return "\n".join(lines)


def on_post_page(output, page, config):
    """Say of the Korean pages that they are Korean."""
    return (
        output.replace('<html lang="en"', '<html lang="ko"')
        if page.file.src_uri.startswith("ko/")
        else output
    )


def on_post_build(config):
    """Put Python for the browser and a wheel of chalknet beside the page that runs them."""
    folder = Path(config.site_dir, "try")
    missing = [name for name in PYODIDE_FILES if not (PYODIDE / name).is_file()]
    if missing:
        LOG.info("without Pyodide (npm install --prefix tools/site) the first page says that it cannot run")
        return
    (folder / "pyodide").mkdir(parents=True, exist_ok=True)
    for name in PYODIDE_FILES:
        shutil.copy2(PYODIDE / name, folder / "pyodide" / name)
    wheel = pure_wheel(folder)
    size = wheel.stat().st_size + sum((PYODIDE / name).stat().st_size for name in PYODIDE_FILES)
    (folder / "files.json").write_text(json.dumps({"wheel": wheel.name, "bytes": size}), encoding="ascii")


def pure_wheel(folder: Path) -> Path:
    """Build the wheel that holds no compiled code into a folder, and return its path."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environment = os.environ | {"CHALKNET_WHEEL": "pure"}
    subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True)
    return next(folder.glob("chalknet-*-py3-none-any.whl"))
