"""The page: what it says, that it is complete in itself, that nothing in it can break out, and its empty states."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace

import pytest

from cftsr.algebra.formula import ParseError
from cftsr.algebra.other_notations import as_text
from cftsr.output.page import (
    About,
    as_json,
    read_for_page,
    render,
    sections,
    views,
    without_folders,
    write_report,
)
from cftsr.output.tables.model import against
from cftsr.output.typesetting.mathml import INVISIBLE_TIMES, MINUS, TIMES, copies, mathml, read
from cftsr.output.typesetting.names import small_indices, subscripts
from cftsr.results.findings import Findings
from cftsr.sweep.config import changes
from tests.unit.output.test_tables import EXACT, PUBLISHED, SAME, WRONG, own, record, undecided
from tests.unit.records import cell, small_spectrum

VOID = {"meta", "link", "input", "br", "hr", "img", "col"}


class Page(HTMLParser):
    """The elements of a page, with a check that every one that opens closes in its turn."""

    def __init__(self, text: str):
        super().__init__()
        self.text, self.elements, self.open = text, [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else, line {self.getpos()[0]}"

    def all(self, tag, **wanted):
        wanted = {key.rstrip("_"): value for key, value in wanted.items()}
        return [
            attributes for name, attributes in self.elements if name == tag and wanted.items() <= attributes.items()
        ]

    @property
    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def view(self, address):
        start = self.text.index(f'id="{address}"')
        return re.split('<section class="view"|</main>', self.text[start:])[0]


def page_of(records, expected=None, folder="results/default", about=None, drawn=(), specs=None, fits=None):
    expected = [one["cell"] for one in records] if expected is None else expected
    about, page = about or About("quick", {"seeds": [0]}), f"{folder}/report.html"
    return Page(render(Findings(records, expected), drawn, specs or {}, page, "nowhere", PUBLISHED, about, fits))


# ---- formulas


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("3*k/(k+2)", "3*kk+2"),
        ("-(2*p - 3*q)*(3*p - 2*q)/(p*q)", "-(2*p-3*q)*(3*p-2*q)p*q"),
        ("0.5*q+(-0.25)", "0.50000*q-0.25000"),
        ("2*(3/k)", "2·3k"),
        ("1e-12*l", "1.0000x10-12*l"),
        ("i3*k", "3*k"),
        ("x_1", "x1"),
        ("k**3", "k3"),
        ("(p/q)**2", "(pq)2"),
    ],
)
def test_formulas_are_typeset_as_people_write_them(text, shown):
    typeset = mathml(text)
    assert typeset.startswith("<math")
    plain = str.maketrans({INVISIBLE_TIMES: "*", TIMES: "x", MINUS: "-"})
    assert re.sub("<[^>]+>", "", typeset).translate(plain) == shown


def test_what_cannot_be_read_is_shown_as_it_is_and_escaped():
    assert mathml("<script>alert(1)</script>") == "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>"
    assert copies("<b>") == [("Text", "<b>")]
    with pytest.raises(ParseError):
        read("__import__('os')")
    with pytest.raises(ParseError):
        read("(" * 5000 + "k" + ")" * 5000)


@pytest.mark.parametrize(
    "text", ["(square(p*r-q*s)-square(p-q))/(4*p*q)", "a/(b*c)-(d-e)", "-a*b", "a-(-2.5)*b", "a/(b/c)", "(-a)**3/b**2"]
)
def test_copied_python_has_the_value_of_the_formula(text):
    values = {name: 1.37 + 0.61 * index for index, name in enumerate("abcdepqrs")}
    expected = eval(re.sub(r"square\(", "(lambda x: x*x)(", text), {}, values)
    assert eval(as_text(read(text), "python"), {}, values) == pytest.approx(expected, rel=1e-12)


def test_each_language_has_its_own_spelling():
    notations = dict(copies("1e-05*square(k_1)/3"))
    assert notations["Python"] == "1e-05*k_1**2/3"
    assert notations["Mathematica"] == "1*^-05*k1^2/3"
    assert notations["LaTeX"].startswith(r"\frac{1.0000\cdot10^{-5}")


# ---- comparison with the paper


@pytest.mark.parametrize(
    ("quantity", "ours", "theirs", "answer"),
    [
        ("loss", 0.0, 1e-9, "better"),
        ("loss", 0.0, 0.0, "equal"),
        ("loss", 1.02e-3, 1e-3, "equal"),
        ("loss", 2e-3, 1e-3, "worse"),
        ("score", float("inf"), 20.0, "better"),
        ("score", float("inf"), float("inf"), "equal"),
        ("score", 1.0, float("inf"), "worse"),
        ("complexity", 11, 14, "better"),
        ("loss", None, 1e-3, ""),
        ("loss", 1.0, None, ""),
    ],
)
def test_better_worse_and_equal(quantity, ours, theirs, answer):
    assert against(quantity, ours, theirs) == answer


# ---- the page


@pytest.fixture(scope="module")
def sweep():
    """One cell by two engines, one of which is wrong, and a central charge."""
    return [
        record("0.7", EXACT, certificate="identified"),
        record("0.7", WRONG, engine="operon", setting="free"),
        record("k", "3*k/(k+2)", task="central_charge"),
    ]


def test_first_screen_counts_and_says_what_to_look_at(sweep):
    page = page_of(sweep)
    assert "<b>2</b> of 3 fits recovered the formula" in page.text
    hints = page.text.split("What to look at first")[1].split("</ul>")[0]
    assert "1 fit did not recover the formula" in hints
    assert 'href="#wzw_su2/conformal_weight/n100_f10/free"' in hints


def test_views_have_addresses_and_say_what_was_proved(sweep):
    page = page_of(sweep)
    assert {"wzw_su2/conformal_weight/n100_f10/free", "wzw_su2/central_charge/n100/any"} <= set(page.ids)
    view = page.view("wzw_su2/conformal_weight/n100_f10/free")
    assert "Which formula in k and l gives the conformal weight h of each primary field?" in view
    rows = sweep[0]["verdict"]["rows"]
    assert f"zero residual on {rows} of {rows} rows" in view
    assert "the difference cancels to zero" in view
    assert "an approximation" in view
    assert "l*(l + 2)/(4*(k + 2))" in view
    target = "results/fits/quick/wzw_su2/conformal_weight/n100_f10/any/rational/seed0/verdict.json"
    assert f".venv/bin/snakemake {target} -j 1 --forcerun fit --config budget=quick" in view


def test_the_page_is_complete_in_itself(sweep):
    page = page_of(sweep)
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert policy.startswith("default-src 'none'")
    for _, attributes in page.elements:
        for key in ("src", "href", "srcset", "action", "data", "poster"):
            assert not re.match(r"(?:\w+:)?//|file:", attributes.get(key, "")), attributes
    assert not re.search(r"@import|url\((?!\"data:)", page.text)
    assert "/tmp" not in page.text
    assert "/work" not in page.text


def test_ids_are_unique_links_within_the_page_resolve_and_headings_are_in_order(sweep):
    page = page_of(sweep)
    assert len(page.ids) == len(set(page.ids))
    targets = {attributes["href"][1:] for attributes in page.all("a") if attributes["href"].startswith("#")}
    assert targets <= set(page.ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_files_are_linked_only_where_they_are(sweep, tmp_path):
    folder, fits = tmp_path / "results" / "default", tmp_path / "results" / "fits" / "quick"
    (folder / "tables").mkdir(parents=True)
    (folder / "tables" / "table1.csv").touch()
    fit = fits / "wzw_su2/conformal_weight/n100_f10/any/rational/seed0"
    fit.mkdir(parents=True)
    (fit / "fit.json").touch()
    files = {
        attributes["href"]
        for attributes in page_of(sweep, folder=folder, fits=fits).all("a")
        if not attributes["href"].startswith("#")
    }
    there = "../fits/quick/wzw_su2/conformal_weight/n100_f10/any/rational/seed0/fit.json"
    assert files == {"tables/table1.csv", there}


def test_hostile_text_stays_text(sweep):
    bad = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'
    hostile = json.loads(json.dumps(sweep[1]))
    hostile["verdict"]["equations"][0] |= {"equation": bad, "simplified": bad, "latex": bad, "reason": bad}
    hostile["fit"]["versions"][bad] = bad
    hostile["fit"]["options"] = {bad: bad}
    about = About("quick", {bad: bad}, {bad: bad})
    figure = SimpleNamespace(name="heat", title=bad, caption=bad, alt=bad, scope="sweep", chart=None)
    page = page_of([sweep[0], hostile], about=about, drawn=[figure], specs={"heat": {"title": bad}})
    assert not page.all("img")
    assert {attributes.get("type") for attributes in page.all("script")} == {None, "application/json"}
    # Vega's bundle and the page's own script are the only ones that run.
    assert len([attributes for attributes in page.all("script") if "type" not in attributes]) == 2
    assert as_json({"a": bad}) == '{"a":' + json.dumps(bad).replace("<", "\\u003c") + "}"


def test_suspect_published_values_have_footnotes(sweep):
    page = page_of(sweep)
    assert {"table-2-note-1", "table-2-note-2"} <= set(page.ids)
    assert page.all("a", href="#table-2-note-1")


def test_figures_have_words_and_their_data_once(sweep):
    scope = "wzw_su2/conformal_weight/n100_f10"
    figures = [
        SimpleNamespace(name=name, title="T", caption="C", alt=f"alt {name}", scope=where, chart=None)
        for name, where in (
            ("heat-map", "sweep"),
            ("fronts-x-free", scope),
            ("fronts-x-integer", scope),
            ("levels", scope),
        )
    ]
    page = page_of(sweep, drawn=figures, specs={figure.name: {"mark": "bar"} for figure in figures})
    drawn = {attributes["data-figure"]: attributes["aria-label"] for attributes in page.all("div", class_="chart")}
    assert drawn == {"heat-map": "alt heat-map", "fronts-x-free": "alt fronts-x-free", "levels": "alt levels"}
    assert [attributes["data-name"] for attributes in page.all("script", class_="spec")] == [
        figure.name for figure in figures
    ]
    assert page.text.count("window.vegaEmbed=") == 1


def test_the_same_records_in_any_order_give_the_same_page(sweep, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    expected = [one["cell"] for one in sweep]
    assert page_of(sweep, expected).text == page_of(sweep[::-1], expected).text
    assert "2023-11-14 22:13 UTC" in page_of(sweep).text


# ---- empty states


def test_nothing_fitted_yet():
    page = page_of([], [cell(), cell(engine="operon", setting="free")])
    assert "Nothing is fitted yet" in page.text
    assert "2 fits missing" in page.text
    assert "None of the fits has a verdict yet" in page.view("wzw_su2/conformal_weight/n100_f10/free")


def test_an_empty_sweep():
    assert "The sweep has no cells" in page_of([], []).text


def test_one_engine_and_one_that_did_not_run():
    about = About("quick", {}, {"pysr": "could not find Julia in /home/ada/.julia/bin. Say `make julia`"})
    page = page_of([record("0.7", EXACT, engine="operon", setting="free")], about=about)
    assert "could not find Julia in bin. Say" in page.text
    assert "/home/ada" not in page.text
    assert "no fit of this cell carries a certificate" in page.text


def test_nothing_recovered_and_undecided():
    page = page_of([record("0.7", WRONG), undecided(engine="operon", setting="free")])
    assert "<b>0</b> of 2 fits" in page.text
    assert "1 fit undecided" in page.text
    view = page.view("wzw_su2/conformal_weight/n100_f10/free")
    assert 'class="answer undecided"' in view


def test_no_closed_form():
    made = record("0.7", EXACT)
    made["verdict"]["closed_form"] = None
    for equation in made["verdict"]["equations"]:
        equation["identical_to_closed_form"] = "not looked at"
    view = page_of([made]).view("wzw_su2/conformal_weight/n100_f10/any")
    assert "No closed form is known" in view
    assert "none is known: the checks above are the evidence" in view


def test_missing_cells_and_several_seeds():
    records = [record("0.7", text, engine="pysr", setting="free", seed=seed) for seed, text in ((0, SAME), (1, WRONG))]
    expected = [*(one["cell"] for one in records), cell(engine="pysr", setting="free", seed=2)]
    page = page_of(records, expected)
    assert "1 of 3" in page.text
    view = page.view("wzw_su2/conformal_weight/n100_f10/free")
    assert [f"pysr, seed {seed}" in view for seed in (0, 1, 2)] == [True] * 3
    assert "There is no verdict on this fit yet" in view
    assert "--forcerun fit" in view
    assert "1/3" in page.text.split('id="table-3"')[1].split("</section>")[0]


def test_a_family_without_a_module_is_shown_by_its_name():
    made = json.loads(json.dumps(record("0.7", EXACT)))
    made["cell"]["family"] = "made_up"
    assert "made_up" in page_of([made]).view("made_up/conformal_weight/n100_f10/any")


# ---- spectra of one's own, quantities of a theory, uncertain data


def test_a_spectrum_of_ones_own():
    loose = own("other", "fits", ["l takes 2 value(s); 4 are needed"])
    loose["verdict"]["recovered"] = "undecided"
    loose["fit"]["certificate"] |= {
        "competing_formula": "l*3/8",
        "deciding_labels": {"k": 9, "l": 4},
        "deciding_values": ["6/11", "3/2"],
        "wrong_rows": [{"labels": {"k": 3, "l": 1}, "given": "1/7", "formula": "3/20"}],
        "wrong_rows_total": 5,
        "remarks": ["float32 numbers"],
    }
    page = page_of([own(), loose])
    assert "My data, <i>x<sub>1</sub></i>" in page.text
    view = page.view("my_data/given/n100/any")
    assert "My data: x<sub>1</sub>" in view
    assert "gives x<sub>1</sub>?" in view
    assert "No closed form is known" in view
    assert "and the rows determine it" in view
    assert "exact on the data and on what was held out" in view
    assert "the rows identify the formula" in view
    view = page.view("other/given/n100/any")
    assert "l takes 2 value(s); 4 are needed" in view
    assert "This fits every row too:" in view
    assert "differ at <i>k</i> = 9, <i>l</i> = 4: 6/11 or 3/2. A measurement there decides." in view
    assert "5 of the rows given disagree with the formula" in view
    assert "k = 3, l = 1" in view
    assert "<p>float32 numbers</p>" in view
    assert 'class="answer undecided"' in view
    assert page.text.count("spectra of one") >= 1


def test_agreement_within_uncertainty_has_a_word_of_its_own():
    made = own()
    for equation in made["verdict"]["equations"]:
        if equation["exact_on_data"] == "yes":
            equation |= {"exact_on_data": "approximate", "exact_on_held_out": "approximate"}
    made["verdict"]["recovered"] = "approximate"
    page = page_of([made])
    assert "<b>0</b> of 1 fits recovered" in page.text
    assert "In 1 fit the formula agrees with the data within their uncertainty, which is no proof." in page.text
    view = page.view("my_data/given/n100/any")
    assert 'class="answer approximate"' in view
    assert "agrees within uncertainty" in view
    assert "within its uncertainty on" in view
    assert "proved" not in view.split("The engines")[0]


def test_a_quantity_of_a_theory_without_a_formula_says_why():
    made = record("0.7", task="gap", family="minimal")
    made["fit"]["certificate"] = {"outcome": "none", "reasons": ["no P/Q of degree 12 or less fits"]}
    page = page_of([made])
    view = page.view("minimal/gap/n100/any")
    assert "Which formula in p and q gives the gap" in view
    assert "No formula was found: no P/Q of degree 12 or less fits." in view
    assert "no formula" in page.text.split('id="table-1"')[1].split("</section>")[0]


def test_the_energy_has_its_tables_and_the_length_of_h_beside():
    energy = record("0.7", "l*(l+2)/(4*(k+2))-k/(8*(k+2))", task="energy")
    page = page_of([record(), energy])
    table = page.text.split('id="table-7"')[1].split("</section>")[0]
    assert "Nodes of h" in table
    assert [re.sub("<.*?>", "", part) for part in re.findall(r'<td class="number" data-order="(\d+)">', table)] == [
        "19",
        "11",
    ]
    assert "Which formula in k and l gives the energy E of each primary field?" in page.text
    assert 'id="table-9"' in page.text


# ---- many seeds, many cells


def seeds(count, **keys):
    return [
        record("0.7", EXACT if seed % 2 else WRONG, engine="operon", setting="free", seed=seed, **keys)
        for seed in range(count)
    ]


def test_of_many_seeds_the_best_is_shown_and_the_others_are_lines():
    page = page_of(seeds(6))
    view = page.view("wzw_su2/conformal_weight/n100_f10/free")
    assert view.count('<article class="fit">') == 1
    assert "operon, seed 1" in view
    assert "5 more seeds, one line each; seed 1, the best, is above" in view
    assert "3 of 6 seeds: 50% [19%, 81%] (Wilson" in view
    assert "3 ended without it and count as censored" in view
    assert "Recovery over seeds" in page.text
    entry = page.text.split('id="table-3"')[1].split("</section>")[0]
    assert 'title="seeds that recovered it: 50% [19%, 81%]"' in entry
    assert 'class="spread"' in entry


def test_a_page_has_room_for_so_many_views_and_says_so(monkeypatch):
    monkeypatch.setattr(views, "MOST_VIEWS", 2)
    wrong = record("0.7", WRONG, engine="operon", setting="free", theories=300)
    records = [record(theories=100), record(theories=200), wrong, record(theories=400)]
    page = page_of(records)
    shown = {attributes["id"] for attributes in page.all("section", class_="view")}
    assert shown == {f"wzw_su2/conformal_weight/{name}" for name in ("n100_f10/any", "n300_f10/free")}
    assert "2 of 4 lines have a view of their own" in page.text
    targets = {attributes["href"][1:] for attributes in page.all("a") if attributes["href"].startswith("#")}
    assert targets <= set(page.ids)


def test_a_table_that_is_too_large_is_linked_to(monkeypatch):
    monkeypatch.setattr(sections, "MOST_ENTRIES", 20)
    table = page_of([record()]).text.split('id="table-4"')[1].split("</section>")[0]
    assert "too many for a page" in table
    assert "<table" not in table


def test_only_fronts_that_are_shown_are_read(tmp_path):
    made = seeds(6)
    for index, one in enumerate(made):
        (tmp_path / str(index)).mkdir()
        text = {key: one[key] for key in ("cell", "fit", "verdict")}
        (tmp_path / str(index) / "verdict.json").write_text(json.dumps(text), encoding="utf-8")
        (tmp_path / str(index) / "cost.json").write_text(json.dumps(one["cost"]), encoding="utf-8")
    cells = [one["cell"] for one in made]
    read_back = read_for_page([tmp_path / str(index) / "verdict.json" for index in range(6)], cells)
    sizes = {one["cell"]["seed"]: len(one["verdict"]["equations"]) for one in read_back}
    assert sizes == {0: 1, 1: 2, 2: 1, 3: 1, 4: 1, 5: 1}
    about = About("quick")
    assert page_of(read_back, cells, about=about).text == page_of(made, cells, about=about).text


def test_small_words():
    assert subscripts("WZW su(2)_k <b>") == "WZW su(2)<sub>k</sub> &lt;b&gt;"
    assert subscripts("the gap h_1-h_0 and c_eff of W_3(p,q)") == (
        "the gap h<sub>1</sub>-h<sub>0</sub> and c<sub>eff</sub> of W<sub>3</sub>(p,q)"
    )
    assert subscripts("n100_f30, conformal_weight, seed_0") == "n100_f30, conformal_weight, seed_0"
    assert subscripts("su(2)_k x su(2)_m / su(2)_{k+m}").endswith("su(2)<sub>k+m</sub>")
    assert small_indices("su(2)_k x su(2)_m / su(2)_{k+m}, (G_2)_k, h_min") == "su(2)ₖ x su(2)ₘ / su(2)ₖ₊ₘ, (G₂)ₖ, hₘᵢₙ"
    assert small_indices("so(n)_N, n100_f30") == "so(n)_N, n100_f30"
    assert without_folders("see /opt/x/julia, and/or results/default") == "see julia, and/or results/default"


# ---- with the real figures


def test_written_with_its_figures(sweep, tmp_path):
    from cftsr.output.page import figures_folder

    target = tmp_path / "results" / "quick" / "report.html"
    expected = [one["cell"] for one in sweep]
    write_report(Findings(sweep, expected), target, tmp_path / "data", PUBLISHED, About("quick"))
    page = Page(target.read_text(encoding="utf-8"))
    heat = next(
        attributes for attributes in page.all("div", class_="chart") if attributes["data-figure"].startswith("heat-map")
    )
    assert heat["aria-label"]
    for kind in ("svg", "pdf"):
        assert (figures_folder(target) / f"{heat['data-figure']}.{kind}").stat().st_size > 1000
    assert target.stat().st_size < 3_000_000


def test_the_command_repeats_the_sweeps_own_configuration(tmp_path):
    (tmp_path / "config.yaml").write_text("seeds: 0\nbudget: quick\nengines: auto\n", encoding="utf-8")
    config = {"seeds": [0], "budget": "quick", "engines": ["rational"]}
    assert changes(config, tmp_path / "config.yaml") == {"engines": ["rational"]}
    about = About("quick", config, changes=changes(config, tmp_path / "config.yaml"))
    assert about.command(cell()).endswith("""-j 1 --forcerun fit --config budget=quick 'engines=["rational"]'""")


def test_a_front_names_functions_that_differ_by_the_rounding_of_constants():
    values = [(3, "0.3*l"), (7, "0.25*l*l/(k+2.0)"), (9, "0.25000001*l*l/(k+2.0000001)"), (9, "0.26*l*l/(k+2.0)")]
    rows, _ = small_spectrum("wzw_su2", "conformal_weight")
    made = record("0.7", WRONG)
    first = made["verdict"]["equations"][0]
    made["verdict"]["equations"] = [first | {"equation": text, "complexity": nodes} for nodes, text in values]
    result = Findings([made], [made["cell"]]).results[0]
    words = [member.words for member in views._members(result, made["verdict"], rows)]
    assert [text.endswith("that of 7 nodes, to six digits") for text in words] == [
        False,
        False,
        True,
        False,
    ]
    assert all("to six digits" not in member.words for member in views._members(result, made["verdict"], None))
