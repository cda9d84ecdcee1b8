"""From verdicts to the tables: layout, marks, missing cells, seeds, and the same bytes each time."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cftsr.errors import UserError
from cftsr.output.tables.latex import typeset
from cftsr.output.tables.plan import planned_tables, table_names
from cftsr.output.tables.write import write_tables
from cftsr.output.typesetting.mathml import mathml
from cftsr.output.typesetting.words import formula, number, plain, rounded_constants
from cftsr.results.findings import Findings
from cftsr.results.summary import SUMMARY_SCHEMA, final_message, read_records, recovery_counts, results_of, summary_row
from cftsr.results.titles import titles_of
from tests.unit.records import cell, verdict_text

PUBLISHED = Path(__file__).parents[3] / "data" / "published"

EXACT = "l*(l+2)/(4*(k+2))"
SAME = "l*(l+2.0)/(k+2.0)*0.25"
WRONG = "0.31*l"


# ---- records: real verdicts on a small spectrum, filed under a cell of the paper's grid


def record(*equations, certificate=None, **keys):
    place = cell(**keys)
    engine = place["engine"]
    return {
        "cell": place,
        "verdict": json.loads(verdict_text(place["family"], place["task"], equations or ("0.7", EXACT))),
        "fit": {
            "rows": 41,
            "certificate": certificate and {"outcome": certificate},
            "evaluations": 1234,
            "stop_reason": "exact",
            "versions": {"cftsr": "0.1.0", "numpy": "2.0"} | ({} if engine == "rational" else {f"py{engine}": "9.8"}),
        },
        "cost": {"fit_cpu_seconds": 1.5, "fit_wall_seconds": 2.5},
    }


def summary_rows(records):
    return [summary_row(result) for result in results_of(records)]


def undecided(**keys):
    """A verdict that ran into its limit."""
    made = record("0.7", WRONG, **keys)
    made["verdict"]["equations"][-1] |= {"exact_on_data": "undecided", "exact_on_held_out": "undecided"}
    made["verdict"]["recovered"] = "undecided"
    return made


class Written:
    """The files of one call of write_tables."""

    def __init__(self, folder, records, expected=None):
        self.folder = Path(folder)
        expected = [one["cell"] for one in records] if expected is None else expected
        self.message = write_tables(Findings(records, expected), self.folder, PUBLISHED)

    def text(self, number, kind="md"):
        return (self.folder / "tables" / f"table{number}.{kind}").read_text(encoding="utf-8")

    def csv(self, number):
        with open(self.folder / "tables" / f"table{number}.csv", newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    def line(self, number, block, percent, source):
        """The entries of one line of a grid table."""
        lowest = ""
        for line in self.text(number).split(f"## {block}\n")[1].split("##")[0].splitlines():
            if line.startswith("|"):
                first, name, *entries = cells_of(line)
                lowest = first or lowest
                if (lowest, name) == (percent, source):
                    return entries
        return None

    @property
    def contents(self):
        return {path.name: path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}


def cells_of(line):
    return [part.strip() for part in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


# ---- layout


def test_every_file_is_there(tmp_path):
    written = Written(tmp_path, [record()])
    names = {f"table{n}.{kind}" for n in range(1, 7) for kind in ("csv", "md", "tex")}
    assert set(written.contents) == names | {"all.tex", "summary.csv", "summary.parquet", "message.txt"}
    assert written.message == (tmp_path / "tables" / "message.txt").read_text(encoding="utf-8")


def test_all_tables_are_one_document(tmp_path):
    Written(tmp_path, [record("0.7", EXACT), record("0.7", WRONG, engine="operon", setting="integer")])
    document = tmp_path / "tables" / "all.tex"
    assert document.read_text(encoding="utf-8").count(r"\input{table") == 6
    if shutil.which("pdflatex") is None:
        assert typeset(document) == "no pdflatex here: all.tex was not compiled"
        pytest.skip("no pdflatex here")
    assert typeset(document) == "made all.pdf"
    assert document.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert not list(document.parent.glob("*.aux"))


def test_the_paper_stands_above_the_engines(tmp_path):
    written = Written(tmp_path, [record(), record("0.7", WRONG, engine="operon", setting="free")])
    block = "Free constants"
    assert written.line(3, block, "10%", "paper") == ["9.45e-12", "8.15e-12", "1.16e-09"]
    assert written.line(3, block, "10%", "rational") == ["0 ✓", "", ""]
    assert written.line(3, block, "10%", "operon")[0].endswith("e-01")
    assert written.line(3, "Integer columns", "30%", "paper") == ["0", "4.19e-15", "1.01e-14"]
    assert written.line(4, "Integer columns", "10%", "paper") == ["∞ (20)", "∞ (17)", "24.6 (11)"]
    assert written.line(4, block, "10%", "rational") == ["∞ (11) ✓", "", ""]


def test_an_engine_that_ignores_the_setting_stands_in_each_block(tmp_path):
    written = Written(tmp_path, [record()])
    for block in ("Free constants", "Integer columns"):
        assert written.line(3, block, "10%", "rational")[0] == "0 ✓"
    assert written.line(3, "Free constants", "30%", "rational") is None
    assert "rational ignores the settings" in written.text(3)


def test_rows_and_columns_follow_the_sweep(tmp_path):
    written = Written(tmp_path, [record(theories=40, fraction="0.25"), record(theories=400, fraction="1")])
    header = next(line for line in written.text(3).splitlines() if line.startswith("| Lowest"))
    assert cells_of(header)[2:] == [f"{count} theories" for count in (40, 100, 200, 300, 400)]
    assert written.line(3, "Integer columns", "25%", "rational") == ["0 ✓", "", "", "", ""]
    assert written.line(3, "Integer columns", "100%", "rational") == ["", "", "", "", "0 ✓"]


def test_a_setting_without_published_values_has_its_block(tmp_path):
    minimal = record("0.7", "r*s", family="minimal", engine="operon", setting="integer_flat", fraction="0.3")
    written = Written(tmp_path, [minimal])
    block = "Integer columns, no square of a square"
    assert written.line(5, block, "30%", "paper") is None
    assert len(written.line(5, block, "30%", "operon")) == 3
    assert block in written.text(2)


def test_an_unknown_engine_simply_appears(tmp_path):
    written = Written(tmp_path, [record(), record("0.7", EXACT, engine="gplearn", setting="free")])
    assert written.line(3, "Free constants", "10%", "gplearn") == ["0 ✓", "", ""]
    assert "gplearn" in written.message
    assert summary_rows([record(engine="gplearn")])[0]["engine_version"] == "pygplearn 9.8"


def test_a_further_family_gets_tables_of_its_own(tmp_path):
    extra = record()
    extra["cell"]["family"] = "parafermion"
    written = Written(tmp_path, [extra])
    assert "parafermion" in written.text(1)
    assert "parafermion" in written.text(2)
    assert "h = `" in written.text(2)
    assert "proved by rational" in written.text(2)
    assert not written.contents.keys() & {"table4.md", "table7.md"}
    assert "Tables: " in written.message
    beside = Written(tmp_path / "beside", [record(), extra])
    assert "parafermion" in beside.text(2)
    assert "parafermion" in beside.text(7)
    assert "parafermion" not in beside.text(3)
    assert re.search(r"parafermions? .*1/1", written.message)


def test_formulas_stand_beside_the_papers(tmp_path):
    records = [
        record("0.7", "3*k/(k+2)", task="central_charge"),
        record("0.7", EXACT),
        record("0.7", SAME, engine="operon", setting="integer"),
    ]
    written = Written(tmp_path, records)
    first, second = written.text(1), written.text(2)
    assert "| exact formula " in first
    assert "`(k+k+k)/(k+2.00)`" in first
    assert "1.01e-11" in first
    assert "✓ identical to the closed form" in first
    assert "`l*(l+2)/(k+2)*0.25000`" in second  # constants to five digits ...
    assert "`l*(l + 2)/(4*(k + 2))`" in second  # ... and simplified, exact
    assert "parafermion" not in first


def test_formulas_at_the_papers_cell_or_else_the_smallest(tmp_path):
    both = Written(tmp_path / "both", [record(theories=100), record(theories=20)])
    assert "WZW su(2)ₖ, 100 theories, lowest 10%" in both.text(2)
    other = Written(tmp_path / "other", [record(theories=50, fraction="0.5"), record(theories=20, fraction="0.5")])
    assert "WZW su(2)ₖ, 20 theories, lowest 50%" in other.text(2)


def test_an_empty_sweep_shows_the_paper_alone(tmp_path):
    written = Written(tmp_path, [])
    assert written.line(5, "Integer columns", "50%", "paper") == ["2.64e-04", "1.14e-03", "2.64e-02"]
    assert "The sweep has none of these cells" in written.text(5)
    assert len(written.csv(5)) == 18
    assert {row["engine"] for row in written.csv(5)} == {""}


# ---- marks


def test_wrong_formulas_carry_no_mark(tmp_path):
    written = Written(tmp_path, [record("0.7", WRONG, engine="operon", setting="free")])
    assert re.fullmatch(r"\d\.\d\de-\d\d", written.line(3, "Free constants", "10%", "operon")[0])
    assert "not exact" in written.text(2)
    assert "✓" not in written.text(3)


def test_undecided_has_its_own_mark(tmp_path):
    written = Written(tmp_path, [undecided(engine="operon", setting="free")])
    assert written.line(3, "Free constants", "10%", "operon")[0].endswith(" ?")
    assert "? undecided" in written.text(3)
    assert "0/1 (1 undecided)" in written.message


def test_a_proved_equation_that_best_does_not_select(tmp_path):
    """A larger equation with a computed loss of zero and a jump in score hides the exact one from `best`."""
    made = record("0.7", EXACT, engine="operon", setting="free")
    worse = made["verdict"]["equations"][0] | {"complexity": 30, "loss": 1e-33, "score": 12.5}
    made["verdict"]["equations"].append(worse)
    made["verdict"]["selected"] = 2
    written = Written(tmp_path, [made])
    assert written.line(3, "Free constants", "10%", "operon")[0] == "1.00e-33 ✓†"
    assert written.line(4, "Free constants", "10%", "operon")[0] == "12.5 (30) ✓†"
    assert "operon, free, 10%, 100: 11" in written.text(3)
    assert "✓†" in written.text(2)
    [row] = summary_rows([made])
    assert (row["selected_by"], row["equation"], row["complexity"]) == ("exact", EXACT, 11)
    assert written.csv(3)[0]["proved_elsewhere"] == "yes"


def test_suspect_values_are_marked_and_explained(tmp_path):
    written = Written(tmp_path, [])
    assert written.line(6, "Integer columns", "30%", "paper") == ["0.0843 (23)", "0.188 (5)", "0.586‡ (13)"]
    assert "‡ suspect: Integer columns: 50%, 300 Theories" in written.text(6)
    assert written.text(6).count("‡") == 4
    flagged = [(row["theories"], row["fraction"]) for row in written.csv(6) if row["suspect"] == "yes"]
    assert flagged == [("300", "0.3"), ("300", "0.5")]
    assert r"$^{\ddagger}$" in written.text(6, "tex")


def test_contradictions_of_the_paper_stand_below(tmp_path):
    written = Written(tmp_path, [])
    assert "Equation (1)" in written.text(1)
    assert "[r,s]" in written.text(2)
    assert "below 1e-8" in written.text(3)


# ---- what is missing


def test_missing_cells_are_dashes_and_counted(tmp_path):
    expected = [cell(engine="operon", setting=name, theories=n) for name in ("free", "integer") for n in (100, 200)]
    made = [record("0.7", EXACT, engine="operon", setting="free", theories=200)]
    written = Written(tmp_path, made, expected)
    assert written.line(3, "Free constants", "10%", "operon") == ["—", "0 ✓", ""]
    assert written.line(3, "Integer columns", "10%", "operon") == ["—", "—", ""]
    assert "missing so far; 3 in all" in written.text(3)
    assert "1/4 (3 missing)" in written.message
    assert "Missing: 3 cells" in written.message
    assert "wzw_su2/conformal_weight/100/0.1/free/operon/0" in written.message
    assert [row["missing"] for row in written.csv(3) if row["engine"]] == ["1", "0", "1", "1"]


def test_a_missing_fit_of_an_engine_without_settings_is_counted_once(tmp_path):
    written = Written(tmp_path, [], [cell()])
    assert written.line(3, "Integer columns", "10%", "rational") == ["—", "", ""]
    assert "missing so far; 1 in all" in written.text(3)


def test_nothing_is_missing_from_a_complete_sweep():
    made = [record(), record(theories=200)]
    assert "Missing" not in final_message(summary_rows(made), [one["cell"] for one in made], "results/quick")


# ---- several seeds


def test_seeds_are_summed_up(tmp_path):
    fronts = [("0.7", EXACT), ("0.7", WRONG), ("0.7",), ("0.7", WRONG), ("0.7", EXACT)]
    made = [record(*front, engine="operon", setting="free", seed=seed) for seed, front in enumerate(fronts)]
    written = Written(tmp_path, [record(), *made])
    losses = sorted(one["verdict"]["equations"][one["verdict"]["selected"]]["loss"] for one in made)
    [row] = [row for row in written.csv(3) if row["engine"] == "operon" and row["theories"] == "100"]
    assert float(row["value"]) == losses[2]
    assert (row["seeds"], row["recovered"]) == ("5", "2")
    assert written.line(3, "Free constants", "10%", "operon")[0] == (f"{losses[2]:.2e} [0, {losses[-1]:.2e}] ✓ 2/5")
    assert (row["minimum"], row["maximum"]) == (repr(losses[0]), repr(losses[-1]))
    # Wilson's interval of 2 out of 5, by its formula.
    centre, half = (2 + 1.959964**2 / 2) / (5 + 1.959964**2), 1.959964 / (5 + 1.959964**2)
    half *= math.sqrt(2 * 3 / 5 + 1.959964**2 / 4)
    assert float(row["recovery_rate"]) == 0.4
    assert float(row["rate_low"]) == pytest.approx(centre - half, rel=1e-5)
    assert float(row["rate_high"]) == pytest.approx(centre + half, rel=1e-5)
    assert written.line(3, "Free constants", "10%", "rational")[0] == "0 ✓"
    assert "✓ 2/5 identical" in written.text(2)
    assert f"`{EXACT}`" in written.text(2)
    assert "median" in written.text(3)


def test_score_and_complexity_have_their_spread_too(tmp_path):
    fronts = [("0.7", EXACT), ("0.7", WRONG), ("0.7", WRONG)]
    made = [record(*front, engine="operon", setting="free", seed=seed) for seed, front in enumerate(fronts)]
    shown = Written(tmp_path, made).line(4, "Free constants", "10%", "operon")[0]
    assert re.fullmatch(r"[\d.]+ \[[\d.]+, ∞\] \(\d+ \[\d+, 11\]\) ✓ 1/3", shown)


def test_seeds_that_agree_show_one_number(tmp_path):
    made = [record("0.7", EXACT, engine="operon", setting="free", seed=seed) for seed in range(2)]
    written = Written(tmp_path, made)
    assert written.line(3, "Free constants", "10%", "operon")[0] == "0 ✓ 2/2"
    assert (written.csv(3)[0]["minimum"], written.csv(3)[0]["maximum"]) == ("", "")


def test_recovery_over_seeds_has_a_table_of_its_own(tmp_path):
    times = {0: 2.0, 1: 9.0, 2: 4.0, 3: 100.0}
    made = [
        record("0.7", EXACT if seed < 3 else WRONG, engine="operon", setting="free", seed=seed, theories=theories)
        for seed in times
        for theories in (100, 200)
    ]
    for one in made:
        one["cost"]["fit_cpu_seconds"] = times[one["cell"]["seed"]]
    expected = [one["cell"] for one in made] + [cell(engine="operon", setting="free", seed=4)]
    written = Written(tmp_path, [record(), *made], [*expected, cell()])
    assert "# Table 7. Recovery over seeds." in written.text(7)
    assert "rational" not in written.text(7)
    [line] = [cells_of(line) for line in written.text(7).splitlines() if "operon" in line and line.startswith("|")]
    assert line == ["h, free constants", "operon", "6/9", "75% [41%, 93%]", "4 [2, 9]", "2", "1"]
    rate, spent = written.csv(7)
    assert (rate["quantity"], float(rate["value"]), rate["seeds"], rate["missing"]) == ("recovery_rate", 0.75, "8", "1")
    assert (spent["quantity"], spent["value"]) == ("recovery_cpu_seconds", "4.0")
    assert (spent["minimum"], spent["maximum"]) == ("2.0", "9.0")
    assert "operon  WZW su(2)_k 75% [41%, 93%] of 8 fits, median 4 s; 2 ended without it" in written.message
    assert "table1.md to table7.md" in written.message


def test_times_stand_in_no_table_but_that_on_seeds(tmp_path):
    """So that two runs of a sweep can be compared byte by byte."""
    made = [record("0.7", EXACT, engine="operon", setting="free", seed=seed) for seed in range(2)]
    slow = json.loads(json.dumps(made))
    for one in slow:
        one["cost"] = {"fit_cpu_seconds": 77.0, "fit_wall_seconds": 99.0}
    one, two = Written(tmp_path / "one", made).contents, Written(tmp_path / "two", slow).contents
    changed = {name for name in one if one[name] != two[name]}
    assert changed == {"table7.md", "table7.csv", "table7.tex", "summary.csv", "summary.parquet", "message.txt"}


def test_one_seed_needs_no_statistics(tmp_path):
    written = Written(tmp_path, [record(), record("0.7", EXACT, engine="operon", setting="free")])
    assert "Over seeds" not in written.message
    assert {row["rate_low"] for row in written.csv(3)} == {""}
    assert not (tmp_path / "tables" / "table7.md").exists()


# ---- beyond the paper's tables


def own(name="my_data", outcome="identified", reasons=(), **keys):
    """A record of a spectrum of one's own: the formula is exact, and no closed form judges it."""
    made = json.loads(json.dumps(record(*keys.pop("equations", ("0.7", EXACT)), **keys)))
    made["cell"] |= {"family": name, "task": "given", "fraction": None}
    made["verdict"]["closed_form"] = None
    for equation in made["verdict"]["equations"]:
        equation["identical_to_closed_form"] = "not looked at"
    made["fit"]["certificate"] = {"outcome": outcome, "reasons": list(reasons)}
    made["fit"]["data_metadata"] = {"title": "My data", "symbol": "x_1"}
    return made


