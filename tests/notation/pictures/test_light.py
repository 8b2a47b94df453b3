"""What reads pictures is loaded by the first picture, and by nothing else."""

import subprocess
import sys

import pytest

PACKAGES = ("cv2", "rapidocr", "onnxruntime", "pypdfium2", "PIL", "numpy", "chalknet.notation.pictures")
SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg'><circle cx='20' cy='20' r='9'/><circle cx='90' cy='20' r='9'/>"
    "<line x1='29' y1='20' x2='81' y2='20' stroke='black'/><text x='90' y='50'>sigmoid</text></svg>"
)


@pytest.mark.parametrize("words", [["--help"], ["read", SVG], ["read", "digraph { x -> y }", "--explain"]],
                         ids=["help", "SVG", "account"])  # fmt: skip
def test_without_a_picture_nothing_of_it_is_loaded(words):
    code = (
        f"import sys; sys.argv = ['chalknet', *{words!r}]\n"
        "from chalknet.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print([name for name in {PACKAGES!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
