"""The examples of docs/search.md run as they stand."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "search.md"


def test_the_examples_of_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 2
    exec(compile("\n".join(blocks), str(DOCS), "exec"), {})
    assert "ranked by the held-out r2" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "seeds").glob("best*")} == {
        "best",
        *(f"best-{n}" for n in range(2, 6)),
    }
