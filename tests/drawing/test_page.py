"""The page of a drawing in a browser: what is pointed at stands out, and fingers and wheels enlarge."""

import re
import subprocess

import pytest
from tests.pictures.browser import program

import chalknet as cn

SCRIPT = """
const send = (kind, x, y, id = 1) => svg.dispatchEvent(
  new PointerEvent(kind, { clientX: x, clientY: y, pointerId: id, bubbles: true }));
const place = id => {
  const of = document.getElementById(id).getBoundingClientRect();
  return [of.x + of.width / 2, of.y + of.height / 2];
};
const told = {};
send("pointermove", ...place("layer1-node1"));
told.lit = edges.filter(edge => !edge.classList.contains("dim")).map(edge => edge.id);
told.tip = tip.textContent;
send("pointermove", 1, 1);
told.after = edges.filter(edge => edge.classList.contains("dim")).length;
const before = box.width;
send("pointerdown", 100, 100, 1); send("pointerdown", 200, 100, 2); send("pointermove", 300, 100, 2);
told.pinched = box.width / before;
document.title = JSON.stringify(told);
"""


@pytest.mark.slow
@pytest.mark.skipif(not program(), reason="a browser draws the page")
def test_the_connections_of_a_unit_stand_out_and_two_fingers_enlarge(tmp_path):
    page = cn.draw("2 -> 3 relu -> 1").text(".html").replace("</script>", f"{SCRIPT}</script>")
    (tmp_path / "page.html").write_text(page)
    asked = [program(), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,600", "--dump-dom"]
    done = subprocess.run(
        [*asked, f"file://{tmp_path}/page.html"], capture_output=True, text=True, timeout=120
    )
    told = re.search("<title>(.*?)</title>", done.stdout)[1].replace("&quot;", '"')
    lit = ["layer0-node1--layer1-node1", "layer0-node2--layer1-node1", "layer1-node1--layer2-node1"]
    tip = "node 1 of 3 in layer 1, 3 parameters"
    assert told == f'{{"lit":["{lit[0]}","{lit[1]}","{lit[2]}"],"tip":"{tip}","after":0,"pinched":0.5}}'