def test_the_plan_is_what_is_written(tmp_path):
    made = [
        record(),
        record(task="energy"),
        record("0.7", EXACT, engine="operon", setting="free", family="wzw_su2", seed=1),
        record("0.7", EXACT, engine="operon", setting="free", family="wzw_su2"),
        record("0.7", "3*k/(k+2)", task="central_charge"),
        own(),
    ]
    extra = json.loads(json.dumps(made[0]))
    extra["cell"]["family"] = "parafermions"
    theory = json.loads(json.dumps(made[4]))
    theory["cell"]["task"] = "weight_sum"
    made += [extra, theory]
    written = Written(tmp_path, made)
    plans = planned_tables([one["cell"] for one in made])
    kinds = [(plan.kind, plan.tasks, plan.family) for plan in plans[6:]]
    grid = ("conformal_weight",)
    assert kinds == [
        ("grid", grid, "parafermions"),
        ("grid", grid, "parafermions"),
        ("formulas", ("energy",), ""),
        ("grid", ("energy",), "wzw_su2"),
        ("grid", ("energy",), "wzw_su2"),
        ("formulas", ("weight_sum",), ""),
        ("own", ("given",), ""),
        ("seeds", (), ""),
    ]
    names = set(table_names([one["cell"] for one in made]))
    assert names == {Path(name).stem for name in written.contents if name.startswith("table")}
    assert "table1.md to table14.md" in written.message
    # Every cell stands in some table.
    places = set()
    for plan in plans:
        places |= {
            (row["family"], row["task"], row["theories"], row["fraction"])
            for row in written.csv(plan.number)
            if row["engine"]
        }
    for one in made:
        place = tuple(str(one["cell"][name] or "") for name in ("family", "task", "theories", "fraction"))
        assert place in places


