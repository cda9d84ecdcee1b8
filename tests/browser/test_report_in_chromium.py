"""The page as a browser shows it: headless Chromium, light and dark, wide and narrow."""

from __future__ import annotations

import json
import os
import shutil
import time
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from cftsr.data.dataset import write_dataset
from cftsr.output.page import About, write_report
from cftsr.output.tables.write import write_tables
from cftsr.results.findings import Findings
from cftsr.sweep.cells import Cell
from cftsr.sweep.paths import Fits
from tests.unit.output.test_tables import EXACT, PUBLISHED, WRONG, own, record, undecided
from tests.unit.records import small_spectrum

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM or not DRIVER, reason="no chromium and chromedriver here"),
]

WIDE, NARROW = (1440, 900), (390, 844)
FREE = "wzw_su2/conformal_weight/n100_f10/free"
CHARGE = "wzw_su2/central_charge/n100/any"


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """A page with all kinds of answers, and around it the files that it links to."""
    folder = tmp_path_factory.mktemp("sweep")
    results, spectra = folder / "results" / "default", folder / "data" / "spectra"
    paths = Fits(str(folder / "results" / "fits" / "quick"))
    records = [
        record("0.7", EXACT, certificate="identified"),
        record("0.7", "0.2*l+0.1", WRONG, engine="operon", setting="free"),
        undecided(engine="pysr", setting="free", seed=0),
        record("0.7", "l*(l+2.0)/(k+2.0)*0.25", engine="pysr", setting="free", seed=1),
        record("k", "3*k/(k+2)", task="central_charge"),
    ]
    cells = [item["cell"] for item in records]
    cells.append(cells[1] | {"setting": "integer"})
    for item in records:
        for place in (paths.front, paths.fit, paths.verdict, paths.cost, paths.fit_log, paths.verify_log):
            file = Path(place(Cell(**item["cell"]).folder))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("{}", encoding="utf-8")
    for task, name in (("conformal_weight", "n100_f10"), ("central_charge", "n100")):
        data, held_out = small_spectrum("wzw_su2", task)
        write_dataset(spectra / "wzw_su2" / task / f"{name}.parquet", data)
        write_dataset(spectra / "wzw_su2" / task / f"{name}.held_out.parquet", held_out)
    write_tables(Findings(records, cells), results, PUBLISHED)
    about = About("quick", {"seeds": [0, 1]}, {"rational2": "it does not exist"})
    write_report(Findings(records, cells), results / "report.html", spectra, PUBLISHED, about, paths.root)
    return results / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # The driver's own look for a newer driver would go to the network.
    os.environ["SE_OFFLINE"] = "true"
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def beyond(tmp_path_factory) -> Path:
    """A page of what the paper has not: energies, quantities of a theory, spectra of one's own, many seeds."""
    folder = tmp_path_factory.mktemp("beyond")
    results, spectra = folder / "results" / "default", folder / "data" / "spectra"
    loose = own("loose", "fits", ["l takes 2 value(s); 4 are needed to test the formula in it"])
    loose["verdict"]["recovered"] = "undecided"
    loose["fit"]["certificate"] |= {
        "competing_formula": "l*(k+3*l+5)/(8*(k+2))-(k-l)/(k+200)",
        "deciding_labels": {"k": 9, "l": 4},
        "deciding_values": ["6/11", "3/2"],
    }
    near = own("near")
    for item in near["verdict"]["equations"]:
        if item["exact_on_data"] == "yes":
            item |= {"exact_on_data": "approximate", "exact_on_held_out": "approximate"}
    near["verdict"]["recovered"] = "approximate"
    none = record("0.7", task="gap", family="minimal")
    none["fit"]["certificate"] = {"outcome": "none", "reasons": ["no P/Q of degree 12 or less fits all rows"]}
    records = [
        *(record("0.7", EXACT if n % 3 else WRONG, engine="operon", setting="free", seed=n) for n in range(12)),
        record("0.7", "l*(l+2)/(4*(k+2))-k/(8*(k+2))", task="energy", certificate="identified"),
        own(),
        loose,
        near,
        none,
    ]
    cells = [item["cell"] for item in records]
    data, held_out = small_spectrum("wzw_su2", "conformal_weight")
    for name in ("conformal_weight/n100_f10", "energy/n100_f10"):
        write_dataset(spectra / "wzw_su2" / f"{name}.parquet", data)
        write_dataset(spectra / "wzw_su2" / f"{name}.held_out.parquet", held_out)
    write_tables(Findings(records, cells), results, PUBLISHED)
    write_report(Findings(records, cells), results / "report.html", spectra, PUBLISHED, About("quick"))
    return results / "report.html"


@pytest.fixture
def visit(browser, page):
    """Open an address of the page and wait until the charts in sight are drawn."""
    return opener(browser, page)


@pytest.fixture
def visit_beyond(browser, beyond):
    return opener(browser, beyond)


