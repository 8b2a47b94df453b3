"""Data and fit as a person meets them: points, a fit that is played, races, an own digit, a table."""

import io
from pathlib import Path

import pytest
from PIL import Image
from tests.studio.conftest import NARROW, WIDE, expect_text, resize, write

import chalknet as cn
from chalknet.module import read_onnx

README_PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "studio.png"
SMALL = "2 -> 8 tanh -> 1 sigmoid"
slow = pytest.mark.slow


def begin(page, data, network=None):
    """Choose data, and a network where one is wanted; wait until a fit of it can be played."""
    if network is not None:
        write(page, network)
        expect_text(page, network)
    chosen(page, "Data").select_option(data)
    chosen(page, "Loss").wait_for()


def chosen(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def updates(page):
    return int(page.locator(".ck-fit-panel").get_attribute("data-updates") or 0)


def reach(page, count):
    """Wait until a fit stands still after at least so many updates."""
    page.wait_for_function(
        "count => { const bench = document.querySelector('.ck-fit-panel').dataset;"
        " return bench.running === 'false' && Number(bench.updates) >= count; }",
        arg=count,
    )


def said(page, place=0):
    return page.locator("[data-fit=places] figcaption").nth(place).inner_text()


def number(text, word):
    """Return the number behind a word of a sentence: `loss 0.25`."""
    return float(next(part for part in text.split(" · ") if part.startswith(word)).split()[-1].strip("%"))


def picture(page, place=0):
    return page.locator("canvas.ck-place").nth(place).evaluate("canvas => canvas.toDataURL()")


def set_field(page, label, value):
    page.get_by_label(label, exact=True).fill(str(value))
    page.keyboard.press("Tab")


def drawn_edges_have_the_colours_of_their_weights(page):
    """Each edge of the picture knows its weight, its sign by the hue; the largest of a layer is opaque."""
    edges = page.evaluate(
        "(() => { const { frame } = [...chalknetFit.views.values()].at(-1);"
        " const weights = [...frame.floats(frame.edge_weights)];"
        " const lines = [...document.querySelectorAll('.ck-canvas .edge')];"
        " return lines.map((line, at) => [weights[at], line.weight,"
        " line.classList.contains('ck-negative'), Number(line.style.strokeOpacity)]); })()"
    )
    assert len({weight for weight, *_ in edges}) == len(edges) > 5
    for weight, told, is_negative, opacity in edges:
        assert told == weight
        assert is_negative == (weight < 0) or opacity == 0.06
    assert sum(opacity == 1 for *_, opacity in edges) == 2  # of two layers
    page.locator(".ck-canvas .edge").first.hover(force=True)
    page.wait_for_function("document.querySelector('.ck-tip').textContent.includes('weight')")


@slow
def test_spirals_are_fitted_watched_and_gone_back_through(opened):
    page = opened(NARROW)
    begin(page, "spirals", SMALL)
    set_field(page, "Stop after updates", 600)
    page.wait_for_function("document.querySelector('.ck-fit-panel')?.dataset.updates === '0'")
    press(page, "Play")
    reach(page, 600)
    end, regions = said(page), picture(page)
    assert updates(page) == 600 and number(end, "accuracy") > 50
    scrub = page.get_by_label("Go back")
    scrub.focus()
    page.keyboard.press("Home")
    page.wait_for_function("document.querySelector('.ck-fit-panel').dataset.updates === '0'")
    start = said(page)
    assert number(end, "loss") < number(start, "loss")
    assert picture(page) != regions
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.ck-fit-panel').dataset.updates === '600'")
    drawn_edges_have_the_colours_of_their_weights(page)
    press(page, "One update")
    reach(page, 601)
    press(page, "One epoch")
    reach(page, 605)
    assert updates(page) == 605  # 350 samples of the training in batches of 32: 11 updates an epoch
    for size in (NARROW, WIDE):
        resize(page, size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert page.locator("canvas.ck-place").bounding_box()["width"] > 200


@slow
def test_the_page_of_the_readme(opened, request):
    """Write a network, fit spirals, and see both; with --regold that is the picture of the README."""
    page = opened()
    begin(page, "spirals", "2 -> 16 tanh -> 16 tanh -> 1 sigmoid")
    set_field(page, "Stop after updates", 3000)
    chosen(page, "Speed").select_option("full")
    page.wait_for_function("document.querySelector('.ck-fit-panel')?.dataset.updates === '0'")
    press(page, "Play")
    reach(page, 3000)
    assert number(said(page), "held-out accuracy") > 95
    if request.config.getoption("--regold"):
        shown = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        shown.quantize(128, dither=Image.Dither.NONE).save(README_PICTURE, optimize=True)


@slow
def test_a_fit_is_paused_and_reset(opened):
    page = opened()
    begin(page, "xor", SMALL)
    set_field(page, "Stop after updates", 10**7)
    chosen(page, "Speed").select_option("full")
    press(page, "Play")
    page.wait_for_function("Number(document.querySelector('.ck-fit-panel').dataset.updates) > 50")
    press(page, "Pause")
    reach(page, 50)
    press(page, "Reset")
    page.wait_for_function("document.querySelector('.ck-fit-panel').dataset.updates === '0'")


@slow
def test_a_fit_and_what_is_seen_of_it_outlast_a_switch_of_the_language(opened):
    page = opened()
    begin(page, "xor", SMALL)
    set_field(page, "Stop after updates", 10**7)
    press(page, "Race three methods")
    page.wait_for_function("Number(document.querySelector('.ck-fit-panel').dataset.updates) > 50")
    chosen(page, "Axis").select_option(label="samples")
    page.get_by_label("Language").select_option("ko")
    page.wait_for_function("document.querySelector('figcaption')?.textContent.startsWith('경사하강법')")
    before = updates(page)
    assert before > 50  # the fit that was running, not one from the start
    page.wait_for_function(
        "before => Number(document.querySelector('.ck-fit-panel').dataset.updates) > before", arg=before
    )
    assert page.locator("[data-fit=axis]").input_value() == "1"
    page.locator("[data-fit=pause]").click()
    reach(page, before)


@slow
def test_an_entry_is_kept_whatever_happens_while_it_is_typed(opened):
    page = opened()
    begin(page, "xor", SMALL)
    field = page.get_by_label("Stop after updates", exact=True)
    field.fill("60")  # not left yet
    page.get_by_role("combobox", name="Style").evaluate(
        "list => { list.value = 'D11'; list.dispatchEvent(new Event('change')); }"
    )
    with page.expect_response(lambda got: got.url.endswith("/points")):
        chosen(page, "Data").evaluate(
            "list => { list.value = 'circles'; list.dispatchEvent(new Event('change')); }"
        )
    page.get_by_label("Dark").evaluate("box => box.click()")
    page.wait_for_function("document.body.classList.contains('body--dark')")
    assert field.input_value() == "60"
    press(page, "Play")  # leaves the field, and plays
    reach(page, 60)
    assert updates(page) == 60


@slow
def test_a_feature_is_added_and_the_network_follows(opened):
    page = opened()
    begin(page, "xor", "2 -> 1 sigmoid")
    set_field(page, "Add a feature", "x1*x2 + nonsense")
    page.get_by_text("nonsense; wanted").wait_for()
    press(page, "Feature x1*x2")
    press(page, "Make the network suit the data")
    expect_text(page, "3 -> 1 sigmoid")
    set_field(page, "Stop after updates", 800)
    set_field(page, "Learning rate", 0.05)
    press(page, "Play")
    reach(page, 800)
    assert number(said(page), "accuracy") > 85  # no line divides these classes without the product


@slow
def test_three_methods_race_from_the_same_start(opened):
    page = opened()
    begin(page, "circles", SMALL)
    set_field(page, "Stop after updates", 300)
    press(page, "Race three methods")
    page.wait_for_function("document.querySelectorAll('[data-fit=places] figure').length === 3")
    reach(page, 300)
    assert [said(page, place).partition(":")[0] for place in range(3)] == [
        "gradient descent",
        "mini-batches of 32",
        "batch size 1",
    ]
    for axis in ("samples", "seconds", "updates"):
        chosen(page, "Axis").select_option(label=axis)
    starts = page.evaluate(
        "(() => { const bench = [...chalknetFit.views.values()].at(-1), frame = bench.frame;"
        " return frame.racers.map((racer) => [...frame.floats(racer.curve).slice(0, 5)]); })()"
    )
    assert starts[0] == starts[1] == starts[2]
    resize(page, NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    if all(device.name == "cpu" for device in cn.devices()):
        press(page, "Race CPU and GPU")
        page.get_by_text("No GPU was found").wait_for()


@slow
def test_points_follow_a_formula_that_is_typed(opened):
    page = opened()
    write(page, SMALL)
    chosen(page, "Data").select_option("formula")
    set_field(page, "Formula", "y > __import__('os')")
    page.get_by_text("__import__('os'); wanted").wait_for()
    set_field(page, "Formula", "y > x**2/3 - 2")
    page.wait_for_function(
        "(() => { const { points, table: all } = [...chalknetFit.views.values()].at(-1) || {};"
        " return points?.count === 500 && [...Array(500).keys()].filter((row) =>"
        " (all[4 * row + 1] > all[4 * row] ** 2 / 3 - 2) === (all[4 * row + 2] > 0.5)).length > 440; })()"
    )


@slow
def test_points_are_painted_by_pointer_and_by_keyboard(opened):
    page = opened()
    write(page, SMALL)
    chosen(page, "Data").select_option("painted")
    place = page.locator("canvas.ck-place")
    page.wait_for_function("[...chalknetFit.views.values()].at(-1)?.points?.count === 2")
    for at, kind in (((60, 60), "0"), ((200, 200), "1")):
        chosen(page, "Class").select_option(kind)
        page.wait_for_timeout(200)
        place.click(position={"x": at[0], "y": at[1]})
    count = "[...chalknetFit.views.values()].at(-1).points.count"
    page.wait_for_function(f"{count} === 4")
    place.focus()
    for key in ("ArrowRight", "ArrowUp", "0", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function(f"{count} === 5")
    press(page, "One update")
    reach(page, 1)


@slow
def test_a_table_is_uploaded_and_fitted(opened, tmp_path):
    table = tmp_path / "houses.csv"
    rows = "\n".join(f"{i},{i % 7},{'town' if i % 2 else 'village'},{2 * i + i % 2 * 30}" for i in range(80))
    table.write_text(f"area,age,place,price\n{rows}\n")
    page = opened()
    chosen(page, "Data").select_option("file")
    page.locator("[data-fit=file] input[type=file]").set_input_files(table)
    chosen(page, "Target").wait_for()
    press(page, "Make the network suit the data")
    chosen(page, "Loss").wait_for()
    assert chosen(page, "Loss").input_value() == "mse"
    before = picture(page)
    set_field(page, "Stop after updates", 300)
    press(page, "Play")
    reach(page, 300)
    assert picture(page) != before
    page.wait_for_function("document.querySelector('canvas.ck-place').ariaLabel.includes('true one')")
    chosen(page, "Target").select_option("place")
    page.wait_for_function("[...chalknetFit.views.values()].at(-1).points.classes.length === 2")
    press(page, "Make the network suit the data")
    chosen(page, "Loss").wait_for()
    press(page, "One update")
    reach(page, 1)
    page.wait_for_function("document.querySelector('canvas.ck-place').ariaLabel.includes('true class')")
    counts = page.evaluate(
        "(() => { const { frame } = [...chalknetFit.views.values()].at(-1);"
        " return [...frame.whole(frame.racers[0].picture)]; })()"
    )
    assert len(counts) == 4 and sum(counts) == 24  # the held-out part of 80 rows


@slow
def test_from_the_lectures_formula_to_a_fitted_net_a_drawn_digit_and_a_picture(opened, tmp_path):
    """What a student does in three minutes; a busy machine may take longer."""
    page = opened()
    write(page, "X(n,784) -l1-> u1(n,32) -relu-> v1(n,32) -l2-> u2(n,1) -sig-> v2(n,1) = yhat")
    begin(page, "mnist01")
    set_field(page, "Stop after updates", 300)
    press(page, "Play")
    reach(page, 300)
    assert number(said(page), "held-out accuracy") > 99
    slate = page.locator("[data-fit=slate]")
    slate.scroll_into_view_if_needed()
    box = slate.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(x + 4, y + 20)
    page.mouse.down()
    page.mouse.move(x, y + box["height"] / 2, steps=6)
    page.mouse.move(x - 4, y + box["height"] - 20, steps=6)
    page.mouse.up()
    page.get_by_text("The network says 1").wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download net.onnx").click()
    page.get_by_text("Its weights are the fitted ones.").wait_for()
    waiting.value.save_as(tmp_path / "net.onnx")
    taken = read_onnx(tmp_path / "net.onnx")
    x, y = cn.load("mnist01").held_out.take(slice(0, 500))
    assert ((taken.module(x) > 0.5) == (y > 0.5)).float().mean() > 0.98
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the training as PNG").click()
    with Image.open(waiting.value.path()) as image:
        assert image.format == "PNG" and image.width > 400


@slow
def test_the_training_is_a_moving_picture_and_dark_pages_say_what_they_show(opened):
    page = opened(theme="dark")
    begin(page, "moons", SMALL)
    set_field(page, "Stop after updates", 100)
    press(page, "Play")
    reach(page, 100)
    page.wait_for_function("document.querySelector('canvas.ck-place').ariaLabel.includes('update 100')")
    for kind in ("GIF", "WEBP"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Download the training as {kind}").click()
        with Image.open(waiting.value.path()) as image:
            assert image.format == kind and image.n_frames > 3
