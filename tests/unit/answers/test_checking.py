"""`cftsr check`: the verdict of a formula, where it is wrong, and whether fit finds the same."""

from __future__ import annotations

import json
from fractions import Fraction as F
from pathlib import Path

import pytest
import yaml

from cftsr.__main__ import main
from cftsr.answers.checking import check, describe_check, how_far, table_of_cell, table_of_file
from cftsr.answers.fit_file import default_options
from cftsr.data.user_file import SpectrumRequest
from cftsr.errors import UserError
from cftsr.shipped import shipped
from cftsr.sweep.plan import Sweep
from cftsr.vocabulary import APPROXIMATE, NO, NOT_LOOKED_AT, YES

CONFIG = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
CELL = "wzw_su2/conformal_weight/n12_f50"
EXAMPLE = str(shipped("data") / "examples/lee_yang_series.csv")


@pytest.fixture(scope="module")
def table():
    return table_of_cell(CELL, CONFIG)


def test_the_right_formula_is_proved_three_times_and_is_what_fit_finds(table):
    result = check("l(l+2)/(4k+8)", table, default_options())
    assert result.recovered == YES
    judgement = result.judgement
    assert (judgement.exact_on_data, judgement.exact_on_held_out, judgement.identical_to_closed_form) == (YES,) * 3
    assert result.same_as_fit == YES
    assert result.differences == ()
    text = describe_check(result)
    assert "yes: exact on the data, on what was held out and identical to the closed form; proved" in text
    assert "what fit finds: the same function (identified)" in text


def test_a_wrong_formula_is_refuted_on_the_first_row_where_it_is_wrong(table):
    result = check("l(l+2)/(4k+9)", table, default_options())
    assert result.recovered == NO
    assert result.same_as_fit == NO
    data, held_out = result.differences
    # l = 0 gives 0 whatever the denominator: the first wrong row is the next.
    assert (data.labels, data.given, data.formula) == ({"k": 2, "l": 1}, "3/16", "3/17")
    assert data.wrong == sum(l > 0 for l in table.data.x[:, 1].tolist())
    assert held_out.held_out
    assert "first where k=2, l=1: the target is 3/16, the formula 3/17" in describe_check(result)


def test_a_formula_right_on_the_data_alone_fails_on_what_was_held_out(table):
    # Another term that vanishes on every row of the data: a product over all values of l there.
    values = sorted(set(table.data.x[:, 1].tolist()))
    extra = "*".join(f"(l-{value})" for value in values)
    result = check(f"l*(l+2)/(4*(k+2)) + {extra}", table)
    assert (result.judgement.exact_on_data, result.judgement.exact_on_held_out) == (YES, NO)
    assert result.judgement.identical_to_closed_form == NO
    assert [difference.held_out for difference in result.differences] == [True]
    assert result.same_as_fit == NOT_LOOKED_AT


def test_constants_near_rational_numbers_are_read_as_an_engines_are(table):
    result = check("0.2500001*l*(l+2.0000003)/(k+2)", table)
    assert result.recovered == YES
    assert result.judgement.tolerance > 0
    assert result.as_dict()["constants_moved_by"] == pytest.approx(3e-7)
    assert "moved by at most 3e-07" in describe_check(result)
    assert "with its constants read as rational numbers" in describe_check(result)
    far = check("0.26*l*(l+2)/(k+2)", table)
    assert far.recovered == NO
    assert far.differences[0].formula == "0.195"


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        (None, ""),
        (0.0, ""),
        (3e-7, ", moved by at most 3e-07"),
        (3.01e-7, ", moved by at most 4e-07"),
        (0.0099, "0.01"),
    ],
)
def test_how_far_is_a_bound(moved, words):
    assert how_far(moved).endswith(words)


def test_constants_that_are_read_in_the_expanded_fraction_have_a_bound_too(table):
    result = check("l*(l+2)*0.3333333/(1.3333333*k+2.6666667)", table)
    assert result.recovered == YES
    assert 0 < result.as_dict()["constants_moved_by"] <= result.judgement.tolerance


