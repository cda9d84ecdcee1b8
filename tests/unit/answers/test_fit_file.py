"""`python -m cftsr fit`: the formula of one file, how sure it is, and the exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest

import cftsr
from cftsr.answers.fit_file import default_options, describe_answer, fit_file, latex_symbol
from cftsr.data.user_file import SpectrumRequest
from cftsr.fronts.certificate import describe_certificate

EXAMPLE = Path(__file__).parents[3] / "data" / "examples" / "lee_yang_series.csv"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def fit(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "cftsr", "fit", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path(cftsr.__file__).parents[1])},
    )


def su2(theories: int, share: float = 1.0) -> list[tuple[int, int, F]]:
    return [
        (k, l, F(l * (l + 2), 4 * (k + 2)))
        for k in range(1, theories + 1)
        for l in range(max(1, round(share * (k + 1))))
    ]


def write(rows: list, write_target=str, name: str = "mine.csv") -> str:
    Path(name).write_text("\n".join(["k,l,h", *(f"{k},{l},{write_target(h)}" for k, l, h in rows)]) + "\n")
    return name


def answer(path: str, **options):
    return fit_file(
        SpectrumRequest(
            **{"name": "mine", "file": path, "target": "h", "labels": ("k", "l"), "theory_labels": 1} | options
        ),
        default_options(),
    )


def test_an_identified_formula_is_printed_with_its_latex_and_why():
    done = fit(str(EXAMPLE), "--target", "h", "--theory", "n", "--state", "s")
    assert done.returncode == 0, done.stderr
    assert "h = (1-s)*(2*n+2-s)/(4*n+6)" in done.stdout
    assert "LaTeX: h = -\\frac{" in done.stdout
    assert "identified: the data determine this formula" in done.stdout
    assert "exact on all 54 rows" in done.stdout
    assert "exact on all 36 rows" in done.stdout
    assert "solution space of dimension 1" in done.stdout


def test_what_the_data_do_not_determine_ends_with_status_1_and_a_rival():
    # l takes three values: a polynomial through them fits whatever the spectrum does beyond.
    done = fit(write([row for row in su2(30) if row[1] < 3]), "--target", "h", "--theory", "k", "--hold-out", "0")
    assert done.returncode == 1
    assert "not identified: this formula fits, but the data do not determine it" in done.stdout
    assert "l takes 3 value(s)" in done.stdout


def test_what_was_held_out_can_contradict():
    rows = [(k, l, h if k <= 16 else h + 1) for k, l, h in su2(20)]
    fitted = answer(write(rows))
    assert fitted.certificate["outcome"] == "identified"
    assert fitted.judgement.exact_on_held_out == "no"
    assert not fitted.identified
    assert "what was held out contradicts the formula" in describe_answer(fitted)


def test_noise_is_no_formula():
    random = np.random.default_rng(3)
    rows = [(k, l, F(int(random.integers(1, 10**6)), int(random.integers(1, 10**6)))) for k, l, _ in su2(20)]
    fitted = answer(write(rows))
    assert fitted.judgement is None
    assert not fitted.identified
    assert "no formula" in describe_answer(fitted)


@pytest.mark.parametrize("digits", [10, 12, 15])
def test_decimals_will_do_where_their_digits_allow_it(digits):
    fitted = answer(write(su2(20), lambda h: f"{float(h):.{digits}f}"))
    assert fitted.identified
    assert fitted.judgement.exact_on_data == "yes"
    assert "read as the simplest fractions" in describe_answer(fitted)


def noisy(relative: float, digits: int) -> str:
    random = np.random.default_rng(5)
    rows = [(k, l, float(h) * (1 + relative * random.uniform(-1, 1))) for k, l, h in su2(30)]
    return write(rows, lambda h: f"{h:.{digits}f}")


@pytest.mark.parametrize(("relative", "digits"), [(1e-11, 15), (1e-9, 14), (1e-7, 12), (9e-7, 10)])
def test_digits_that_promise_more_than_they_hold_give_an_approximate_answer(relative, digits):
    fitted = answer(noisy(relative, digits))
    assert fitted.judgement.equation == "l*(l+2)/(4*(k+2))"
    assert fitted.certificate["approximate"] is True
    assert not fitted.identified
    text = describe_answer(fitted)
    measured = float(text.split("the formula is right to ")[1].split(",")[0])
    assert relative / 2 <= measured <= 1.1 * relative


def test_noise_beyond_that_gives_no_formula():
    fitted = answer(noisy(1e-3, 10))
    assert fitted.judgement is None
    assert "passes within the uncertainty of the data" in describe_answer(fitted)


def test_few_digits_identify_a_formula_within_their_rounding():
    """Six digits: denominators up to 128 give no fraction of their own, and 3/128 is a tie between two roundings."""
    fitted = answer(write(su2(40), lambda h: f"{float(h):.6f}"))
    assert fitted.identified
    assert fitted.judgement.exact_on_data == fitted.judgement.exact_on_held_out == "approximate"
    assert "within the uncertainty on all" in describe_answer(fitted)


def test_wrong_rows_are_named():
    rows = su2(30)
    rows[100] = (*rows[100][:2], rows[100][2] + F(1, 7))
    rows[200] = (*rows[200][:2], F(1, 2))
    fitted = answer(write(rows))
    assert fitted.certificate["outcome"] == "identified"
    text = describe_answer(fitted)
    for k, l, h in (rows[100], rows[200]):
        assert f"row k={k}, l={l}: the file says {h}, the formula {F(l * (l + 2), 4 * (k + 2))}" in text
    assert f"2 of {len(fitted.spectrum.data)} rows disagree" in text


def test_bad_input_ends_with_status_2_and_one_message():
    for arguments, message in (
        (["none.csv", "--target", "h"], "cannot read none.csv"),
        ([str(EXAMPLE), "--target", "weight"], "no column 'weight'"),
        ([str(EXAMPLE), "--target", "h", "--hold-out", "1.5"], "--hold-out 1.5"),
        ([str(EXAMPLE), "--target", "h", "--labels", "n", "--state", "s"], "--labels lists all labels"),
        ([str(EXAMPLE), "--target", "h", "--drop", "spin"], "no column 'spin' for the drop"),
    ):
        done = fit(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith("error: ")
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_everything_that_is_known_as_json():
    done = fit(str(EXAMPLE), "--target", "h", "--theory", "n", "--json")
    fitted = json.loads(done.stdout)
    assert fitted["identified"] is True
    assert fitted["formula"] == "(1-s)*(2*n+2-s)/(4*n+6)"
    assert fitted["certificate"]["outcome"] == "identified"


def test_a_certificate_says_which_measurement_would_decide():
    lines = describe_certificate(
        {
            "outcome": "fits",
            "reasons": ["l takes 2 value(s); 4 are needed to test the formula in it"],
            "rows": 30,
            "distinct_values": {"k": 15, "l": 2},
            "values_needed": {"k": 3, "l": 4},
            "degrees": [2, 1],
            "unknowns": 9,
            "rows_needed": 10,
            "dimension": 2,
            "refits": [{"without": "the largest theories", "rows": 20, "rows_left_out": 10, "same_formula": False}],
            "competing_formula": "3*l/(k+2)",
            "deciding_labels": {"k": 5, "l": 2},
            "deciding_values": ["2/7", "6/7"],
            "wrong_rows": [{"labels": {"k": 1, "l": 1}, "given": "1/2", "formula": "1/4"}],
            "wrong_rows_total": 4,
        }
    )
    text = "\n".join(lines)
    assert lines[0].startswith("l takes 2 value(s)")
    assert "3*l/(k+2); they differ at k=5, l=2 (2/7 or 6/7): measure there to decide" in text
    assert "row k=1, l=1: the file says 1/2, the formula 1/4" in text
    assert "4 such rows in all" in text
    assert "k 15 (3 needed), l 2 (4 needed)" in text
    assert "without the largest theories (10 rows): not the same formula" in text


# ---- tables as people have them


@pytest.mark.parametrize("digits", [5, 6, 7, 10, 12, 14, 15, 17])
def test_any_number_of_significant_digits_identifies_the_weights_of_su2(digits):
    assert answer(write(su2(20), lambda h: f"{float(h):.{digits}g}")).identified


def test_labels_may_be_half_integers():
    rows = [f"{k},{F(l, 2)},{h}" for k, l, h in su2(14)]
    Path("spins.csv").write_text("k,j,h\n" + "\n".join(rows))
    done = fit("spins.csv", "--target", "h", "--theory", "k", "--state", "j")
    assert done.returncode == 0, done.stdout
    assert "h = (square(j)+j)/(k+2)" in done.stdout


def test_a_rival_and_where_to_measure_are_told_in_half_integers():
    rows = [f"{k},{F(l, 2)},{h}" for k, l, h in su2(20) if l < 3]
    Path("spins.csv").write_text("k,j,h\n" + "\n".join(rows))
    done = fit("spins.csv", "--target", "h", "--theory", "k", "--hold-out", "0")
    assert done.returncode == 1
    assert "they differ at k=2, j=3/2" in done.stdout or "j=3/2" in done.stdout


def test_real_inputs_are_labels():
    """x in [0, 10], as the usual benchmark functions have it; targets in float64."""
    points = np.random.default_rng(2).uniform(0, 10, 60).tolist()
    Path("reals.csv").write_text("x,y\n" + "\n".join(f"{x!r},{(x * x - 2 * x + 3) / (x + 1)!r}" for x in points))
    done = fit("reals.csv", "--target", "y")
    assert done.returncode == 0, done.stdout
    assert "y = x-3+6/(x+1)" in done.stdout


def test_one_label_alone():
    rows = [f"{n},{F(3 * n, n + 2)},Ref. {n % 3}" for n in range(1, 30)]
    Path("charges.csv").write_text("n,c,reference\n" + "\n".join(rows))
    for choice in (["--theory", "n"], ["--labels", "n"], ["--state", "n"], []):
        done = fit("charges.csv", "--target", "c", *choice)
        assert done.returncode == 0, done.stdout
        assert "c = 3*n/(n+2)" in done.stdout


def test_a_sector_is_tried_where_nothing_fits_without_it():
    """The sector follows from n, and the rows are told apart without it; no residue of n modulo 2 or 3 tells it."""
    ramond = {n: n % 5 in (0, 2) for n in range(1, 50)}
    rows = [f"{n},{'R' if ramond[n] else 'NS'},{F(n * n, 8) + (F(1, 16) if ramond[n] else 0)}" for n in ramond]
    Path("sectors.csv").write_text("n,sector,h\n" + "\n".join(rows))
    fitted = fit_file(SpectrumRequest("mine", "sectors.csv", "h"), default_options())
    assert fitted.identified
    assert fitted.spectrum.data.finite_labels == ("sector",)


def test_a_sector_that_is_given_is_a_finite_label():
    rows = [f"{k},{s},{F(3 * k, k + 2) + (s == 'R') * F(1, 16)}" for k in range(1, 30) for s in ("NS", "R")]
    Path("sectors.csv").write_text("k,sector,h\n" + "\n".join(rows))
    done = fit("sectors.csv", "--target", "h")
    assert done.returncode == 0, done.stdout
    assert "0 is NS, 1 is R" in done.stdout


def test_names_are_mapped_and_latex_is_valid():
    Path("names.csv").write_text("level k,l (2j),E_gap_%\n" + "\n".join(f"{k},{l},{h}" for k, l, h in su2(14)))
    done = fit("names.csv", "--target", "E_gap_%")
    assert done.returncode == 0
    assert "level k -> level_k, l (2j) -> l_2j" in done.stdout
    assert r"LaTeX: \mathrm{E\_gap\_\%} = " in done.stdout


def test_missing_values_and_a_missing_header():
    rows = [f"{k},{l},{h}" for k, l, h in su2(14)]
    Path("gaps.csv").write_text("k,l,h\n" + "\n".join([*rows[:5], "3,3,NA", *rows[6:]]))
    assert fit("gaps.csv", "--target", "h").returncode == 2
    assert fit("gaps.csv", "--target", "h", "--skip-missing").returncode == 0
    Path("bare.csv").write_text("\n".join(rows))
    done = fit("bare.csv", "--target", "h")
    assert done.returncode == 2
    assert "has no header line" in done.stderr
    assert fit("bare.csv", "--target", "h", "--columns", "k,l,h").returncode == 0


def test_a_pipe_is_read():
    text = "k l h\n" + "\n".join(f"{k} {l} {h}" for k, l, h in su2(14))
    done = subprocess.run(
        [sys.executable, "-m", "cftsr", "fit", "-", "--target", "h"],
        input=text,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path(cftsr.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr


def test_wrong_rows_are_quoted_as_the_file_has_them():
    rows = su2(30)
    rows[100] = (*rows[100][:2], rows[100][2] + F(1, 7))
    fitted = answer(write(rows, lambda h: f"{float(h):.12f}"))
    quoted = [row["given"] for row in fitted.certificate["wrong_rows"]]
    assert quoted == [f"{float(rows[100][2]):.12f}"]


def test_fractions_of_any_size():
    """(n^12 + 1)/((n+1)^11 + 2): beyond 64 bits from n = 37 on."""
    rows = [f"{n},{F(n**12 + 1, (n + 1) ** 11 + 2)}" for n in range(1, 60)]
    Path("large.csv").write_text("n,y\n" + "\n".join(rows))
    done = fit("large.csv", "--target", "y")
    assert done.returncode == 0, done.stdout
    assert "exact on all" in done.stdout


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("h", "h"),
        ("E_gap_%", r"\mathrm{E\_gap\_\%}"),
        ("h [eV]", r"\mathrm{h\ [eV]}"),
        ("a^b", r"\mathrm{a\hat{}b}"),
        ("c&d", r"\mathrm{c\&d}"),
        ("\u0394", r"\Delta{}"),
        ("\u0394E", r"\mathrm{\Delta{}E}"),
    ],
)
def test_latex_of_a_column_s_name(name, latex):
    assert latex_symbol(name) == latex