def test_tables_of_an_earlier_sweep_are_removed(tmp_path):
    Written(tmp_path, [record(), own()])
    assert (tmp_path / "tables" / "table7.md").exists()
    names = set(Written(tmp_path, [record()]).contents)
    assert "table6.md" in names
    assert not {name for name in names if name.startswith("table7")}


def test_the_energy_stands_beside_h(tmp_path):
    energy = "l*(l+2)/(4*(k+2))-k/(8*(k+2))"
    made = [record(), record("0.7", energy, task="energy")]
    text = Written(tmp_path, made).text(7)
    [line] = [cells_of(line) for line in text.splitlines() if line.startswith("| rational ")]
    assert line[:2] == ["rational", f"`{energy}`"]
    assert line[3:5] == ["19", "11"]
    assert "that of the energy is shorter in 0 of 1" in text


def test_every_number_of_theories_of_a_central_charge_stands_there(tmp_path):
    made = [record("0.7", "3*k/(k+2)", task="central_charge", theories=n) for n in (100, 40)]
    text = Written(tmp_path, made).text(1)
    assert text.index("WZW su(2)ₖ, 100 theories") < text.index("WZW su(2)ₖ, 40 theories")


def test_no_formula_comes_with_the_reason(tmp_path):
    made = record("0.7", task="gap", family="minimal")
    made["fit"]["certificate"] = {"outcome": "none", "reasons": ["no P/Q of degree 12 or less fits"]}
    written = Written(tmp_path, [made])
    [line] = [cells_of(line) for line in written.text(1).splitlines() if line.startswith("| rational ")]
    assert line == ["rational", "no formula", "", "", "no P/Q of degree 12 or less fits"]
    assert {row["value"] for row in written.csv(1) if row["engine"]} == {""}


