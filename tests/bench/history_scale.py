"""Compare a history of 100,000 transcripts with one of ten: `python -m tests.bench.history_scale [count] [folder]`.

With a folder as argument, the generated data stays there for the next run. Two kinds of searches are measured: for
words of random transcripts, and for words that nearly all transcripts contain, which is the worst case.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import sqlalchemy as sa
from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.many_transcripts import generate
from tests.bench.table import print_table
from tests.chromium import launch
from tests.conftest import reset_caches
from tests.server import Server

VISITOR = "bench"
OWNER = f"visitor:{VISITOR}"
COMMON = ["the", "of", "and", "to", "a", "in", "that", "it", "the of", '"of the"', "that was", "with"]
RUNS, OPEN_PAGES = 7, 5
CELL = "[data-testid=glide-cell-2-0]"
TABLE = ".st-key-history canvas"
# Return whether the first row is drawn: its title has dark pixels. The cells for screen readers appear a third of a
# second later. Skip canvases marked `old`, because the previous table stays for a moment when the new one appears.
DRAWN = """() => {
    const canvas = [...document.querySelectorAll('.st-key-history canvas')].find(canvas => !canvas.old)
    if (!canvas || canvas.width < 100 || canvas.height < 100) return false
    const scale = canvas.width / canvas.clientWidth
    const row = canvas.getContext('2d').getImageData(100 * scale, 40 * scale, 300 * scale, 25 * scale).data
    let dark = 0
    for (let at = 0; at < row.length; at += 4) dark += row[at + 3] > 200 && row[at] + row[at + 1] + row[at + 2] < 300
    return dark > 50
}"""
# Check DRAWN in every frame. Playwright's `wait_for_function` uses `eval`, which the app's policy blocks.
WHEN_DRAWN = f"""() => new Promise(done => {{
    const drawn = {DRAWN}
    const look = () => drawn() ? done() : requestAnimationFrame(look)
    look()
}})"""


def use_data(data: Path, count: int) -> None:
    """Make `data` the data folder of this process, and fill it with `count` transcripts if it has none."""
    os.environ["STT_DATA_DIR"] = str(data)
    reset_caches()
    from stt.library import history

    if not history.totals(OWNER).count:
        generate(OWNER, count)


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds of wall and processor time of a call. On a busy machine only the latter is meaningful."""
    wall, used = time.perf_counter(), time.process_time()
    function()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - used) * 1000


def random_queries() -> list[str]:
    """Return 150 queries from random transcripts: up to three words of over 3 letters, or two words in quotes."""
    from stt.db.engine import database
    from stt.db.tables import transcripts

    draw = random.Random(7)
    with database().connect() as connection:
        texts = connection.execute(sa.select(transcripts.c.text).limit(2000)).scalars().all()
    queries = []
    while len(queries) < 150:
        words = draw.choice(texts).replace(".", "").split()
        at = draw.randrange(len(words))
        chosen = [word for word in draw.sample(words, min(len(words), draw.randint(1, 3))) if len(word) > 3]
        queries += (
            [f'"{words[at]} {words[at + 1]}"'] if draw.random() < 0.2 and at + 1 < len(words) else [" ".join(chosen)]
        )
        queries = [query for query in queries if query]
    return queries


def search_as_page(query: str) -> None:
    """Run all database queries of a search on the page: totals, first hundred transcripts, hits in context."""
    from stt.library import history

    history.totals(OWNER, text=query)
    history.in_context(history.find(OWNER, text=query, limit=100), query)


