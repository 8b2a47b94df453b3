"""The page, opened in a browser and used as a person would."""

import http.client
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.studio.conftest import NARROW, WIDE, expect_nodes, expect_text, resize, served, text_of, write
from tests.studio.contrast import CONTRAST, NAMELESS
from tests.studio.tabs import many_tabs

import chalknet as cn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def problem_of(page):
    return page.locator(".ck-write .ck-problem").inner_text()


@pytest.mark.parametrize(("first", "then", "theme"), [(WIDE, NARROW, "light"), (NARROW, WIDE, "dark")])
def test_a_text_is_seen_while_it_is_typed_and_all_of_the_page_can_be_read(opened, first, then, theme):
    page = opened(first, theme)
    write(page, "3 -> 5 relu -> 2 softmax")
    for layer, count in enumerate((3, 5, 2)):
        expect_nodes(page, layer, count)
    page.keyboard.press("Control+a")
    page.keyboard.type("4 -> 3 tanh")
    expect_nodes(page, 1, 3)
    assert page.locator(".ck-form").inner_text() == "Shorthand"
    page.wait_for_function("document.querySelector('.ck-forms pre').textContent.includes('out_features=3')")
    page.get_by_role("button", name="3 tanh").click()  # the area in which a layer is edited
    for size in (first, then):
        resize(page, size)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("document.body.classList.contains('body--dark')") == (theme == "dark")
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(NAMELESS) == []


def test_a_mistake_is_marked_at_its_place_and_its_remedy_said(opened):
    page = opened()
    write(page, "784 -> 32 relo -> 1 sigmoid")
    page.wait_for_selector(".ck-wrong")
    assert page.locator(".ck-wrong").inner_text() == "relo"
    assert "Did you mean relu" in problem_of(page)
    assert page.get_by_text("The picture shows the last text that could be read.").is_visible()
    assert page.evaluate(CONTRAST) == []
    write(page, "784 -> 32 relu -> 1 sigmoid")
    page.wait_for_selector(".ck-wrong", state="detached")
    assert page.locator(".ck-write .ck-problem").count() == 0
    write(page, "/etc/passwd")
    page.wait_for_selector(".ck-write .ck-problem")
    assert problem_of(page).startswith("text: got '/etc/passwd'")


def test_an_edit_by_hand_is_written_in_the_user_s_form(opened):
    page = opened()
    page.locator(".ck-chip[data-layer='1']").click()
    for form, width in (("torch", 4), ("latex", 3), ("dot", 5)):
        before, after = cn.read(f"3 -> {width} relu -> 1"), cn.read(f"3 -> {width + 1} relu -> 1")
        write(page, cn.write(before, form))
        expect_nodes(page, 1, width)
        page.get_by_role("button", name="One unit more").click()
        expect_nodes(page, 1, width + 1)
        expect_text(page, cn.write(after, form))


def test_the_picture_is_edited_by_hand_and_the_text_follows(opened):
    page = opened()
    write(page, "2 -> 4 relu -> 1 sigmoid")
    expect_nodes(page, 1, 4)
    page.locator("#layer1-node1").click()
    page.locator(".ck-pop").get_by_role("button", name="tanh", exact=True).click()
    expect_text(page, "2 -> 4 tanh -> 1 sigmoid")
    page.get_by_label("Width").last.fill("6")
    page.keyboard.press("Enter")
    expect_text(page, "2 -> 6 tanh -> 1 sigmoid")
    page.get_by_role("button", name="Add a layer after it").click()
    expect_text(page, "2 -> 6 tanh -> 6 tanh -> 1 sigmoid")
    page.get_by_role("button", name="Remove this layer").click()
    expect_text(page, "2 -> 6 tanh -> 1 sigmoid")
    expect_nodes(page, 3, 0)
    page.wait_for_selector(".ck-pop", state="detached")
    box = page.locator("#layer1-node2").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 20, steps=5)  # a unit each ten points
    page.mouse.up()
    expect_text(page, "2 -> 8 tanh -> 1 sigmoid")