def test_a_pole_on_a_row_is_a_difference(table):
    result = check("l(l+2)/(4(k+2)) * (l-1)/(l-1)", table)
    assert result.recovered == NO
    assert (result.differences[0].labels["l"], result.differences[0].formula) == (1, "undefined")


def test_within_an_uncertainty_is_no_proof(tmp_path):
    path = tmp_path / "measured.csv"
    rows = "\n".join(f"{k},{3 * k / (k + 2) * (1 + 1e-3 * (-1) ** k):.8f},0.01" for k in range(1, 30))
    path.write_text(f"k,c,dc\n{rows}\n")
    request = SpectrumRequest("measured", path, "c", ("k",), uncertainty="dc")
    assert check("3k/(k+2)", table_of_file(request)).recovered == APPROXIMATE
    assert check("3k/(k+3)", table_of_file(request)).recovered == NO


def test_a_closed_form_of_ones_own_is_compared_with(tmp_path):
    request = SpectrumRequest("table", EXAMPLE, "h", ("n", "s"), 1)
    table = table_of_file(request).with_closed_form("(1-s)(2n+2-s)/(4n+6)")
    assert check("(s-1)(s-2n-2)/(2(2n+3))", table).judgement.identical_to_closed_form == YES
    assert check("s/n", table).judgement.identical_to_closed_form == NO
    with pytest.raises(UserError, match="--closed-form: unknown name 'm'"):
        table_of_file(request).with_closed_form("m+1")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("minimal", "write family/task/n100_f30"),
        ("nothing/central_charge/n100", "family 'nothing' does not exist"),
        ("minimal/nothing/n100", "task 'nothing' does not exist"),
        ("minimal/central_charge/n100_f30", "are called n100: its rows are theories"),
        ("minimal/conformal_weight/n100", "are called n100_f30"),
        ("minimal/conformal_weight/n0_f30", "at least one theory"),
        ("minimal/conformal_weight/n10_f300", "at most 100 percent"),
        ("minimal/conformal_weight/n10_f1.2.3", "at most 100 percent"),
    ],
)
def test_a_cell_that_cannot_be_is_told(cell, message):
    with pytest.raises(UserError, match=message):
        table_of_cell(cell, CONFIG)


def test_a_cell_is_the_data_set_of_the_sweep(table):
    assert table.data.metadata["fraction"] == "0.5"
    assert table_of_cell(f"{CELL}/free/pysr/seed0", CONFIG).data.content() == table.data.content()
    changed = CONFIG | {"conventions": CONFIG["conventions"] | {"rounding": "floor"}}
    assert len(table_of_cell(CELL, changed).data) < len(table.data)