def on_the_server() -> list[list[str]]:
    from stt.library import history

    def row(name: str, times: list[tuple[float, float]]) -> list[str]:
        wall, used = zip(*times, strict=True)
        return [name, *(f"{value:.0f}" for t in (wall, used) for value in (median(t), quantiles(t, n=20)[-1]))]

    search_as_page("warm")
    sorts = [(sort, down) for sort in history.SORTS for down in (True, False)]
    return [
        row("search, 150 queries", [timed(lambda q=q: search_as_page(q)) for q in random_queries()]),
        row(
            "search, words that nearly all transcripts contain",
            [timed(lambda q=q: search_as_page(q)) for q in COMMON * 3],
        ),
        row(
            "new sort order, every column",
            [timed(lambda s=s, d=d: history.find(OWNER, sort=s, descending=d, limit=100)) for s, d in sorts * 3],
        ),
        row("totals of all transcripts", [timed(lambda: history.totals(OWNER)) for _ in range(20)]),
    ]


def resident(server: Server) -> float:
    """Return the resident memory of the server in MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def visit(browser: Browser, server: Server) -> Page:
    from stt.auth import visitors

    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": visitors.COOKIE, "value": visitors.cookie_for(VISITOR), "url": server.url}])
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


def first_view(page: Page, server: Server) -> tuple[float, float]:
    """Return the seconds until the first row is drawn, and until the row has its cells for screen readers."""
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(server.url + "/history", wait_until="commit")
    page.evaluate(WHEN_DRAWN)
    drawn = time.perf_counter() - began
    page.locator(CELL).wait_for(state="attached")
    return drawn, time.perf_counter() - began


def view_times(title: str, views: list[tuple[float, float]]) -> dict[str, float]:
    drawn, readable = zip(*views, strict=True)
    return {
        f"first view, {title}, s": median(drawn), f"slowest first view of {len(views)}, {title}, s": max(drawn),
        f"first view with cells for screen readers, {title}, s": median(readable),
    }  # fmt: skip


def in_the_browser(browser: Browser, data: Path) -> dict[str, float]:
    with Server(data) as server:
        first_view(visit(browser, server), server)  # not measured: the first view makes the server import and load more
        uncached = []
        for _ in range(RUNS):
            page = visit(browser, server)
            uncached.append(first_view(page, server))
            page.context.close()
        page = visit(browser, server)
        first_view(page, server)
        cached = [first_view(page, server) for _ in range(RUNS)]
        sorting = []
        for _ in range(RUNS):
            box = page.locator(TABLE).first.bounding_box()
            assert box
            page.locator(TABLE).evaluate_all("all => all.forEach(canvas => { canvas.old = true })")
            began = time.perf_counter()
            page.mouse.click(box["x"] + 250, box["y"] + 15)
            page.evaluate(WHEN_DRAWN)
            sorting.append(time.perf_counter() - began)
        heap = page.evaluate("performance.memory.usedJSHeapSize") / 2**20
        page.context.close()
        memory_before = resident(server)
        pages = [visit(browser, server) for _ in range(OPEN_PAGES)]
        for page in pages:
            first_view(page, server)
        grown = (resident(server) - memory_before) / OPEN_PAGES
        for page in pages:
            page.context.close()
        return {
            **view_times("empty cache", uncached), **view_times("warm cache", cached),
            "from a click on a header to the newly sorted rows, s": median(sorting),
            "server memory for each open page, MB": grown, "browser memory of scripts, MB": heap, "total server memory, MB": resident(server),
        }  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(name)
        few, many = folder / "few", folder / "many"
        browser = launch(playwright.chromium)
        use_data(few, 10)
        small = in_the_browser(browser, few)
        use_data(many, count)
        large = in_the_browser(browser, many)
        headers = [
            "operation",
            "median, ms",
            "95th percentile, ms",
            "processor time: median, ms",
            "processor time: 95th percentile, ms",
        ]
        print_table(f"{count:,} transcripts: time on the server", headers, on_the_server())
        rows = [[name, f"{small[name]:.2f}", f"{large[name]:.2f}"] for name in small]
        print_table("In the browser (medians)", ["measurement", "10 transcripts", f"{count:,} transcripts"], rows)
        browser.close()


if __name__ == "__main__":
    main()
