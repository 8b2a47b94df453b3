"""Run the notebooks of docs/lessons anew and keep their outputs, without what changes from run to run."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

LESSONS = Path(__file__).parents[1] / "docs" / "lessons"


def main() -> None:
    """Run the notebooks that are named on the command line, or all of them."""
    names = sys.argv[1:] or sorted(path.name for path in LESSONS.glob("*.ipynb"))
    for name in names:
        notebook = nbformat.read(LESSONS / name, as_version=4)
        NotebookClient(notebook, timeout=120, record_timing=False).execute()
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"{name[0]}{number:02d}"
            cell["metadata"] = {}
        notebook["metadata"]["language_info"] = {"name": "python"}
        nbformat.write(notebook, LESSONS / name)


if __name__ == "__main__":
    main()