def test_the_command(capsys):
    rows = ["--data", EXAMPLE, "--target", "h", "--theory", "n", "--state", "s"]
    assert main(["check", "(1-s)(2n+2-s)/(4n+6)", *rows, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == answer["same_as_fit"] == YES
    assert answer["identical_to_closed_form"] == NOT_LOOKED_AT
    assert answer["identified_by_fit"] is True
    assert main(["check", "-s/n", *rows, "--no-fit"]) == 1
    assert "what fit finds: not looked at" in capsys.readouterr().out
    for wrong in (["check", "sin(s)", *rows], ["check", "s"], ["check", "s", "--data", EXAMPLE]):
        assert main(wrong) == 2
        assert capsys.readouterr().err.startswith("error: ")


def test_where_fit_finds_a_formula_for_each_part_each_is_compared(tmp_path, capsys):
    rows = [(n, F(n * n, 4) if n % 2 == 0 else F(n * n - 1, 4) + F(1, n + 2)) for n in range(1, 25)]
    path = tmp_path / "e.csv"
    path.write_text("n,E\n" + "".join(f"{n},{value}\n" for n, value in rows), encoding="utf-8")
    assert main(["check", "n^2/4", "--data", str(path), "--target", "E"]) == 1
    printed = capsys.readouterr().out
    assert (
        "  what fit finds: several formulas, each for a part (identified)\n"
        "    n even: the same function\n"
        "    n odd: another function, (2+n*(-1+n*(n+2)))/(4*(n+2))\n"
    ) in printed
    assert main(["check", "n^2/4", "--data", str(path), "--target", "E", "--json"]) == 1
    parts = json.loads(capsys.readouterr().out)["parts_of_fit"]
    assert [(part["condition"], part["same"]) for part in parts] == [("n even", YES), ("n odd", NO)]


# ---- closed_form in config.yaml


def own(folder: Path, monkeypatch, closed_form: str) -> Sweep:
    monkeypatch.chdir(folder)
    (folder / "mine.csv").write_text(Path(EXAMPLE).read_text())
    entry = {"name": "mine", "file": "mine.csv", "target": "h", "theory_labels": ["n"], "state_labels": ["s"]}
    config = CONFIG | {"families": [], "spectra": [entry | {"closed_form": closed_form}], "engines": ["rational"]}
    return Sweep(config)


def test_a_sweep_compares_fits_of_an_own_spectrum_with_its_closed_form(tmp_path, monkeypatch):
    sweep = own(tmp_path, monkeypatch, "(1-s)(2n+2-s)/(4n+6)")
    sweep.check_files()
    assert sweep.closed_form("mine", "given") == "(1-s)*(2*n+2-s)/(4*n+6)"
    table = table_of_cell(sweep.cells[0].spectrum, sweep.config)
    assert check("(1-s)(2n+2-s)/(4n+6)", table).judgement.identical_to_closed_form == YES


def test_a_closed_form_that_cannot_be_read_is_told_before_anything_starts(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="config spectra, mine: closed_form: unknown name 'm'"):
        own(tmp_path, monkeypatch, "(1-m)/2").check_files()


@pytest.mark.parametrize(("moved", "verdict"), [(0, APPROXIMATE), (0.0002, NO)])
def test_a_bound_is_that_of_the_target_before_it_was_rounded(tmp_path, moved, verdict):
    # Each target is off by its bound, 0.0001, and then rounded to four decimals: off by up to 0.00015.
    given = {k: round(3 * k / (k + 2) + 0.0001 * (-1) ** k, 4) for k in range(1, 30)}
    off = {k: abs(c - 3 * k / (k + 2)) for k, c in given.items()}
    assert 0.00012 < max(off.values()) < 0.00015
    given[6] += moved
    assert (abs(given[6] - 3 * 6 / 8) > 0.00015) == (verdict == NO)
    path = tmp_path / "bounds.csv"
    path.write_text("k,c,dc\n" + "\n".join(f"{k},{c:.4f},0.0001" for k, c in given.items()) + "\n")
    request = SpectrumRequest("bounds", path, "c", ("k",), uncertainty="dc")
    result = check("3*k/(k+2)", table_of_file(request))
    assert result.recovered == verdict
    assert [difference.wrong for difference in result.differences] == [1] * (verdict == NO)


def test_a_measured_constant_of_too_few_digits_is_not_read_as_a_long_fraction(tmp_path):
    rydberg = 13.605693122994
    rows = [(n, m, f"{rydberg * (1 / n**2 - 1 / m**2):.8f}") for n in range(1, 13) for m in range(n + 1, 16)]
    path = tmp_path / "levels.csv"
    path.write_text("n1,n2,E\n" + "\n".join(f"{n},{m},{energy}" for n, m, energy in rows) + "\n")
    table = table_of_file(SpectrumRequest("levels", path, "E", ("n1", "n2")))
    result = check("13.60569312*(1/n1^2-1/n2^2)", table)  # 268141/19708 is 5e-10 from it
    assert result.recovered == NO
    assert "19708" not in describe_check(result)
    assert not result.judgement.tolerance
    values = 13.60569312 * (1 / table.data.points[:, 0] ** 2 - 1 / table.data.points[:, 1] ** 2)
    off = int((abs(values - table.data.target) > 5.0e-9 * (1 + 1e-6)).sum())
    assert [(one.wrong, one.rows) for one in result.differences if not one.held_out] == [(off, len(table.data))]
