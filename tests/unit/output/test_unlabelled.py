"""Spectra without labels in tables, figures, the page and the summary: numbers that were found, not others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cftsr.answers.fit_file import default_options, fit_rows
from cftsr.data.dataset import write_dataset
from cftsr.data.generate import generate
from cftsr.data.tasks import TASKS
from cftsr.data.unlabelled import finding_of
from cftsr.engines.base import problem_of
from cftsr.families import get_family
from cftsr.fronts.front import Candidate
from cftsr.fronts.verdict import judge_front
from cftsr.hidden.labelled import find_labels
from cftsr.output.figures import build, to_spec
from cftsr.output.page.unlabelled import section_of
from cftsr.output.tables.build import all_tables
from cftsr.output.tables.markdown import to_markdown
from cftsr.output.tables.model import HIDDEN
from cftsr.output.tables.plan import planned_tables
from cftsr.results.findings import Findings
from cftsr.results.published import load_published
from tests.unit.records import cell

PUBLISHED = Path(__file__).parents[3] / "data" / "published"
TASK = "unlabelled_energy"


def fitted(folder: Path, family: str, theories: int, fraction: str) -> dict:
    """A record of the exact engine on a data set, which is written where the figures look for it."""
    _, data, held_out = find_labels(*generate(family, {}, TASK, theories, 4, fraction), complete=True)
    place = cell(family=family, task=TASK, theories=theories, fraction=fraction)
    path = folder / family / TASK / f"n{theories}_f{100 * float(fraction):.0f}"
    write_dataset(f"{path}.parquet", data)
    write_dataset(f"{path}.held_out.parquet", held_out)
    answer = fit_rows(data, held_out, default_options())
    text = answer.formulas[0].judgement.equation if answer.formulas else "0.1"
    front = problem_of(data, "free").front([Candidate(text)])
    return {
        "cell": place,
        "verdict": judge_front(front, data, held_out, TASKS[TASK].closed_form(get_family(family)), 20),
        "fit": {
            "rows": len(data),
            "certificate": answer.certificate,
            "evaluations": 1,
            "stop_reason": "exact",
            "versions": {},
            "data_metadata": data.metadata,
        },
        "cost": {"fit_cpu_seconds": 0.1, "fit_wall_seconds": 0.2},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spectra")


@pytest.fixture(scope="module")
def findings(folder):
    data_sets = [
        ("wzw_su2", 20, "0.3"),
        ("wzw_su2", 30, "0.5"),
        ("n1_superconformal", 40, "0.3"),
        ("wzw_su3", 16, "0.3"),
        ("so_n_level1", 20, "1"),
    ]
    records = [fitted(folder, *one) for one in data_sets]
    return Findings(records, [record["cell"] for record in records])


def test_the_table_has_what_was_found_of_each_data_set(findings):
    [table] = [table for table in all_tables(findings, load_published(PUBLISHED)) if table.kind == HIDDEN]
    markdown = to_markdown(table)
    for record in findings.records:
        finding = finding_of(record["fit"]["data_metadata"])
        for text in finding["equations"]:
            assert f"`{text.removeprefix('E = ')}`" in markdown
        if finding["data"]:
            assert f"{finding['data']['levels']:,} of {finding['data']['of_levels']:,}" in markdown
        else:
            assert f"none: {finding['reasons'][0]}" in markdown
    su2 = [row for row in table.data if (row["family"], row["theories"], row["quantity"]) == ("wzw_su2", 20, "levels")]
    assert [row["value"] for row in su2] == [findings.records[0]["fit"]["rows"]]


def test_a_sweep_with_labels_has_no_such_table():
    assert HIDDEN not in {plan.kind for plan in planned_tables([cell(), cell(task="energy")])}
    assert [plan.kind for plan in planned_tables([cell(task=TASK)])].count(HIDDEN) == 1


def test_the_summary_has_columns_for_them(findings):
    rows = {(row["family"], row["theories"]): row for row in findings.summary}
    su2, none = rows["wzw_su2", 20], rows["so_n_level1", 20]
    assert (su2["hidden_kind"], su2["hidden_equation"]) == ("one integer", "E = square(lambda_)/(4*(k+2))-1/8")
    assert su2["hidden_levels"] == su2["hidden_levels_explained"] > su2["rows"]
    assert (su2["recovered"], su2["identical_to_closed_form"]) == ("yes", "yes")
    assert (none["hidden_kind"], none["hidden_equation"]) == ("none", "")


def layers_of(figure) -> list[list[dict]]:
    """The rows of each layer of a chart."""
    spec = to_spec(figure.chart)
    whole = spec.get("data", {}).get("name")
    return [spec["datasets"][layer.get("data", {}).get("name", whole)] for layer in spec["layer"]]


def test_every_level_is_drawn_on_the_parabola_of_its_sector(findings, folder):
    drawn = {figure.name: figure for figure in build(findings, folder, load_published(PUBLISHED))}
    for name in ("wzw_su2-unlabelled_energy-n20_f30", "n1_superconformal-unlabelled_energy-n40_f30"):
        figure = drawn[f"parabola-{name}"]
        total, on = (int(number.replace(",", "")) for number in re.findall(r"([\d,]+) (?:levels|of them)", figure.alt))
        assert total == on > 100
        curves, dots = layers_of(figure)[:2]
        sectors = len({point["sector"] for point in curves})
        assert sectors == len(re.findall("lambda", figure.caption)) == (2 if name.startswith("n1") else 1)
        assert len(dots) == total
    assert "parabola-so_n_level1-unlabelled_energy-n20_f100" not in drawn


def test_the_score_of_shifts_names_the_one_found(findings, folder):
    drawn = {figure.name: figure for figure in build(findings, folder, load_published(PUBLISHED))}
    values = layers_of(drawn["shifts-wzw_su2-unlabelled_energy-n30_f50"])[0]
    assert [(point["shift"], point["y"]) for point in values if point["which"] == "found"] == [("1/8", 1)]
    assert max(point["y"] for point in values if point["which"] == "other") < 0.5
    su3 = drawn["shifts-wzw_su3-unlabelled_energy-n16_f30"]
    assert "found: s = 1/3" in su3.caption


def test_the_page_tells_families_apart(findings):
    sections = {section.title: section for section in section_of(findings)}
    su2 = sections["WZW su(2)_k"]
    assert su2.words.startswith("Found in 2 of 2 data sets. On 30 theories, lowest 50%: whole on")
    assert "λ" in su2.formulas[0]
    assert "lambda = 1, ..., k+1, without gaps" in su2.lines
    assert len(sections["N=1 superconformal SM(p,q)"].formulas) == 2
    nothing = sections["so(n)_1"]
    assert nothing.words.startswith("No hidden quantum number in 1 data set.")
    assert nothing.lines