def test_a_pointer_is_told_shapes_and_parameters_and_sees_the_connections_of_a_unit(opened):
    page = opened()
    write(page, "2 -> 3 relu -> 1 sigmoid")
    expect_nodes(page, 1, 3)
    page.locator("#layer1-node2").hover()
    page.wait_for_function("document.querySelector('.ck-tip').textContent")
    assert page.locator(".ck-tip").inner_text() == "Layer 1: 3 · relu · 9 parameters"
    assert page.locator(".edge:not(.dim)").count() == 3  # two that arrive, one that leaves
    view = "document.querySelector('.ck-canvas svg').viewBox.baseVal.width"
    whole = page.evaluate(view)
    page.get_by_role("button", name="Enlarge").click()
    assert page.evaluate(view) == pytest.approx(whole / 1.25, rel=1e-3)
    page.get_by_role("button", name="The whole picture").click()
    assert page.evaluate(view) == pytest.approx(whole, rel=1e-3)


def test_the_picture_is_drawn_in_each_style_or_the_reason_said(opened):
    page = opened()
    page.get_by_label("Style").select_option("blocks")
    page.wait_for_selector(".ck-canvas #block1")
    page.get_by_label("Style").select_option("D1")
    page.wait_for_function("document.querySelector('.ck-see .ck-problem').textContent.includes('D1')")
    write(page, "2 -> 1 sigmoid")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.ck-see .ck-problem')).display === 'none'"
    )
    alt = page.locator(".ck-canvas").get_attribute("aria-label")
    assert alt == cn.draw("2 -> 1 sigmoid", "D1").alt_text


def test_a_file_is_dropped_and_one_is_chosen(opened):
    page = opened()
    text = (PICTURES / "homework.mmd").read_text()
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "homework.mmd", { type: "text/plain" }));
            for (const kind of ["dragover", "drop"]) document.querySelector(".ck-see").dispatchEvent(
                new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    page.wait_for_selector(".ck-seen svg")
    assert page.get_by_text("homework.mmd was read.").is_visible()
    assert page.locator(".ck-form").inner_text() == "Mermaid" and "cat or dog" in text_of(page)
    page.locator("input[type=file]").first.set_input_files(
        {
            "name": "net.onnx",
            "mimeType": "application/octet-stream",
            "buffer": cn.write("5 -> 2 relu", "onnx"),
        }
    )
    expect_text(page, "5 -> 2 relu")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"milk, bread"}
    )
    page.wait_for_selector(".ck-account .ck-problem")
    assert "notes.txt" in page.locator(".ck-account .ck-problem").inner_text()
    assert text_of(page) == "5 -> 2 relu"


