"""Runs cells in the kernel of a notebook, as Jupyter does."""

import nbformat
from nbclient import NotebookClient


def run_cells(*sources, allow_errors=False):
    """Return the outputs of each cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    run_notebook(notebook, allow_errors=allow_errors)
    return [cell.outputs for cell in notebook.cells]


def run_notebook(notebook, *, allow_errors=False):
    """Execute a notebook in place."""
    NotebookClient(notebook, timeout=100, kernel_name="python3", allow_errors=allow_errors).execute()


def pictures(outputs):
    """Return the SVG pictures among the outputs of a cell."""
    return [each.data["image/svg+xml"] for each in outputs if "image/svg+xml" in each.get("data", {})]
