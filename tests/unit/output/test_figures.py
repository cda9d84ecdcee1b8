"""From verdicts to charts: what is marked, what is left out, and specifications that hold together."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cftsr.data.dataset import write_dataset
from cftsr.data.generate import lowest_levels
from cftsr.data.tasks import TASKS
from cftsr.families import get_family
from cftsr.output.figures import SWEEP, build, to_spec, write_static
from cftsr.output.figures.base import axis_at, rounded
from cftsr.output.figures.fronts import EXACT, ON_FRONT, SELECTED
from cftsr.output.figures.points import MOST_POINTS
from cftsr.results.findings import Findings
from cftsr.results.published import load_published
from cftsr.results.titles import seconds
from tests.unit.records import cell, small_spectrum, verdict_text

PUBLISHED = Path(__file__).parents[3] / "data" / "published"
RIGHT = {"wzw_su2": "l*(l+2)/(4*(k+2))", "minimal": "(square(p*r-q*s)-square(p-q))/(4*p*q)"}
EXACT_C = {"wzw_su2": "3*k/(k+2)", "minimal": "1-6*square(p-q)/(p*q)"}
WRONG = "0.31*l"
CERTIFICATE = {"outcome": "identified", "rows_needed": 10, "rows": 560, "rows_used": 280, "reasons": []}


def record(*equations, certificate=None, seconds=1.5, **keys):
    place = cell(**keys)
    right = (EXACT_C if place["task"] == "central_charge" else RIGHT)[place["family"]]
    return {
        "cell": place,
        "verdict": json.loads(verdict_text(place["family"], place["task"], equations or ("0.7", right))),
        "fit": {"rows": 41, "certificate": certificate, "evaluations": 1, "stop_reason": "exact", "versions": {}},
        "cost": {"fit_cpu_seconds": seconds, "fit_wall_seconds": 2 * seconds},
    }


def search(*equations, **keys):
    """A record of an engine that searches with free constants."""
    return record(*equations, **({"engine": "operon", "setting": "free"} | keys))


@pytest.fixture(scope="module")
def spectra(tmp_path_factory):
    """A data folder with one data set of each kind, and one too large to draw."""
    folder = tmp_path_factory.mktemp("spectra")
    for family in ("wzw_su2", "minimal"):
        for task, name in (("central_charge", "n100"), ("conformal_weight", "n100_f10")):
            data, held_out = small_spectrum(family, task)
            write_dataset(folder / family / task / f"{name}.parquet", data)
            write_dataset(folder / family / task / f"{name}.held_out.parquet", held_out)
    large = lowest_levels(get_family("wzw_su2"), TASKS["conformal_weight"], 60, Fraction(1, 2), next_theories=40)
    for spectrum, part in zip(large, ("", ".held_out"), strict=True):
        write_dataset(folder / "wzw_su2" / "conformal_weight" / f"n200_f50{part}.parquet", spectrum)
    return folder


def made(records, cells=None, folder="nowhere"):
    """The figures by name, each with its specification beside it."""
    cells_of_sweep = [one["cell"] for one in records] if cells is None else cells
    drawn = build(Findings(records, cells_of_sweep), folder, load_published(PUBLISHED))
    return {figure.name: (figure, to_spec(figure.chart)) for figure in drawn}


def data_of(spec, *keys):
    """All rows of a specification that have these keys."""
    return [row for rows in spec["datasets"].values() for row in rows if set(keys) <= set(row)]


def tiles(records, cells=None, family="wzw_su2"):
    """The tiles of a heat map by source, setting and data."""
    _, spec = made(records, cells)[f"heat-map-{family}-conformal_weight"]
    return {(row["source"], row["setting"], row["data"]): row for row in data_of(spec, "source", "tick")}


HERE = ("free constants", "100 theories, lowest 10%")


# ---- specifications


@pytest.fixture(scope="module")
def mixed(spectra):
    """Several engines, families, seeds and states at once."""
    records = [
        record(certificate=CERTIFICATE),
        record(theories=200, fraction="0.5", certificate=CERTIFICATE | {"outcome": "fits"}),
        record(task="central_charge"),
        record(family="minimal"),
        search("0.7", WRONG),
        search("0.7", RIGHT["wzw_su2"], seed=1),
        search("0.7", "p/q", family="minimal", engine="zeta"),
        search("0.7", "p", task="central_charge", family="minimal", engine="zeta"),
    ]
    return made(records, [*(one["cell"] for one in records), cell(theories=300)], spectra)


def test_names_are_unique_slugs_and_words_are_there(mixed):
    assert len(mixed) >= 12
    for name, (figure, _) in mixed.items():
        assert figure.name == name
        assert name.replace("-", "").replace("_", "").isalnum()
        assert figure.scope == SWEEP or figure.scope.count("/") == 2
        assert figure.title
        assert figure.caption.endswith(".")
        assert figure.alt.endswith(".")
        assert "None" not in figure.title + figure.caption + figure.alt
    alts = [figure.alt for figure, _ in mixed.values()]
    assert len(set(alts)) == len(alts)  # each speaks of its own data


def test_specifications_are_plain_json_that_follows_the_page(mixed):
    for figure, spec in mixed.values():
        assert "NaN" not in json.dumps(spec, allow_nan=False)
        assert spec["width"] == "container"
        assert spec["autosize"]["type"] == "fit-x"
        assert spec["config"]["background"] == "transparent"
        assert "layer" in spec, figure.name  # facets and concatenations cannot follow a container


def test_every_quantitative_axis_has_a_title(mixed):
    for name, (_, spec) in mixed.items():
        titles = {
            channel: layer["encoding"][channel]["axis"]["title"]
            for layer in spec["layer"]
            for channel in ("x", "y")
            if layer["encoding"].get(channel, {}).get("axis", {}).get("title")
        }
        assert "x" in titles, name
        assert "y" in titles or name == "cpu-time", name


def test_floats_are_short(mixed):
    for _, spec in mixed.values():
        for row in data_of(spec):
            for value in row.values():
                assert not isinstance(value, float) or value == float(f"{value:.6g}")


def test_the_order_of_the_records_is_nothing(spectra):
    records = [record(), search("0.7", WRONG), search("0.7", family="minimal"), record(task="central_charge")]
    one, two = (made(order, folder=spectra) for order in (records, records[::-1]))
    assert {name: spec for name, (_, spec) in one.items()} == {name: spec for name, (_, spec) in two.items()}
    assert list(one) == list(two)


def test_nothing_fitted_gives_no_figure(spectra):
    assert build(Findings([], [cell()]), spectra, load_published(PUBLISHED)) == []


# ---- heat maps


def test_a_proved_cell_is_ticked_and_the_paper_stands_first():
    drawn_tiles = tiles([record(), search("0.7", WRONG)])
    assert drawn_tiles["rational", *HERE]["mark"] == "✓"
    assert drawn_tiles["rational", *HERE]["kind"] == "zero"
    operon = drawn_tiles["operon", *HERE]
    assert (operon["mark"], operon["kind"]) == ("", "loss")
    assert operon["text"] == f"{operon['value']:.1f}".replace("-", "\N{MINUS SIGN}")
    paper = drawn_tiles["the paper, Table 3", *HERE]
    assert paper["value"] == rounded(math.log10(9.449299e-12))
    assert paper["x"] < drawn_tiles["rational", *HERE]["x"] < operon["x"]


def test_a_loss_of_zero_has_a_kind_of_its_own():
    drawn_tiles = tiles([search(setting="integer")])
    paper = drawn_tiles["the paper, Table 3", "integer columns", HERE[1]]
    assert (paper["kind"], paper["value"], paper["text"], paper["mark"]) == ("zero", None, "= 0", "")


def test_rounding_does_not_hide_that_a_formula_is_exact():
    """An exact formula's loss in float64 is not always 0."""
    almost = record()
    almost["verdict"]["equations"][-1]["loss"] = 3e-30
    assert tiles([almost])["rational", *HERE]["kind"] == "zero"


