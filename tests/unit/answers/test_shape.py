"""`cftsr fit --shape`: constants of a structure that the user gives, solved exactly, and what the rows leave open."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction as F

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.__main__ import main
from cftsr.answers.checking import SplitTable, table_of_cell
from cftsr.answers.shape import describe_shape, fit_shape
from cftsr.errors import UserError
from cftsr.shipped import shipped
from cftsr.vocabulary import NO, YES
from tests.unit.conftest import problem_from

CONFIG = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
EXAMPLES = shipped("data") / "examples"


@pytest.fixture(scope="module")
def su2():
    return table_of_cell("wzw_su2/conformal_weight/n12_f50", CONFIG)


def table(rows: list[tuple], held_out: list[tuple] = ()) -> SplitTable:
    data = problem_from(("k", "l"), 1, rows)
    rest = problem_from(("k", "l"), 1, list(held_out)) if held_out else data.first(0)
    return SplitTable("rows", "h", data, rest)


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        ("a*l*(l+b)/(c*k+d)", {"a": 1, "b": 2, "c": 4, "d": 8}),
        ("l*(l+b)/(c*k+d)", {"b": 2, "c": 4, "d": 8}),
        ("a l(l+b)/(k+c) + d", {"a": F(1, 4), "b": 2, "c": 2, "d": 0}),
        ("(l+a)^2/(b*(k+c)) + d/(k+e)", {"a": 1, "b": 4, "c": 2, "d": F(-1, 4), "e": 2}),
        ("l*(l+2)/(a^2*(k+b))", {"a": 2, "b": 2}),
        ("0.25*l*(l+alpha)/(k+2)", {"alpha": 2}),
        ("(a*l^2+b*l)/(4*k+d*l+e)", {"a": 1, "b": 2, "d": 0, "e": 8}),
    ],
)
def test_constants_are_solved_exactly(su2, shape, values):
    result = fit_shape(shape, su2)
    assert result.identified
    assert result.solution.values == values
    assert result.check.judgement.identical_to_closed_form == YES
    assert result.check.judgement.simplified == "l*(l + 2)/(4*(k + 2))"


def test_a_product_of_constants_is_told_to_be_a_choice(su2):
    result = fit_shape("a*b*l*(l+c)/(k+d)", su2)
    assert result.identified
    assert result.solution.chosen == ("a",)
    assert result.solution.values["a"] * result.solution.values["b"] == F(1, 4)
    assert "(a may be chosen: the formula is the same for other values)" in describe_shape(result)


def test_a_nonlinear_shape_of_four_labels():
    minimal = table_of_cell("minimal/conformal_weight/n40_f30", CONFIG)
    result = fit_shape("((p*r-q*s)^2-a*(p-q)^2)/(b*p*q)", minimal)
    assert result.identified
    assert result.solution.values == {"a": 1, "b": 4}


@pytest.mark.parametrize("shape", ["a*l/(k+b)", "a*l*(l+b)", "l*(l+2)/(2*a^2*(k+b))", "(a-a)*l"])
def test_a_shape_that_no_rational_constants_make_exact_is_refused(su2, shape):
    result = fit_shape(shape, su2)
    assert not result.identified
    assert result.check is None
    assert "no rational constants make this shape exact" in describe_shape(result)


def test_too_few_rows_leave_constants_open_and_another_formula_is_shown():
    rows = [(k, l, F(l * (l + 2), 4 * (k + 2))) for k, l in ((1, 1), (2, 1), (2, 2))]
    result = fit_shape("a*l*(l+b)/(c*k+d) + e*k", table(rows))
    assert not result.identified
    assert result.several
    assert "several formulas of this shape pass through every row" in describe_shape(result)


def test_as_many_constants_as_rows_identify_nothing():
    rows = [(k, 1, F(k * k + 7, 3)) for k in (1, 2, 3)]
    result = fit_shape("a*k^2 + b*k + c", table(rows))
    assert result.check.judgement.exact_on_data == YES
    assert not result.identified
    assert "no rows to spare" in describe_shape(result)


def test_what_was_held_out_can_contradict():
    rows = [(k, 1, F(3 * k)) for k in range(1, 12)]
    result = fit_shape("a*k", table(rows, [(20, 1, F(61))]))
    assert result.check.judgement.exact_on_held_out == NO
    assert not result.identified
    assert "what was held out contradicts" in describe_shape(result)


def test_several_solutions_are_told_apart_by_what_was_held_out():
    # On the data k**2 = 3*k - 2, so that a*k**2 with a = 1 and b*k + c pass through them.
    rows = [(k, l, F(l * k * k)) for k in (1, 2) for l in range(1, 6)]
    held_out = [(k, l, F(l * k * k)) for k in (3, 4) for l in range(1, 4)]
    result = fit_shape("l*(a*k^2 + b*k + c)", table(rows, held_out))
    assert result.several, "the data alone do not decide"
    assert not result.identified


@settings(max_examples=20)
@given(*[st.fractions(-3, 3, max_denominator=4).filter(bool)] * 3)
def test_any_constants_come_back(a, b, c):
    rows = [(k, l, (a * l * l + b) / (k + c)) for k in range(4, 10) for l in range(1, 6) if k + c != 0]
    result = fit_shape("(a*l^2+b)/(k+c)", table(rows))
    assert result.identified
    assert result.solution.values == {"a": a, "b": b, "c": c}


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("k*l", "every name in it is a label"),
        ("sin(a*k)", "sin.* is no rational function"),
        ("a*k^b", "a power whose exponent is b"),
        ("a*(k", "is missing at the end"),
        ("a/(k-k)", "divides by zero"),
    ],
)
def test_a_shape_that_cannot_be_used_is_told(su2, shape, message):
    with pytest.raises(UserError, match=f"--shape.*{message}"):
        fit_shape(shape, su2)


def test_the_command(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    rows = "\n".join(f"{k},{l},{F(l * (l + 2), 4 * (k + 2))}" for k in range(1, 12) for l in range(k + 1))
    path.write_text(f"k,l,h\n{rows}\n")
    command = ["fit", str(path), "--target", "h", "--theory", "k", "--state", "l", "--shape"]
    assert main([*command, "a*l*(l+b)/(c*k+d)", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["constants"] == {"a": "1", "b": "2", "c": "4", "d": "8"}
    assert answer["identified"]
    capsys.readouterr()
    assert main([*command, "h = a*l*(l+b)/(k+c)"]) == 0
    assert "\nh = a*l*(l+b)/(k+c), with a, b, c to be solved for\n" in capsys.readouterr().out
    assert main([*command, "a*l/(k+b)"]) == 1
    assert "without --shape, fit looks for another one" in capsys.readouterr().out
    assert main([*command, "a*l/(k+b", "--json"]) == 2
    assert main([*command, "a*l", "--max-degree", "3"]) == 2


def test_targets_that_are_not_exact(tmp_path, capsys):
    rounded = tmp_path / "rounded.csv"
    rows = [(k, l, l * (l + 2) / (4 * (k + 2))) for k in range(1, 16) for l in range(k + 1)]
    rounded.write_text("k,l,h\n" + "\n".join(f"{k},{l},{h:.6f}" for k, l, h in rows) + "\n")
    command = ["fit", str(rounded), "--target", "h", "--theory", "k", "--shape"]
    assert main([*command, "a*l*(l+b)/(k+c)"]) == 0
    printed = capsys.readouterr().out
    assert "a = 1/4, b = 2, c = 2" in printed
    assert "on the data: within the uncertainty on all" in printed
    assert "the targets are not exact: the constants are those with which" in printed
    assert main([*command, "a*l/(k+c)"]) == 1
    measured = tmp_path / "measured.csv"
    noisy = "\n".join(f"{k},{3 * k / (k + 2) * (1 + 1e-3 * (-1) ** k):.8f},0.01" for k in range(1, 20))
    measured.write_text(f"k,c,dc\n{noisy}\n")
    capsys.readouterr()
    # So rough that the data do not determine the formula.
    status = main(["fit", str(measured), "--target", "c", "--uncertainty", "dc", "--shape", "a*k/(k+b)"])
    printed = capsys.readouterr().out
    assert (status == 0) == ("\nidentified" in printed)
    assert "exact on all" not in printed


RYDBERG = 13.605693122994
PAIRS = [(one, two) for one in range(1, 7) for two in range(one + 1, 10)]


def shape_of_file(path, capsys, labels, rows, shape, *more):
    """The exit status and the answer of the command, as JSON and in words."""
    path.write_text(f"{labels}\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    command = ["fit", str(path), "--target", "E", *more, f"--shape={shape}"]
    status = main([*command, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert main(command) == status
    return status, answer, capsys.readouterr().out


@pytest.mark.parametrize("more", [(), ("--sigma", "s")])
def test_a_constant_that_is_no_fraction_is_measured(tmp_path, capsys, more):
    # A dense ansatz of these degrees has more coefficients than there are rows: the shape is all that is known.
    rows = [(n, m, f"{RYDBERG * (1 / n**2 - 1 / m**2):.8f}", "1e-8") for n, m in PAIRS]
    drop = () if more else ("--drop", "s")
    shape = "R*(1/n1^2-1/n2^2)"
    status, answer, printed = shape_of_file(tmp_path / "t.csv", capsys, "n1,n2,E,s", rows, shape, *more, *drop)
    assert status == 1
    assert answer["verdict"] == "approximate"
    measured = answer["measured"]["R"]
    assert abs(measured["value"] - RYDBERG) <= (5 if more else 1) * measured["error"] < 2e-7
    assert f"\nR = {measured['shown']}\n" in printed
    assert answer["constants"] == {"R": measured["shown"]}
    assert f"E = {measured['value']}*(1/square(n1)-1/square(n2))" in printed
    assert "approximate, the shape fits within the uncertainty; its constants are measured" in printed


@pytest.mark.parametrize(("noise", "fits"), [(1, True), (2, False)])
def test_standard_deviations_that_are_too_small_allow_no_shape(tmp_path, capsys, noise, fits):
    import numpy as np

    off = noise * 1e-5 * np.random.default_rng(0).normal(size=len(PAIRS))
    rows = [
        (n, m, f"{RYDBERG * (1 / n**2 - 1 / m**2) + error:.9f}", "1e-5")
        for (n, m), error in zip(PAIRS, off, strict=True)
    ]
    path, shape = tmp_path / "t.csv", "R*(1/n1^2-1/n2^2)"
    _, answer, printed = shape_of_file(path, capsys, "n1,n2,E,s", rows, shape, "--sigma", "s")
    assert bool(answer["measured"]) == fits
    assert ("which the stated standard deviations do not allow" in printed) == (not fits)


def test_several_measured_constants_and_fractions_among_them(tmp_path, capsys):
    import math

    rows = [(n, m, f"{math.pi**2 / 6 * n * n / (m + 1) ** 2 / (n + m):.9f}") for n in range(1, 8) for m in range(1, 8)]
    path = tmp_path / "t.csv"
    _, answer, printed = shape_of_file(path, capsys, "n,m,E", rows, "a*n^2/((m+b)^2*(n+c*m))")
    assert answer["constants"] | {"a": ""} == {"a": "", "b": "1", "c": "1"}
    assert "(a is perhaps pi^2/6: a chance of " in printed
    _, answer, printed = shape_of_file(path, capsys, "n,m,E", rows, "a*n^2/((b*m+c)^2*(n+m))")
    assert answer["chosen"] == ["a"]
    assert abs(answer["measured"]["b"]["value"] - math.sqrt(6) / math.pi) <= answer["measured"]["b"]["error"]
    rows = [(n, f"{-RYDBERG / (n - 1.34789) ** 2:.7f}") for n in range(3, 25)]
    _, answer, _ = shape_of_file(path, capsys, "n,E", rows, "-R/(n-d)^2")
    # A shape that begins with a minus is no option.
    assert main(["fit", str(path), "--target", "E", "--shape", "-R/(n-d)^2", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == answer
    for name, value in (("R", RYDBERG), ("d", 1.34789)):
        assert abs(answer["measured"][name]["value"] - value) <= answer["measured"][name]["error"]


def test_a_rounded_table_too_small_for_fit_gives_its_fraction(tmp_path, capsys):
    rows = [(n, m, f"{(1 / n**2 - 1 / m**2) / 4:.4f}") for n, m in PAIRS]
    status, answer, _ = shape_of_file(tmp_path / "t.csv", capsys, "n1,n2,E", rows, "R*(1/n1^2-1/n2^2)")
    assert (status, answer["constants"], answer["measured"]) == (0, {"R": "1/4"}, {})
    status, answer, printed = shape_of_file(tmp_path / "t.csv", capsys, "n1,n2,E", rows, "R*(n1-n2)")
    assert (status, answer["constants"]) == (1, None)
    assert "--uncertainty" in printed


def test_a_misprint_does_not_move_a_measured_constant(tmp_path, capsys):
    rows = [(n, m, f"{RYDBERG * (1 / n**2 - 1 / m**2):.6f}") for n, m in PAIRS]
    rows[7] = (*PAIRS[7], "0.5")
    status, answer, printed = shape_of_file(tmp_path / "t.csv", capsys, "n1,n2,E", rows, "R*(1/n1^2-1/n2^2)")
    assert status == 1
    assert abs(answer["measured"]["R"]["value"] - RYDBERG) <= answer["measured"]["R"]["error"]
    assert "but for 1 row; its constants are measured" in printed
    assert "the target is 0.5, the formula 13.4377" in printed
    assert answer["latex"].startswith("13.60569")


def misprinted(data, row):
    """The rows with the target of one off by one."""
    above = data.numerator.copy()
    above[row] += data.denominator[row]
    return replace(data, numerator=above)


@pytest.mark.parametrize("where", ["data", "held_out"])
def test_a_misprint_is_named_as_fit_names_it(su2, where):
    table = replace(su2, **{where: misprinted(getattr(su2, where), 7)})
    result = fit_shape("a*l*(l+b)/(c*k+d)", table)
    assert result.identified
    assert result.solution.values == {"a": 1, "b": 2, "c": 4, "d": 8}
    (row,) = result.wrong_rows
    assert F(row["given"]) == F(row["formula"]) + 1
    words = describe_shape(result)
    assert "and 1 row that it does not fit" in words
    assert f"wrong on 1 of {len(getattr(table, where))} rows" in words
    assert result.as_dict()["wrong_rows"] == [row]


def test_a_shape_that_other_rows_contradict_stays_without_constants(su2):
    table = replace(su2, data=misprinted(su2.data, 7))
    result = fit_shape("a*l/(k+b)", table)
    assert not result.identified
    assert result.solution is None


def test_a_measured_constant_that_may_be_zero_is_said_to_be_so(tmp_path, capsys):
    path = tmp_path / "h.csv"
    path.write_text("n,h\n" + "".join(f"{n},{n / (n + 1):.4f}(1)\n" for n in range(1, 10)))
    page = tmp_path / "h.html"
    status = main(["fit", str(path), "--target", "h", "--shape", "(n+a)/(n+1+b)", "--html", str(page)])
    printed = capsys.readouterr().out
    assert status == 1
    assert "a = 0.000(1), b = 0.000(2)\n(a and b may be 0: the rows allow it, each)\n" in printed
    shown = page.read_text(encoding="utf-8")
    assert "The shape: h = (n+a)/(n+1+b), with a, b to be solved for" in shown
    assert "<code>n/(n + 1)</code>" in shown  # not (n + 0)/(n + 1 + 0)


@pytest.mark.parametrize(
    ("shape", "status", "words"),
    [
        ("(1-s)*(a*n+b-s)/(c*n+6)", 0, ["The constants: a = 2, b = 2, c = 4", "A formula for <i>h</i>", "zero"]),
        ("a*n+s", 1, ["No formula for <i>h</i>", "The shape: h = a*n+s, with a to be solved for"]),
    ],
)
def test_the_page_of_a_shape_says_what_was_printed(tmp_path, capsys, shape, status, words):
    page, rows = tmp_path / "h.html", EXAMPLES / "lee_yang_series.csv"
    arguments = ["--target", "h", "--theory", "n", "--state", "s", "--shape", shape, "--html", str(page)]
    assert main(["fit", str(rows), *arguments]) == status
    printed, shown = capsys.readouterr().out, page.read_text(encoding="utf-8")
    verdict = next(line for line in printed.splitlines() if "identified:" in line)
    assert verdict.partition(": ")[2] in shown
    assert str(rows.parent) not in shown
    for expected in words:
        assert expected in shown
