"""Many tabs of one studio, each with a network of its own, edited again and again."""

import time
from typing import NamedTuple

import psutil
from tests.studio.conftest import STARTS_WITHIN_MS, expect_nodes, write

_GONE_WITHIN_S = 60


class TabsSeen(NamedTuple):
    """What became of the tabs: the edits that each saw, and what the server had before, with and after."""

    edits: tuple[int, ...]
    threads: tuple[int, int, int]
    connections: tuple[int, int]


def many_tabs(browser, address, server, *, count, seconds):
    """Open tabs, edit each in turn until the time is over, close them, and return what was seen.

    Every edit is awaited in its own tab, so that one which is lost, or lands in another tab, is a timeout.
    """
    process = psutil.Process(server)
    before = process.num_threads()
    context = browser.new_context(viewport={"width": 900, "height": 700})
    context.set_default_timeout(2 * STARTS_WITHIN_MS)
    pages = []
    for _ in range(count):
        page = context.new_page()
        page.goto(address, wait_until="commit")  # the next one begins while this one loads
        pages.append(page)
    for page in pages:
        page.wait_for_function("document.querySelector('.cm-content')?.getAttribute('aria-label')")
    edits = [0] * count
    ends = time.monotonic() + seconds
    while not edits[-1] or time.monotonic() < ends:
        round_of = edits[-1]
        for number, page in enumerate(pages):
            write(page, f"{number + 1} -> {1 + round_of % 7} relu -> 1")
        for number, page in enumerate(pages):
            expect_nodes(page, 1, 1 + round_of % 7)
            name = page.locator(".ck-chip[data-layer='0'] b").inner_text()
            assert name == str(number + 1), f"tab {number} shows the network of another one"
            edits[number] += 1
    during, connected = process.num_threads(), _connected(process)
    context.close()
    gone = time.monotonic() + _GONE_WITHIN_S
    while _connected(process) and time.monotonic() < gone:
        time.sleep(0.1)
    return TabsSeen(tuple(edits), (before, during, process.num_threads()), (connected, _connected(process)))


def _connected(process):
    return sum(each.status == psutil.CONN_ESTABLISHED for each in process.net_connections("tcp"))