def test_an_engine_without_settings_stands_in_each_block():
    drawn_tiles = tiles([record(), search(), search(setting="integer")])
    assert ("rational", *HERE) in drawn_tiles
    assert ("rational", "integer columns", HERE[1]) in drawn_tiles


def test_missing_cells_are_shown_as_missing():
    drawn_tiles = tiles([search()], [cell(engine="operon", setting="free", theories=n) for n in (100, 200)])
    assert drawn_tiles["operon", "free constants", "200 theories, lowest 10%"]["kind"] == "missing"
    assert drawn_tiles["operon", *HERE]["kind"] == "zero"


def test_seeds_are_summed_up():
    fronts = [("0.7", WRONG), ("0.7",), ("0.7", RIGHT["wzw_su2"])]
    tile = tiles([search(*front, seed=seed) for seed, front in enumerate(fronts)])["operon", *HERE]
    assert (tile["mark"], tile["text"], tile["kind"]) == ("✓", "1/3", "loss")
    assert "1 of 3 seeds" in tile["answer"]


def test_an_undecided_cell_says_so():
    undecided = search("0.7", WRONG)
    undecided["verdict"]["recovered"] = "undecided"
    assert tiles([undecided])["operon", *HERE]["text"].endswith("?")


def test_the_one_flat_integer_value_of_the_paper_is_found():
    drawn_tiles = tiles([search(family="minimal", setting="integer_flat", fraction="0.3")], family="minimal")
    assert (
        drawn_tiles["the paper, Table 2", "integer columns, no square of a square", "100 theories, lowest 30%"]["text"]
        == "= 0"
    )