def test_spectra_of_ones_own_have_titles_verdicts_and_certificates(tmp_path):
    loose = own("other", "fits", ["l takes 2 value(s); 4 are needed"])
    loose["verdict"]["recovered"] = "undecided"
    loose["fit"]["certificate"] |= {
        "competing_formula": "l*3/8",
        "deciding_labels": {"k": 9, "l": 4},
        "deciding_values": ["6/11", "3/2"],
    }
    about = [own(), loose]
    text = Written(tmp_path, about).text(1)
    assert "## My data: x₁, 100 theories." in text
    assert "✓ exact on the data and on what was held out; the rows identify it" in text
    assert "? exact on the data and on what was held out; fits, but not identified: l takes 2 value(s)" in text
    assert "`l*3/8` fits every row too; they differ at k=9, l=4 (6/11 or 3/2)" in text
    message = final_message(summary_rows(about), [], "x", titles_of(about))
    assert "  My data  rational 1/1\n" in message


def test_what_the_data_do_not_determine_no_engine_has_recovered():
    loose = own("other", "fits", ["too few rows"])
    search = own("other", equations=("0.7", "l*(l+3)/(5*(k+2))", EXACT), engine="operon", setting="free")
    search["fit"]["certificate"] = None
    answers = {row["engine"]: row["recovered"] for row in summary_rows([loose, search])}
    assert answers == {"rational": "undecided", "operon": "undecided"}
    assert summary_rows([search])[0]["recovered"] == "yes"
    # A closed form decides by itself.
    known = [record(certificate="fits"), record("0.7", EXACT, engine="operon", setting="free")]
    assert {row["recovered"] for row in summary_rows(known)} == {"yes"}


