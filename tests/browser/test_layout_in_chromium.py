"""How the page is laid out on a telephone, a laptop and a wide screen: one test for each fault that was seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cftsr.data.dataset import write_dataset
from cftsr.output.page import About, write_report
from cftsr.output.tables.write import write_tables
from cftsr.results.findings import Findings
from tests.browser.test_report_in_chromium import browser, draw_all, eventually, opener, pytestmark  # noqa: F401
from tests.unit.output.test_tables import EXACT, PUBLISHED, WRONG, own, record
from tests.unit.records import small_spectrum

SIZES = [(390, 844), (1200, 800), (1440, 900)]
at_each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
FAMILIES = ("coset_su2", "parafermions", "wzw_su3", "wzw_g2", "w3_minimal", "n2_superconformal", "wzw_sun")
ENGINES = ("rational", "operon", "pysr")


def written(folder: Path, records: list[dict], spectra: list[tuple[str, str]] = ()) -> Path:
    results = folder / "results" / "default"
    for family, task in spectra:
        data, held_out = small_spectrum("wzw_su2", task)
        write_dataset(folder / f"data/spectra/{family}/{task}/n100_f10.parquet", data)
        write_dataset(folder / f"data/spectra/{family}/{task}/n100_f10.held_out.parquet", held_out)
    findings = Findings(records, [item["cell"] for item in records])
    write_tables(findings, results, PUBLISHED)
    write_report(findings, results / "report.html", folder / "data" / "spectra", PUBLISHED, About("quick"))
    return results / "report.html"


@pytest.fixture(scope="module")
def grid(tmp_path_factory) -> Path:
    """The paper's grid with three engines, and tall formulas."""
    tall = "13-6*(p/q+q/p)"
    records = [record("0.7", tall, task="central_charge", family="minimal")]
    for number, engine in enumerate(ENGINES):
        setting = "any" if engine == "rational" else "free"
        for theories in (100, 200, 300):
            for fraction in ("0.1", "0.3", "0.5"):
                formula = WRONG if engine == "operon" and theories == 200 else EXACT
                records.append(
                    record("0.7", formula, engine=engine, setting=setting, theories=theories, fraction=fraction)
                )
        records[-1]["cost"]["fit_cpu_seconds"] = 10.0**number
    return written(tmp_path_factory.mktemp("grid"), records, [("wzw_su2", "conformal_weight")])


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """Many families, with names that have indices."""
    records = []
    for family in FAMILIES:
        for task, formula in (("central_charge", "3*k/(k+2)"), ("conformal_weight", EXACT), ("energy", EXACT)):
            records.append(record("0.7", formula, task=task))
            records[-1]["cell"]["family"] = family
    return written(tmp_path_factory.mktemp("many"), records)


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> Path:
    return written(tmp_path_factory.mktemp("mine"), [own()])


def boxes(browser, selector):  # noqa: F811
    """[text, left, top, right, bottom] of each that is shown."""
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].filter((item) => item.getClientRects().length)"
        ".map((item) => [item.textContent, item.getBoundingClientRect()])"
        ".map(([text, box]) => [text, box.left, box.top, box.right, box.bottom])",
        selector,
    )


@at_each_size
@pytest.mark.parametrize("place", ["tables", "provenance"])
def test_an_address_lands_where_it_says(browser, grid, size, place):  # noqa: F811
    opener(browser, grid)(place, size)
    far = (
        "const top = document.querySelector('.top'), covered = getComputedStyle(top).position === 'sticky' ?"
        " top.offsetHeight : 0, end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;"
        f"const at = document.getElementById('{place}').getBoundingClientRect().top - covered;"
        "return end && at >= 0 ? 0 : at"
    )
    assert eventually(lambda: abs(browser.execute_script(far)) < 60), browser.execute_script(far)
    # And it stays there when the charts above are drawn.
    draw = "document.querySelectorAll('.chart').forEach((item) => item.dataset.drawn)"
    browser.execute_script(draw)
    assert abs(browser.execute_script(far)) < 60


@at_each_size
def test_a_chart_is_as_high_as_the_place_kept_for_it(browser, grid, size):  # noqa: F811
    opener(browser, grid)("", size)
    kept = browser.execute_script(
        "return [...document.querySelectorAll('.chart')].filter((item) => item.offsetParent)"
        ".map((item) => parseFloat(item.style.minHeight))"
    )
    assert len(kept) >= 2
    draw_all(browser)
    high = browser.execute_script(
        "return [...document.querySelectorAll('.chart')].filter((item) => item.offsetParent)"
        ".map((item) => item.getBoundingClientRect().height)"
    )
    assert [pair for pair in zip(kept, high, strict=True) if not -1 <= pair[0] - pair[1] <= 12] == []


@at_each_size
def test_no_name_has_a_raw_index(browser, many, size):  # noqa: F811
    opener(browser, many)("", size)
    draw_all(browser)
    shown = browser.execute_script("return document.body.innerText + document.title")
    assert "su(2)" in shown
    assert re.findall(r".{0,20}(?:\)_|_\{).{0,10}", shown) == []
    words = browser.execute_script("return [...document.querySelectorAll('svg text')].map((item) => item.textContent)")
    assert any("su(2)ₖ" in text for text in words)
    assert [text for text in words if ")_" in text or "_{" in text] == []
    for picture in (many.parent / "figures").glob("*.svg"):
        inside = re.sub(r"<[^>]+>", "", picture.read_text(encoding="utf-8"))
        assert ")_" not in inside, picture.name
    for table in (many.parent / "tables").glob("*.tex"):
        assert r")\_" not in table.read_text(encoding="utf-8"), table.name