# ---- Pareto fronts


def front_of(records, setting="free"):
    return made(records)[f"fronts-wzw_su2-conformal_weight-n100_f10-{setting}"]


def test_selected_and_exact_equations_are_marked():
    figure, spec = front_of([record(), search("0.7", WRONG)])
    kinds = {(row["engine"], row["kind"]) for row in data_of(spec, "kind", "equation")}
    assert kinds == {("rational", kind) for kind in (ON_FRONT, SELECTED, EXACT)} | {
        ("operon", kind) for kind in (ON_FRONT, SELECTED)
    }
    assert "rational reaches an exact equation at complexity 11" in figure.alt
    assert "operon reaches no exact equation" in figure.alt


def test_exact_equations_lie_in_a_lane_below_all_others():
    _, spec = front_of([record(), search("0.7", WRONG)])
    points = data_of(spec, "kind", "equation")
    lane = [row["y"] for row in points if row["exact"] == "yes"]
    assert max(lane) < min(row["y"] for row in points if row["exact"] == "no")
    assert "exactly 0" in json.dumps(spec)


def test_without_an_exact_equation_there_is_no_lane():
    _, spec = front_of([search("0.7", WRONG)])
    assert "exactly 0" not in json.dumps(spec["layer"])
    assert EXACT not in {row["kind"] for row in data_of(spec, "kind")}


def test_each_setting_has_a_chart_and_engines_without_one_are_in_all():
    figures = made([record(), search(), search(setting="integer")])
    names = [name for name in figures if name.startswith("fronts")]
    assert [name.rpartition("-")[2] for name in names] == ["free", "integer"]
    for name in names:
        assert {row["engine"] for row in data_of(figures[name][1], "kind")} == {"rational", "operon"}


def test_engines_are_named_beside_their_fronts_and_labels_keep_apart():
    same = [search("0.7", WRONG, engine=name) for name in ("operon", "pysr", "zeta")]
    _, spec = front_of(same)
    labels = [row for row in data_of(spec, "engine") if "kind" not in row]
    assert {row["engine"] for row in labels} == {"operon", "pysr", "zeta"}
    assert len({row["y"] for row in labels}) == 3


def test_a_front_of_one_equation_and_no_loss_above_zero():
    _, spec = front_of([search(RIGHT["wzw_su2"])])
    assert {row["exact"] for row in data_of(spec, "kind")} == {"yes"}


# ---- levels and residuals


def test_levels_of_an_exact_formula_say_that_nothing_is_left_over(spectra):
    figures = made([record()], folder=spectra)
    figure, spec = figures["levels-wzw_su2-conformal_weight-n100_f10"]
    data, held_out = small_spectrum("wzw_su2", "conformal_weight")
    assert f"exactly 0 on all {len(data)} fitted and all {len(held_out)} held-out rows" in figure.alt
    assert f"exactly 0 on all {len(data) + len(held_out)} rows" in spec["title"]
    parts = [row["part"] for row in data_of(spec, "part")]
    assert (parts.count("fitted"), parts.count("held out")) == (len(data), len(held_out))
    assert "thinned" not in figure.caption
    assert not [name for name in figures if name.startswith("residuals")]