def test_agreement_within_uncertainty_is_no_recovery(tmp_path):
    made = own()
    for equation in made["verdict"]["equations"]:
        if equation["exact_on_data"] == "yes":
            equation |= {"exact_on_data": "approximate", "exact_on_held_out": "approximate"}
    made["verdict"]["recovered"] = "approximate"
    written = Written(tmp_path, [made])
    assert "≈ agrees within uncertainty" in written.text(1)
    assert "✓" not in written.text(1)
    assert "0/1 (1 within uncertainty)" in written.message
    [row] = summary_rows([made])
    assert (row["recovered"], row["selected_by"], row["equation"]) == ("approximate", "approximate", EXACT)


def test_a_formula_within_the_uncertainty_is_printed_with_the_digits_that_its_verdict_rests_on(tmp_path):
    made, shown = own(), "1.644934066848226*l"
    for equation in made["verdict"]["equations"]:
        if equation["exact_on_data"] == "yes":
            equation |= dict.fromkeys(("equation", "simplified"), shown) | {"exact_on_data": "approximate"}
    written = Written(tmp_path, [made])
    assert f"`{shown}`" in written.text(1)
    assert "1.6449*l" not in written.text(1)
    assert "1.644934066848226" in written.text(1, "tex")
    assert "1.644934066848226" in mathml(shown, rounded=False)
    assert "1.6449<" in mathml(shown)