def opener(browser, page):
    def open_at(address="", size=WIDE, scheme="light"):
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == NARROW},
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get("about:blank")
        browser.get(page.as_uri() + (f"#{address}" if address else ""))
        return browser

    return open_at


def draw_all(browser) -> int:
    """Scroll every chart of the shown view into sight, and wait for them; how many there are."""
    wanted = browser.execute_script(
        "const seen = [...document.querySelectorAll('.chart')].filter((item) => item.offsetParent);"
        "seen.forEach((item) => item.scrollIntoView({behavior: 'instant'})); return seen.length;"
    )
    count = (
        "return [...document.querySelectorAll('.chart')].filter("
        "(item) => item.offsetParent && item.querySelector('svg, canvas')).length"
    )
    scroll = (
        "[...document.querySelectorAll('.chart')].filter((item) => item.offsetParent && !item.childElementCount)"
        ".slice(0, 1).forEach((item) => item.scrollIntoView({behavior: 'instant'})); "
    )
    assert eventually(lambda: browser.execute_script(scroll + count) == wanted)
    return wanted


def eventually(condition, seconds=60) -> bool:
    """Whether it comes to hold; a busy machine may take its time."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def text(browser, selector):
    return browser.execute_script("return document.querySelector(arguments[0])?.innerText", selector)


def test_charts_are_drawn_without_errors_or_requests(visit, page):
    browser = visit()
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    for address in ("", FREE, CHARGE):
        visit(address)
        assert draw_all(browser) >= 2
        # A chart fits into the page that holds it.
        assert browser.execute_script(
            "return [...document.querySelectorAll('.chart')].filter((item) => item.offsetParent)"
            ".every((item) => item.scrollWidth <= item.clientWidth + 1)"
        )
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        message["params"]["request"]["url"].partition("#")[0]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith(("data:", "blob:", "about:"))} == {page.as_uri()}


def test_every_link_resolves(visit, page):
    links = visit().execute_script(
        "return [...document.querySelectorAll('a')].map((item) => item.getAttribute('href'))"
    )
    ids = set(visit().execute_script("return [...document.querySelectorAll('[id]')].map((item) => item.id)"))
    assert len(links) > 50
    for link in links:
        parts = urlsplit(link)
        assert not parts.scheme, link
        assert not parts.netloc, link
        if parts.path:
            assert (page.parent / unquote(parts.path)).is_file(), link
        else:
            assert unquote(parts.fragment) in ids, link


def test_addresses_open_the_right_view(visit):
    browser = visit(FREE)
    assert text(browser, ".view:target h2") == "WZW su(2)k: conformal weight h"
    assert browser.title.startswith("WZW su(2)ₖ: conformal weight h, 100 theories, lowest 10%, free constants")
    shown = "return [...document.querySelectorAll('.view, .overview')].filter((item) => item.offsetParent).length"
    assert browser.execute_script(shown) == 1
    browser.execute_script(f"location.hash = '{CHARGE}'")
    assert "central charge c" in text(browser, ".view:target h2")
    # The keyboard goes on from there.
    focused = "return document.activeElement === document.querySelector('.view:target h2')"
    assert eventually(lambda: browser.execute_script(focused))
    browser.back()
    assert "conformal weight h" in text(browser, ".view:target h2")
    visit("minimal/no_such_cell")
    assert "There is no cell “minimal/no_such_cell”" in text(browser, "#unknown")
    assert text(browser, "#overview-title") == "3 of 6 fits recovered the formula"


def test_filter_and_sorting(visit):
    browser = visit()
    lines = (
        "return [...document.querySelectorAll('table.cells tbody tr')].filter((item) => !item.hidden)"
        ".map((item) => item.cells[1].innerText + '; ' + item.cells[2].innerText)"
    )

    def enter(name, value):
        browser.execute_script(
            "const item = document.getElementById(arguments[0]); item.value = arguments[1];"
            "item.dispatchEvent(new Event('input', {bubbles: true}))",
            name,
            value,
        )

    everything = browser.execute_script(lines)
    assert len(everything) == 3
    enter("filter-text", "10% integer")
    assert browser.execute_script(lines) == ["100 theories, lowest 10%; integer columns"]
    assert text(browser, "#filter-count") == "1 of 3 lines"
    enter("filter-text", "no such thing")
    assert "No line has that" in text(browser, "#filter-none")
    browser.execute_script("document.getElementById('filter-clear').click()")
    assert browser.execute_script(lines) == everything
    enter("filter-state", "undecided")
    enter("filter-engine", "operon")
    assert browser.execute_script(lines) == []
    enter("filter-engine", "pysr")
    assert browser.execute_script(lines) == ["100 theories, lowest 10%; free constants"]

    column = (
        "const body = document.querySelector('#table-3 tbody');"
        "return [...body.querySelectorAll('tr:not(.heading)')].map((row) => row.cells[2].dataset.order)"
        ".filter((value) => value !== undefined).map(Number)"
    )
    head = "document.querySelectorAll('#table-3 th[data-sort] button')[2].click()"
    browser.execute_script(head)
    values = browser.execute_script(column)
    assert values == sorted(values)
    browser.execute_script(head)
    assert browser.execute_script(column) == values[::-1]
    assert browser.execute_script("return document.querySelector('#table-3 tbody tr').className") == "heading"


def test_formulas_are_typeset(visit):
    browser = visit(FREE)
    sizes = (
        "return [...document.querySelectorAll('.view:target .formula-line math')]"
        ".map((item) => item.getBoundingClientRect()).map((box) => [box.width, box.height])"
    )
    assert len(browser.execute_script(sizes)) >= 4
    assert eventually(lambda: all(w > 20 and h > 8 for w, h in browser.execute_script(sizes))), browser.execute_script(
        sizes
    )
    fraction = "return document.querySelector('.view:target .answer mfrac').getBoundingClientRect().height"
    assert browser.execute_script(fraction) > 25


def test_headings_are_in_order_and_figures_have_words(visit):
    for address in ("", FREE):
        browser = visit(address)
        levels = browser.execute_script(
            "return [...document.querySelectorAll('h1, h2, h3, h4, h5')].filter((item) => item.offsetParent)"
            ".map((item) => Number(item.tagName[1]))"
        )
        assert levels[:2] == [1, 2]
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
        words = browser.execute_script(
            "return [...document.querySelectorAll('.chart')].map((item) => item.getAttribute('aria-label'))"
        )
        assert [item for item in words if len(item) < 20] == []
        unnamed = browser.execute_script(
            "return [...document.querySelectorAll('input, select')].filter((item) => !item.labels.length).length"
        )
        assert unnamed == 0


def test_keyboard_focus_is_visible(visit):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    browser = visit()
    seen = []
    for _ in range(14):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        seen.append(
            browser.execute_script(
                "const item = document.activeElement, style = getComputedStyle(item);"
                "const box = item.getBoundingClientRect(), there = box.width > 0 && box.left >= 0;"
                "return [item.innerText, style.outlineStyle, parseFloat(style.outlineWidth), there]"
            )
        )
    assert seen[0][0] == "Skip to the content"
    assert all(style == "solid" and width >= 2 and there for _, style, width, there in seen), seen


# The ratio of WCAG 2 for each shown text outside of the charts: [ratio, needed, text].
CONTRAST = """
const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const colour = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
function background(item) {
  if (!item) return [255, 255, 255];
  const own = colour(getComputedStyle(item).backgroundColor);
  return own[3] === 1 ? own : over(own, background(item.parentElement));
}
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const item = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !item.getClientRects().length) continue;
  if (item.closest('.chart, script, .unseen')) continue;
  const style = getComputedStyle(item), size = parseFloat(style.fontSize);
  const back = background(item), front = over(colour(style.color), back);
  const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  found.push([(high + 0.05) / (low + 0.05), large ? 3 : 4.5, walker.currentNode.data.trim().slice(0, 40)]);
}
return found;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough(visit, scheme):
    for address in ("", FREE):
        measured = visit(address, scheme=scheme).execute_script(CONTRAST)
        assert len(measured) > 100
        assert [item for item in measured if item[0] < item[1]] == []


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_nothing_sticks_out(visit, size):
    for address in ("", FREE, CHARGE):
        browser = visit(address, size)
        draw_all(browser)
        width, place = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert width <= place == size[0]