def test_residuals_are_drawn_against_each_label(spectra):
    figures = made([search("0.7", WRONG)], folder=spectra)
    names = [name for name in figures if name.startswith("residuals")]
    assert names == [f"residuals-wzw_su2-conformal_weight-n100_f10{label}" for label in ("", "-l")]
    figure, spec = figures[names[1]]
    assert figure.title == "Residuals against l"
    titles = {
        layer["encoding"]["x"]["axis"]["title"] for layer in spec["layer"] if "axis" in layer["encoding"].get("x", {})
    }
    assert titles == {"l"}


def test_a_label_on_an_axis_has_room_in_any_font(spectra):
    _, spec = made([search("0.7", WRONG)], folder=spectra)["cpu-time"]
    room = [
        layer["encoding"]["y"]["axis"]["minExtent"]
        for layer in spec["layer"]
        if "axis" in layer["encoding"].get("y", {})
    ]
    assert min(room) >= 6.5 * len("operon")


def test_residuals_of_a_formula_that_is_not_exact(spectra):
    figure, spec = made([search("0.7", WRONG)], folder=spectra)["residuals-wzw_su2-conformal_weight-n100_f10"]
    data, held_out = small_spectrum("wzw_su2", "conformal_weight")
    points = data_of(spec, "part")
    assert len(points) == len(data) + len(held_out)
    worst = max(row["y"] for row in points)
    everything = np.concatenate([np.abs(0.31 * one.x[:, 1] - one.target) for one in (data, held_out)])
    assert worst == rounded(math.log10(everything.max()))
    # l = 0 has h = 0, which the formula hits.
    assert min(row["y"] for row in points) < min(math.log10(value) for value in everything if value > 0)
    assert WRONG in figure.caption


def test_rows_at_a_pole_are_left_out_and_said(spectra):
    figure, spec = made([search("l/(k-14)")], folder=spectra)["residuals-wzw_su2-conformal_weight-n100_f10"]
    data, held_out = small_spectrum("wzw_su2", "conformal_weight")
    at_pole = sum((one.x[:, 0] == 14).sum() for one in (data, held_out))
    assert at_pole > 0
    assert len(data_of(spec, "part")) == len(data) + len(held_out) - at_pole
    assert f"Left out: {at_pole} rows" in figure.caption


def test_the_proved_formula_is_the_found_one(spectra):
    figures = made([record(), search("0.7", WRONG)], folder=spectra)
    assert "rational's formula" in figures["levels-wzw_su2-conformal_weight-n100_f10"][0].alt


def test_large_spectra_are_thinned_evenly_and_say_so(spectra):
    figure, spec = made([record(theories=200, fraction="0.5")], folder=spectra)[
        "levels-wzw_su2-conformal_weight-n200_f50"
    ]
    points = data_of(spec, "part")
    assert len(points) == MOST_POINTS
    assert " 1,500 of" in figure.caption
    assert len({row["field"] for row in points}) == MOST_POINTS  # no row twice
    levels = [row["x"] for row in points if row["part"] == "held out"]
    assert max(levels) == 100


def test_two_theory_labels_are_drawn_as_their_ratio(spectra):
    figure, spec = made([record(family="minimal")], folder=spectra)["levels-minimal-conformal_weight-n100_f10"]
    assert "against p / q" in figure.caption
    assert any(row["x"] == 1.5 and "p=3, q=2" in row["field"] for row in data_of(spec, "part"))


def test_central_charges_have_their_own_figure(spectra):
    figure, _ = made([record(task="central_charge")], folder=spectra)["levels-wzw_su2-central_charge-n100"]
    assert figure.scope == "wzw_su2/central_charge/n100"
    assert "central charge c" in figure.caption


def test_without_the_data_set_its_figures_are_left_out():
    assert not [name for name in made([record()]) if name.startswith(("levels", "residuals"))]