def test_a_missing_seed_counts_in_the_denominator(tmp_path):
    places = [cell(engine="operon", setting="free", seed=seed) for seed in range(3)]
    written = Written(tmp_path, [record("0.7", EXACT, engine="operon", setting="free", seed=1)], places)
    assert written.line(3, "Free constants", "10%", "operon")[0] == "0 ✓ 1/3"


def test_undecided_seeds_are_said(tmp_path):
    made = [record("0.7", WRONG, engine="operon", setting="free"), undecided(engine="operon", setting="free", seed=1)]
    assert Written(tmp_path, made).line(3, "Free constants", "10%", "operon")[0].endswith(" 0/2 ?1")


# ---- the summary


def test_one_row_a_cell_with_every_column(tmp_path):
    made = [record(certificate="identified"), record("0.7", SAME, engine="operon", setting="free")]
    written = Written(tmp_path, made)
    table = pq.read_table(tmp_path / "summary.parquet")
    assert table.schema.equals(SUMMARY_SCHEMA)
    ours, theirs = table.to_pylist()
    assert (ours["engine"], theirs["engine"]) == ("operon", "rational")
    columns = """family task theories fraction setting engine seed rows equation simplified complexity loss score
        exact_on_data exact_on_held_out identical_to_closed_form identified cpu_seconds wall_seconds evaluations
        stop_reason engine_version recovered selected_by origin source hidden_kind hidden_equation hidden_levels
        hidden_levels_explained"""
    assert set(columns.split()) == set(table.schema.names)
    assert theirs["score"] == math.inf
    assert theirs["engine_version"] == "cftsr 0.1.0"
    assert ours["engine_version"] == "pyoperon 9.8"
    assert (ours["cpu_seconds"], ours["wall_seconds"], ours["rows"], ours["evaluations"]) == (1.5, 2.5, 41, 1234)
    lines = list(csv.DictReader(written.contents["summary.csv"].decode().splitlines()))
    assert [line["equation"] for line in lines] == [SAME, EXACT]
    assert lines[1]["score"] == "inf"
    assert float(lines[0]["loss"]) == ours["loss"]


@pytest.mark.parametrize("outcome", ["identified", "fits"])
def test_the_certificate_serves_the_engines_that_found_the_same_formula(outcome):
    made = [
        record(certificate=outcome),
        record("0.7", SAME, engine="operon", setting="free"),
        record("0.7", WRONG, engine="operon", setting="integer"),
        record("0.7", EXACT, engine="operon", setting="free", theories=200),
    ]
    outcomes = {(row["engine"], row["setting"], row["theories"]): row["identified"] for row in summary_rows(made)}
    assert outcomes == {
        ("rational", "any", 100): outcome,
        ("operon", "free", 100): outcome,
        ("operon", "integer", 100): None,
        ("operon", "free", 200): None,
    }


def test_the_reported_equation_is_the_proved_one_or_else_best():
    exact, best = summary_rows([record("0.7", EXACT), record("0.7", WRONG, theories=200)])
    assert (exact["selected_by"], exact["recovered"], exact["equation"]) == ("exact", "yes", EXACT)
    assert (best["selected_by"], best["recovered"]) == ("best", "no")