BEYOND = ("", FREE, "loose/given/n100/any", "near/given/n100/any", "minimal/gap/n100/any")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_nothing_beyond_the_paper_sticks_out(visit_beyond, size):
    for address in BEYOND:
        browser = visit_beyond(address, size)
        draw_all(browser)
        width, place = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert width <= place == size[0], address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_beyond_the_paper(visit_beyond, scheme):
    for address in BEYOND:
        measured = visit_beyond(address, scheme=scheme).execute_script(CONTRAST)
        assert [item for item in measured if item[0] < item[1]] == []


def test_symbols_and_answers_beyond_the_paper(visit_beyond):
    browser = visit_beyond("loose/given/n100/any")
    assert text(browser, ".view:target h2") == "My data: x1"
    assert "undecided" in text(browser, ".view:target .answer")
    sizes = (
        "return [...document.querySelectorAll('.view:target math')].map((item) => item.getBoundingClientRect().width)"
    )
    assert all(width > 5 for width in browser.execute_script(sizes))
    assert "A measurement there decides" in text(browser, ".view:target")
    browser = visit_beyond("near/given/n100/any")
    assert "agrees within uncertainty" in text(browser, ".view:target .answer")
    browser = visit_beyond("minimal/gap/n100/any")
    assert text(browser, ".view:target h2").startswith("Virasoro minimal M(p,q): gap")
    assert "No formula was found" in text(browser, ".view:target .answer")
    browser = visit_beyond(FREE)
    lines = "return document.querySelectorAll('.view:target details.fit tbody tr').length"
    assert browser.execute_script(lines) == 11
    assert "67% [39%, 86%]" in text(browser, ".view:target")
