"""`cftsr export` and `cftsr families`: what is written is what the sweep has, and docs/ say the same."""

from __future__ import annotations

import csv
import hashlib
import json
from fractions import Fraction as F
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from cftsr.__main__ import main
from cftsr.answers.checking import table_of_cell
from cftsr.answers.export import COLUMNS, export
from cftsr.commands.families import entry, markdown
from cftsr.families import family_names, get_family
from cftsr.shipped import shipped

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
CELLS = ["wzw_su2/conformal_weight/n12_f50", "minimal/central_charge/n100"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "out"
    return folder, export(folder, CELLS, CONFIG)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("part", ["data", "held_out"])
def test_the_files_have_the_rows_of_the_sweep_and_agree_with_each_other(exported, cell, part):
    folder, _ = exported
    table = table_of_cell(cell, CONFIG)
    expected = getattr(table, part)
    rows = rows_of(folder / cell / f"{part}.csv")
    assert len(rows) == len(expected)
    assert list(rows[0]) == [*expected.labels, *COLUMNS]
    for number, row in enumerate(rows):
        assert [int(row[label]) for label in expected.labels] == expected.x[number].tolist()
        value = F(int(row["numerator"]), int(row["denominator"]))
        assert value == expected.exact_target(number)
        assert float(row["target"]) == float(value)
    columns = pq.read_table(folder / cell / f"{part}.parquet").to_pydict()
    assert {name: [str(value) for value in values] for name, values in columns.items()} == {
        name: [row[name] for row in rows] for name in rows[0]
    }


def test_rows_of_a_theory_have_one_number_across_both_parts(exported):
    folder, _ = exported
    numbers: dict[str, set[str]] = {}
    for part in ("data", "held_out"):
        for row in rows_of(folder / CELLS[0] / f"{part}.csv"):
            numbers.setdefault(row["k"], set()).add(row["theory"])
    assert all(len(theories) == 1 for theories in numbers.values())
    assert [numbers[str(k)] for k in range(1, 63)] == [{str(k - 1)} for k in range(1, 63)]


def test_the_truth_gives_every_row(exported):
    folder, _ = exported
    truth = json.loads((folder / "truth.json").read_text())
    for cell in CELLS:
        for part in ("data", "held_out"):
            for row in rows_of(folder / cell / f"{part}.csv"):
                labels = {name: F(value) for name, value in row.items() if name not in COLUMNS}
                assert eval(truth[cell]["python"], labels) == F(int(row["numerator"]), int(row["denominator"]))


def test_the_manifest_has_every_file_with_its_digest_and_no_formula(exported):
    folder, manifest = exported
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    files = {name: digest for entry in manifest["data_sets"].values() for name, digest in entry["sha256"].items()}
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.parent != folder}
    assert set(files) == written
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == files[name] for name in files)
    assert "l*(l+2)" not in (folder / "manifest.json").read_text() + (folder / "README.md").read_text()


def test_the_same_request_gives_the_same_bytes(exported, tmp_path):
    folder, manifest = exported
    assert export(tmp_path / "again", CELLS, CONFIG) == manifest
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert export(folder, CELLS, CONFIG) == manifest, "over an earlier export"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_levels_without_labels_of_fields_are_exported_and_not_checked(tmp_path, capsys):
    cell = "wzw_su2/unlabelled_energy/n12_f50"
    manifest = export(tmp_path / "out", [cell], CONFIG)
    assert manifest["data_sets"][cell]["labels"] == ["k"]
    assert "lambda_" in json.loads((tmp_path / "out/truth.json").read_text())[cell]["python"]
    assert main(["check", "k", "--cell", cell]) == 2
    assert "have no labels of the fields" in capsys.readouterr().err


def test_the_command_takes_the_data_sets_of_a_configuration(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = ["families=wzw_su2", "theories=[12]", "fractions=[0.5]", "central_charge={theories: 20}"]
    assert main(["export", "out", "--config", *small]) == 0
    assert "out: 2 data sets" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert list(manifest["data_sets"]) == ["wzw_su2/central_charge/n20", "wzw_su2/conformal_weight/n12_f50"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").touch()
    assert main(["export", "mine", "--cells", *CELLS]) == 2
    assert "is there and no benchmark of ours" in capsys.readouterr().err
    assert main(["export", "new", "--cells", "nothing/central_charge/n20"]) == 2


def test_the_columns_are_documented():
    text = (ROOT / "docs/benchmark.md").read_text(encoding="utf-8")
    for name in COLUMNS:
        assert f"| `{name}` |" in text


# ---- families


def test_the_page_of_families_is_up_to_date():
    page = (ROOT / "docs/families.md").read_text(encoding="utf-8")
    assert page == markdown([entry(get_family(name)) for name in family_names()]) + "\n", (
        "run cftsr families --markdown > docs/families.md"
    )


def test_families_are_printed_with_labels_formulas_and_source(capsys):
    assert main(["families"]) == 0
    text = capsys.readouterr().out
    for name in family_names():
        assert f"{name}: {get_family(name).title}\n" in text
    assert main(["families", "wzw_su2"]) == 0
    assert capsys.readouterr().out.splitlines()[:4] == [
        "wzw_su2: WZW su(2)_k",
        "  theory: k; field: l",
        "  c = 3*k/(k + 2)",
        "  h = l*(l + 2)/(4*(k + 2))",
    ]
    assert main(["families", "wzw_su2", "--json"]) == 0
    (family,) = json.loads(capsys.readouterr().out)
    assert family["conventions"] == {"first_level": 1}
    assert main(["families", "none"]) == 2


@pytest.mark.parametrize("name", family_names())
def test_the_formulas_that_are_printed_give_the_numbers_of_the_family(name):
    family = get_family(name)
    formulas = entry(family)["formulas"]
    theory = next(theory for number, theory in enumerate(family.theories()) if number == 5)
    labels = dict(zip(family.theory_labels, map(F, theory), strict=True))
    assert eval(formulas["c"], dict(labels)) == family.central_charge(theory)
    for state in list(family.states(theory))[:10]:
        point = labels | dict(zip(family.state_labels, map(F, state), strict=True))
        assert eval(formulas["h"], point) == family.conformal_weight(theory, state)