def test_files_and_a_link_are_taken_away_and_the_link_restores_everything(opened, tmp_path):
    page = opened()
    write(page, "6 -> 4 elu -> 1 sigmoid")
    expect_nodes(page, 0, 6)
    for word, name in (("PyTorch", "net.py"), ("SVG", "net.svg"), ("ONNX", "net.onnx")):
        with page.expect_download() as started:
            page.locator(".ck-take button", has_text=word).click()
        assert started.value.suggested_filename == name
        started.value.save_as(tmp_path / name)
        assert cn.read(tmp_path / name) == cn.read("6 -> 4 elu -> 1 sigmoid")
    page.get_by_label("Style").select_option("D11")
    page.get_by_label("Large type").check()
    page.locator(".ck-take button", has_text="Copy link").click()
    page.wait_for_function("location.hash.length > 1 && document.querySelector('.done')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url
    other = opened(NARROW, "dark", "#" + urlsplit(copied).fragment)
    expect_text(other, "6 -> 4 elu -> 1 sigmoid")
    other.wait_for_selector("html.ck-large")
    assert other.get_by_label("Style").input_value() == "D11"
    assert other.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_network_is_copied_in_any_form(opened):
    page = opened()
    write(page, "2 -> 3 relu -> 1")
    page.get_by_role("button", name="Keras", exact=True).click()
    page.wait_for_function("document.querySelector('.ck-forms pre').textContent.includes('Dense(3)')")
    page.get_by_role("button", name="Copy Keras").click()
    page.wait_for_selector(".done")
    assert page.evaluate("navigator.clipboard.readText()") == cn.write("2 -> 3 relu -> 1", "keras")


def test_korean_and_english_switch_at_once(opened):
    page = opened()
    write(page, "3 -> 2 relu -> 1 sigmoid")
    expect_nodes(page, 0, 3)
    english = page.locator(".ck-page").inner_text()
    page.get_by_label("Language").select_option("ko")
    page.wait_for_function("document.documentElement.lang === 'ko'")
    expect_text(page, "3 -> 2 relu -> 1 sigmoid")
    korean = page.locator(".ck-page").inner_text()
    assert re.search("[가-힣]", korean)
    left = set(re.findall(r"[A-Z][a-z]{2,} [a-z]{2,}[a-z ]*", korean))  # a sentence that is not translated
    assert not left & set(re.findall(r"[A-Z][a-z]{2,} [a-z]{2,}[a-z ]*", english))
    write(page, "3 -> 2 relo -> 1")
    page.wait_for_selector(".ck-write .ck-problem")
    assert re.search("[가-힣]", problem_of(page))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_page_begins_in_the_language_of_the_browser(studio):
    def first(accepted):
        connection = http.client.HTTPConnection(urlsplit(studio[0]).netloc, timeout=30)
        connection.request("GET", "/", headers={"Accept-Language": accepted})
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    assert "칠판에서 GPU까지" in first("ko-KR,ko;q=0.9,en;q=0.8")
    assert "from the blackboard to the GPU" in first("en-GB,en;q=0.9,ko;q=0.8")


def test_the_keyboard_alone_suffices(opened):
    page = opened()
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("2 -> 3 relu -> 1 sigmoid")
    expect_nodes(page, 1, 3)
    page.keyboard.press("Escape")
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        classes = page.evaluate("String(document.activeElement.className)")
        assert "cm-content" not in classes, "the editor holds the keyboard"
        seen.append(classes)
        if page.evaluate("document.activeElement.dataset.layer") == "1":
            break
    assert "ck-chip" in seen[-1] and any("ck-canvas" in classes for classes in seen)
    page.keyboard.press("+")
    expect_text(page, "2 -> 4 relu -> 1 sigmoid")
    page.keyboard.press("Enter")
    page.wait_for_selector(".ck-pop")
    page.wait_for_function("document.querySelector('.ck-pop').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.wait_for_selector(".ck-pop", state="detached")
    assert page.evaluate("document.activeElement.dataset.layer") == "1"
    page.keyboard.press("Delete")
    expect_text(page, "2 -> 1 sigmoid")


def test_an_upload_beyond_the_limit_is_refused(studio):
    connection = http.client.HTTPConnection(urlsplit(studio[0]).netloc, timeout=30)
    connection.putrequest("POST", "/_nicegui/client/x/upload/1")
    connection.putheader("Content-Length", str(60 << 20))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_twenty_tabs_at_once_lose_nothing_and_leave_nothing(studio, chromium):
    address, process = studio
    seen = many_tabs(chromium, address, process.pid, count=20, seconds=1)
    assert min(seen.edits) >= 1
    before, during, _after = seen.threads
    assert during <= before + 32  # threads are for all tabs together
    assert seen.connections[0] >= 20 and seen.connections[1] == 0


SHORT_WAIT = (
    "-c",
    "from chalknet.studio import app; app._ASKED_AGAIN_S = 0.5; from chalknet.__main__ import main; main()",
)
SILENT_UNTIL_ASKED_TWICE = """
    window.addEventListener("DOMContentLoaded", () => {
        const answer = chalknetStudio.begin.bind(chalknetStudio);
        window.asked = 0;
        chalknetStudio.begin = () => ++window.asked > 2 ? answer() : new Promise(() => {});
    });
"""


def test_a_browser_that_answers_late_is_asked_again_and_a_tab_that_never_does_is_let_go(tmp_path, chromium):
    context = chromium.new_context()
    context.add_init_script(SILENT_UNTIL_ASKED_TWICE)
    with served(tmp_path, program=SHORT_WAIT) as (address, _process):
        page = context.new_page()
        page.goto(address)
        page.wait_for_function("window.asked > 2")
        write(page, "5 -> 4 relu -> 2")
        expect_nodes(page, 1, 4)
        never = context.new_page()
        never.goto(address)
        never.wait_for_function("window.asked == 1")
        never.close()
        page.wait_for_timeout(8_000)  # a closed tab is forgotten after 5 s
        write(page, "5 -> 3 relu -> 2")
        expect_nodes(page, 1, 3)
    context.close()
    assert (tmp_path / "errors.txt").read_text() == ""