# ---- cost


def test_only_recovered_cells_count_for_the_median():
    times = [search(seconds=value, seed=seed) for seed, value in enumerate((2.0, 4.0, 8.0))]
    figure, spec = made([*times, search("0.7", WRONG, seconds=500, seed=3)])["cpu-time"]
    [median] = [row for row in data_of(spec, "top") if row["x"] is not None]
    assert median["x"] == rounded(math.log10(4))
    assert median["text"] == "median 4 s, 3 of 4"
    answers = [row["answer"] for row in data_of(spec, "answer")]
    assert sorted(answers) == ["not recovered"] + 3 * ["recovered"]
    assert "3 of 4 recovered" in figure.alt


def test_a_missing_cell_counts_as_not_recovered_and_a_time_of_zero_is_drawn():
    places = [cell(engine="operon", setting="free", seed=seed) for seed in range(2)]
    _, spec = made([search(seconds=0.0)], places)["cpu-time"]
    assert [row["text"] for row in data_of(spec, "top")] == ["median 1 ms, 1 of 2"]


def test_an_engine_that_recovered_nothing_has_no_median():
    _, spec = made([search("0.7", WRONG)])["cpu-time"]
    assert [row["text"] for row in data_of(spec, "top")] == ["0 of 1 recovered"]


def test_the_papers_time_is_a_rule_with_its_name():
    _, spec = made([record()])["cpu-time"]
    assert any("16 min" in row["text"] and row["x"] == rounded(math.log10(960)) for row in data_of(spec, "text", "x"))


# ---- identification


def test_rows_needed_and_given():
    records = [record(certificate=CERTIFICATE), record(theories=200, certificate=CERTIFICATE | {"outcome": "fits"})]
    figure, spec = made(records)["identification"]
    rows = data_of(spec, "needed")
    assert {(row["needed"], row["given"]) for row in rows} == {(10, 560)}
    assert {row["outcome"] for row in rows} == {"identified", "not identified"}
    assert figure.alt.startswith("1 of 2 data sets")


@pytest.mark.parametrize("certificate", [None, {"outcome": "none", "reasons": ["no formula"]}])
def test_without_a_certificate_there_is_no_figure(certificate):
    assert "identification" not in made([record(certificate=certificate)])


# ---- pieces


def test_numbers():
    assert rounded(0.123456789) == 0.123457
    assert [rounded(value) for value in (math.inf, -math.inf, math.nan)] == [None, None, None]
    assert [seconds(value) for value in (0.0123, 3.42, 960, 9000)] == ["12 ms", "3.4 s", "16 min", "2.5 h"]


def test_labels_of_an_axis_are_looked_up_by_the_place_as_written():
    axis = axis_at({1 / 3: "a third", 2.0: "two"}, None).to_dict()
    looked_up = json.loads(axis["labelExpr"].removesuffix("[datum.value]"))
    assert [looked_up[f"{place:.12g}"] for place in axis["values"]] == ["a third", "two"]


# ---- files


def test_static_files_are_written_and_the_picture_is_the_same_each_time(tmp_path):
    [figure, *_] = build(Findings([record(), search("0.7", WRONG)], []), "nowhere", load_published(PUBLISHED))
    paths = write_static(figure, tmp_path / "new")
    assert [path.name for path in paths] == [f"{figure.name}.svg", f"{figure.name}.pdf"]
    svg, pdf = (path.read_bytes() for path in paths)
    assert b"the paper" in svg
    assert b'width="620"' in svg
    assert pdf.startswith(b"%PDF")
    assert write_static(figure, tmp_path / "new")[0].read_bytes() == svg


@pytest.mark.parametrize("start", ["heat-map", "cpu-time", "identification", "fronts", "levels", "residuals"])
def test_vega_draws_every_kind(mixed, start):
    """Vega itself parses each kind of chart: expressions and scales are checked there, not by the schema."""
    vl_convert = pytest.importorskip("vl_convert")
    spec = next(spec for name, (_, spec) in mixed.items() if name.startswith(start))
    svg = vl_convert.vegalite_to_svg(spec | {"width": 350})
    assert 'width="350"' in svg
    assert "NaN" not in svg