def test_counts_by_engine_and_family():
    made = [
        record(),
        record(theories=200),
        record("0.7", WRONG, engine="operon", setting="free"),
        undecided(engine="operon", setting="integer"),
        record("0.7", "p", engine="operon", setting="free", family="minimal"),
    ]
    expected = [cell(engine="operon", setting="free", family="minimal", theories=n) for n in (100, 200)]
    counts = recovery_counts(summary_rows(made), expected)
    assert {(c.engine, c.family): (c.recovered, c.undecided, c.missing, c.total) for c in counts} == {
        ("rational", "wzw_su2"): (2, 0, 0, 2),
        ("operon", "minimal"): (0, 0, 1, 2),
        ("operon", "wzw_su2"): (0, 1, 0, 2),
    }
    message = final_message(summary_rows(made), expected, "results/quick")
    assert "  WZW su(2)_k              rational 2/2" in message
    assert "0/2 (1 undecided)" in message
    assert "results/quick/tables/table1.md" in message
    assert "results/quick/summary.csv" in message


# ---- the same bytes


def test_the_order_of_the_records_is_nothing(tmp_path):
    made = [
        record(theories=n, fraction=f, **engine)
        for n in (100, 200)
        for f in ("0.1", "0.5")
        for engine in ({}, {"engine": "operon", "setting": "free"}, {"engine": "zeta", "setting": "integer"})
    ]
    made.append(record("0.7", "3*k/(k+2)", task="central_charge"))
    expected = [one["cell"] for one in made] + [cell(theories=300), cell(engine="alpha", setting="free")]
    # The folder is named in the message, so both runs write into folders that are called the same.
    one = Written(tmp_path / "a", made, expected).contents
    two = Written(tmp_path / "b", made[::-1], expected[::-1]).contents
    del one["message.txt"], two["message.txt"]
    assert one == two


# ---- reading records


def test_records_are_read_and_missing_files_are_missing_cells(tmp_path):
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps({key: record()[key] for key in ("cell", "fit", "verdict")}), encoding="utf-8")
    (tmp_path / "cost.json").write_text(json.dumps(record()["cost"]), encoding="utf-8")
    [read] = read_records([path, tmp_path / "absent.json"])
    assert read == record()


def test_without_fronts_the_tables_are_the_same(tmp_path):
    """Only the selected and the reported equation are kept of each front."""
    elsewhere = record("0.7", EXACT, engine="operon", setting="free")
    elsewhere["verdict"]["equations"].append(elsewhere["verdict"]["equations"][0] | {"complexity": 30, "loss": 1e-33})
    elsewhere["verdict"]["selected"] = 2
    made = [record("k", "0.7*l", EXACT), elsewhere, undecided(engine="operon", setting="integer"), own()]
    for index, one in enumerate(made):
        place = tmp_path / str(index)
        place.mkdir()
        text = {key: one[key] for key in ("cell", "fit", "verdict")}
        (place / "verdict.json").write_text(json.dumps(text), encoding="utf-8")
        (place / "cost.json").write_text(json.dumps(one["cost"]), encoding="utf-8")
    paths = [tmp_path / str(index) / "verdict.json" for index in range(len(made))]
    short = read_records(paths, fronts=False)
    assert [len(one["verdict"]["equations"]) for one in short] == [1, 2, 1, 1]
    expected = [one["cell"] for one in made]
    one = Written(tmp_path / "a" / "x", read_records(paths), expected).contents
    two = Written(tmp_path / "b" / "x", short, expected).contents
    del one["message.txt"], two["message.txt"]
    assert one == two


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cell": {}, "fit": {}, "verdict": {}}'])
def test_a_damaged_verdict_is_named(tmp_path, text):
    path = tmp_path / "verdict.json"
    path.write_text(text)
    (tmp_path / "cost.json").write_text(json.dumps(record()["cost"]), encoding="utf-8")
    with pytest.raises(UserError, match=r"verdict\.json.*(delete|Delete)"):
        read_records([path])


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*file"):
        write_tables(Findings([record()], []), tmp_path / "file", PUBLISHED)