@at_each_size
def test_parentheses_are_as_tall_as_what_they_hold(browser, grid, size):  # noqa: F811
    opener(browser, grid)("", size)
    ready = "return document.fonts.status === 'loaded' && document.fonts.check('16px \"Page Math\"')"
    assert eventually(lambda: browser.execute_script(ready))
    tall = browser.execute_script(
        "const high = (item) => item.getBoundingClientRect().height;"
        "return [...document.querySelectorAll('.answers mrow')]"
        ".filter((row) => row.firstElementChild?.textContent === '(' && row.querySelector('mfrac'))"
        ".map((row) => [high(row.firstElementChild), high(row.querySelector('mfrac'))])"
    )
    assert tall, "a formula with a fraction in parentheses"
    assert all(parenthesis >= 0.9 * fraction for parenthesis, fraction in tall), tall


@at_each_size
def test_no_column_of_the_cells_is_clipped(browser, grid, size):  # noqa: F811
    opener(browser, grid)("cells", size)
    over = (
        "const item = document.querySelector('table.cells').parentElement; return item.scrollWidth - item.clientWidth"
    )
    assert browser.execute_script(over) <= 1
    right = max(box[3] for box in boxes(browser, "table.cells .state"))
    assert right <= size[0]


@at_each_size
def test_numbers_of_a_heat_map_stand_apart(browser, grid, size):  # noqa: F811
    opener(browser, grid)("", size)
    draw_all(browser)
    texts = [
        box for box in boxes(browser, ".maps svg .mark-text text") if re.fullmatch(r"[\u2212=?\d. ∞]+", box[0] or "")
    ]
    assert len(texts) > 6
    for first in texts:
        for second in texts:
            if first is not second and abs(first[2] - second[2]) < 3 and first[1] < second[1]:
                assert first[3] <= second[1], (first, second)


def test_labels_of_an_axis_are_not_cut_in_a_wide_font(browser, grid):  # noqa: F811
    browser.get((grid.parent / "figures" / "cpu-time.svg").as_uri())
    browser.execute_script(
        "document.querySelectorAll('text').forEach((item) => item.setAttribute('font-family', 'DejaVu Sans, Verdana'))"
    )
    found = browser.execute_script(
        "return [...document.querySelectorAll('text')]"
        ".map((item) => [item.textContent, item.getBoundingClientRect().left])"
    )
    assert {"rational", "operon", "pysr"} <= {text for text, _ in found}
    assert [item for item in found if item[1] < 0] == []


@at_each_size
def test_formulas_come_first_then_what_to_look_at_then_the_maps(browser, grid, many, size):  # noqa: F811
    for page in (grid, many):
        opener(browser, page)("", size)
        tops = [boxes(browser, selector)[0][2] for selector in (".answers", ".hints", ".maps")]
        assert tops[0] < tops[2]
        assert boxes(browser, ".answers math")[0][2] < size[1], "a formula is in sight"
        if size[0] < 960 or page == many:
            assert tops[1] < tops[2]
        if size[0] >= 960 and page == many:
            assert boxes(browser, ".hints")[0][4] < boxes(browser, ".answers")[0][4] < 1.4 * size[1]
        else:
            assert tops[0] < tops[1]


@at_each_size
def test_many_families_fit_a_screen(browser, many, size):  # noqa: F811
    opener(browser, many)("", size)
    cards = boxes(browser, ".multiple")
    assert len(cards) == len(FAMILIES)
    assert max(card[3] for card in cards) <= size[0]
    if size[0] > 1000:
        assert max(card[4] for card in cards) - min(card[2] for card in cards) < size[1]
    links = browser.execute_script("return [...document.querySelectorAll('a.tile')].map((item) => item.hash.slice(1))")
    assert len(links) == 3 * len(FAMILIES)
    assert all(browser.execute_script("return Boolean(document.getElementById(arguments[0]))", link) for link in links)


@at_each_size
def test_a_sweep_of_own_spectra_shows_its_own_table(browser, mine, size):  # noqa: F811
    opener(browser, mine)("tables", size)
    assert len(boxes(browser, ".paper-table")) == 1
    assert "paper" not in browser.execute_script("return document.getElementById('tables').innerText.toLowerCase()")


@at_each_size
def test_families_are_cards_where_a_table_does_not_fit(browser, many, size):  # noqa: F811
    opener(browser, many)("", size)
    over = "const item = document.querySelector('.answers').parentElement; return item.scrollWidth - item.clientWidth"
    assert browser.execute_script(over) <= 1


def test_it_can_be_printed(browser, grid):  # noqa: F811
    opener(browser, grid)("", (1200, 800))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    try:
        assert boxes(browser, ".top, .filter, .skip, button:not(th button)") == []
        # What a table is sorted by is its header too.
        assert {"Quantity", "MSE", "Verdict"} <= {text for text, *_ in boxes(browser, "th button")}
        assert boxes(browser, ".answers math")
        background = "return getComputedStyle(document.body).backgroundColor"
        assert browser.execute_script(background) == "rgb(255, 255, 255)"
        assert (
            len(browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.7})["data"]) > 10_000
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