# ---- Markdown and LaTeX that hold together


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Two engines, several seeds, marks of every kind, long constants, names with underscores."""
    long = "0.25000137*l*(l+1.9999999)/(k+2.0000001)-1.5e-9*(k-(l-3.25e7))"
    made = [
        record(certificate="identified"),
        record("0.7", "3*k/(k+2)", task="central_charge"),
        record("0.7", long, engine="my_engine", setting="free"),
        record("-0.7", "-(l-k)/(-2.5)", engine="my_engine", setting="free", seed=1),
        undecided(engine="my_engine", setting="integer"),
        record("0.7", "l*(l+2)/(4*(k+2))-k/(8*(k+2))", task="energy"),
        record("0.7", "3/(4*(k+2))", task="gap"),
        own("my_own", "fits", ["n_1 takes 2 value(s) & 50% | of 4^2"], equations=("0.7", long, EXACT)),
        record("0.7", "square(p/q)-square(square(r)-s)", family="minimal", fraction="0.3", engine="my_engine",
               setting="free"),
    ]  # fmt: skip
    expected = [one["cell"] for one in made] + [cell(theories=300), cell(engine="my_engine", setting="odd_one")]
    return Written(tmp_path_factory.mktemp("full"), made, expected)


@pytest.mark.parametrize("number", range(1, 13))
def test_markdown_tables_are_rectangular(full, number):
    tables = re.findall(r"(?:^\|.*\n)+", full.text(number), flags=re.MULTILINE)
    assert tables
    for table in tables:
        lines = table.splitlines()
        assert len({len(cells_of(line)) for line in lines}) == 1
        assert len({len(line) for line in lines}) == 1  # aligned in the source too
        assert re.fullmatch(r"\|( -+:? \|)+", lines[1])


@pytest.mark.parametrize("number", range(1, 13))
def test_latex_holds_together(full, number):
    text = full.text(number, "tex")
    bare = re.sub(r"\\[\\{}$&%#_]", lambda match: r"\\" if match[0] == r"\\" else "", text)
    depth = 0
    for character in bare:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    assert text.count(r"\left") == text.count(r"\right")
    for environment in ("table", "tabular", "minipage"):
        assert text.count(rf"\begin{{{environment}}}") == text.count(rf"\end{{{environment}}}") == 1
    assert text.isascii()  # nothing that needs a font or an encoding
    body = text.split(r"\toprule")[1].split(r"\bottomrule")[0]
    layout = re.search(r"\\begin\{tabular\}\{(.*)\}\n", text)[1]
    width = len(re.sub(r"p\{[^{}]*\}", "p", layout))
    for line in body.splitlines():
        if line.endswith(r"\\"):
            if line.startswith(r"\multicolumn"):
                assert line.startswith(rf"\multicolumn{{{width}}}{{l}}")
            else:
                assert len(re.findall(r"(?<!\\)&", line)) == width - 1
    for line in text.splitlines()[1:]:  # the first is a comment
        assert line.replace(r"\$", "").count("$") % 2 == 0
        outside = re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", line)
        assert not re.search(r"(?<!\\)[_^#%]", outside)


def test_loss_formats():
    assert number(0.0, scientific=True) == ("0", "$0$")
    assert number(9.449299e-12, scientific=True) == ("9.45e-12", r"$9.45\times10^{-12}$")
    assert number(math.inf) == ("∞", r"$\infty$")
    assert number(0.187518).markdown == "0.188"
    assert number(24.64623).markdown == "24.6"
    assert number(8.0).markdown == "8.00"


def test_constants_are_shortened_but_stay_floats():
    assert rounded_constants("0.25000137*l+2.0000001-x1*13") == "0.25000*l+2.0000-x1*13"
    assert rounded_constants("1.5e-09*k+3e7") == "1.5000e-09*k+3.0000e+07"


def test_formulas_in_latex():
    assert formula("l*(l+2)/(4*(k+2))").latex.endswith(r"\frac{l\,\left(l+2\right)}{4\,\left(k+2\right)}$")
    assert formula("k-(l-1)").latex.endswith(r"k-\left(l-1\right)$")
    assert formula("l*(-2)").latex.endswith(r"l\,\left(-2\right)$")
    assert formula("square(p/q)").latex.endswith(r"{\left(\frac{p}{q}\right)}^{2}$")
    assert formula("square(square(p))").latex.endswith(r"{\left({p}^{2}\right)}^{2}$")
    assert formula("k*2").latex.endswith(r"k\cdot 2$")


def test_integer_columns_are_shown_as_integers():
    assert formula("l*(l+i2)/(i4*(k+i2))").markdown == "`l*(l+2)/(4*(k+2))`"
    assert "i4" not in formula("i4*l").latex


def test_names_have_indices():
    words = plain("WZW su(2)_k & su(2)_{k+m} of wzw_su2")
    assert words.latex == r"WZW su(2)$_{k}$ \& su(2)$_{k+m}$ of wzw\_su2"
    assert words.markdown == "WZW su(2)ₖ & su(2)ₖ₊ₘ of wzw_su2"


def test_a_sweep_of_own_spectra_shows_only_its_own(tmp_path):
    written = Written(tmp_path, [own()])
    assert {name for name in written.contents if name.startswith("table")} == {
        f"table1.{k}" for k in ("csv", "md", "tex")
    }
    assert "paper" not in written.text(1)
    assert f"Table: {tmp_path}/tables/table1.md (and .csv, .tex)" in written.message


def test_words_are_escaped():
    assert plain("ab_c 10% & c|d").latex == r"ab\_c 10\% \& c$|$d"
    assert plain("c|d *").markdown == r"c\|d \*"
    assert plain("see `p_1`").markdown == "see `p_1`"
    assert plain("see `p_1`").latex == r"see \texttt{p\_1}"
