"""`python -m cftsr fit` on levels without labels of fields: what is found, what is printed, what is refused."""

from __future__ import annotations

import json
import sys
from fractions import Fraction as F
from pathlib import Path

import pytest

from cftsr import __main__ as command
from cftsr.data.generate import generate
from cftsr.data.levels_file import read_levels
from cftsr.data.user_file import SpectrumRequest
from cftsr.families import get_family

PLAIN, NAMES, NUMBERS = "labels", "names", "numbers"


def write(path: Path, family: str, theories: int, fraction: str, kind: str = PLAIN, digits: int = 0) -> Path:
    """A file as a user has it: theory labels, or a name or a number of each theory, and its energies."""
    data, _ = generate(family, {}, "unlabelled_energy", theories, 1, fraction)
    lines = [",".join([*(data.labels if kind == PLAIN else ("theory",)), "E"])]
    numbers: dict[tuple, int] = {}
    for x, above, below in zip(data.x.tolist(), data.numerator.tolist(), data.denominator.tolist(), strict=True):
        number = numbers.setdefault(tuple(x), len(numbers) + 1)
        theory_labels = {PLAIN: x, NAMES: [f"model {number}"], NUMBERS: [number]}[kind]
        level = f"{above / below:.{digits}f}" if digits else str(F(above, below))
        lines.append(",".join(map(str, [*theory_labels, level])))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["cftsr", "fit", *map(str, arguments)])
    status = command.main()
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.parametrize(
    ("family", "labels", "formula", "occurs"),
    [
        ("minimal", ("p", "q"), "E = lambda^2/(4*p*q) - 1/24", "lambda is never a multiple of"),
        ("wzw_su2", ("k",), "E = lambda^2/(4*(k+2)) - 1/8", "lambda = 1, ..., without gaps"),
    ],
)
def test_the_formula_is_found_without_a_label_of_a_field(
    tmp_path, monkeypatch, capsys, family, labels, formula, occurs
):
    path = write(tmp_path / "e.csv", family, 60, "0.4")
    status, out, _ = run(monkeypatch, capsys, path, "--target", "E", "--theory", *labels)
    assert status == 0
    assert formula in out.splitlines()
    assert occurs in out
    assert "random spectra of the same denominators: at best" in out
    assert "shifts tried: 19" in out
    assert "the next best" in out


def test_the_answer_as_json_has_the_numbers_of_the_words(tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "e.csv", "wzw_su2", 40, "0.4")
    status, out, _ = run(monkeypatch, capsys, path, "--target", "E", "--theory", "k", "--json")
    answer = json.loads(out)
    assert (status, answer["identified"], answer["theory_labels"]) == (0, True, ["k"])
    assert answer["hidden"]["sectors"][0]["shift"] == "1/8"
    assert (
        answer["hidden"]["held_out"]["levels"] == answer["hidden"]["held_out"]["of_levels"] == answer["held_out_levels"]
    )
    assert answer["formula"]["exact_on_held_out"] == "yes"


def test_theories_with_names_have_a_sequence_of_denominators(tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "e.csv", "minimal", 40, "0.5", NAMES)
    status, out, _ = run(monkeypatch, capsys, path, "--target", "E")
    assert status == 0
    assert "E = lambda^2/D - 1/24" in out
    assert "determined are s, D of each theory and the whole lambda of each level; theory names the theories" in out
    assert "D of the theories, in their order: 24, 48, 40, 60" in out


def test_theories_with_numbers_that_the_denominator_is_no_formula_of(tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "e.csv", "minimal", 40, "0.5", NUMBERS)
    status, out, _ = run(monkeypatch, capsys, path, "--target", "E")
    assert status == 1
    assert "not identified: s, D and lambda are determined, but no formula for D in theory was found" in out
    assert "the highest of each theory" in out


@pytest.mark.parametrize("labels", [("p", "q"), ("theory",), ()])
def test_of_one_theory_the_shift_and_its_denominator_are_found(tmp_path, monkeypatch, capsys, labels):
    minimal, values = get_family("minimal"), {"p": "11", "q": "9", "theory": "ours"}
    levels = {
        minimal.conformal_weight((11, 9), s) - minimal.central_charge((11, 9)) / 24 for s in minimal.states((11, 9))
    }
    lines = [",".join([*labels, "E"]), *(",".join([*map(values.get, labels), str(level)]) for level in levels)]
    path = tmp_path / "one.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    status, out, _ = run(monkeypatch, capsys, path, "--target", "E", *(["--theory", *labels] if labels else []))
    assert status == 0
    assert "the rows were taken for the levels of one theory" in out
    assert "s = 1/24; D of the theories, in their order: 396" in out


def test_of_a_handful_of_levels_of_one_theory_there_is_no_formula(tmp_path, monkeypatch, capsys):
    path = tmp_path / "one.csv"
    path.write_text("k,E\n" + "".join(f"7,{F(n * n, 36) - F(1, 8)}\n" for n in (1, 2, 3)), encoding="utf-8")
    status, _, message = run(monkeypatch, capsys, path, "--target", "E", "--theory", "k")
    assert status == 2
    assert "one theory only" in message


def test_decimals_with_enough_digits_are_the_fractions_that_they_were(tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "e.csv", "wzw_su2", 30, "0.4", digits=12)
    status, out, _ = run(monkeypatch, capsys, path, "--target", "E", "--theory", "k")
    assert status == 0
    assert "E = lambda^2/(4*(k+2)) - 1/8" in out


def test_two_integers_and_sectors(tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "e.csv", "n1_superconformal", 60, "0.3")
    status, out, _ = run(monkeypatch, capsys, path, "--target", "E", "--theory", "p", "q")
    assert status == 0
    assert "E = lambda^2/(8*p*q) in sector 0\nE = lambda^2/(2*p*q) - 1/16 in sector 1" in out


def test_where_nothing_is_found_the_limits_are_named(tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "e.csv", "so_n_level1", 30, "1")
    status, out, _ = run(monkeypatch, capsys, path, "--target", "E", "--theory", "n")
    assert status == 1
    assert "no hidden quantum number" in out
    assert "one integer: none of 193 shifts" in out
    assert "quadratic form: none of 8 forms" in out


def test_energies_known_to_three_digits_are_refused_with_a_remedy(tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "e.csv", "minimal", 40, "0.4", digits=3)
    status, _, err = run(monkeypatch, capsys, path, "--target", "E", "--theory", "p", "q")
    assert status == 2
    assert "needs exact targets" in err
    assert "Give fractions, or more digits" in err
    assert "line " in err


def test_a_table_with_labels_and_two_rows_that_contradict_is_still_refused(tmp_path, monkeypatch, capsys):
    rows = [f"{k},{l},{F(l * (l + 2), 4 * (k + 2))}" for k in range(1, 12) for l in range(k + 1)]
    path = tmp_path / "h.csv"
    path.write_text("\n".join(["k,l,h", *rows, "3,2,7/5"]) + "\n", encoding="utf-8")
    for arguments in ((), ("--theory", "k"), ("--theory", "k", "--state", "l")):
        status, _, err = run(monkeypatch, capsys, path, "--target", "h", *arguments)
        assert status == 2
        assert "contradict each other" in err


def test_levels_are_only_looked_for_where_no_label_of_a_state_is_named(tmp_path):
    path = write(tmp_path / "e.csv", "wzw_su2", 10, "0.5")
    assert read_levels(SpectrumRequest("e", path, "E", ("k",), 1, rest=True)) is not None
    assert read_levels(SpectrumRequest("e", path, "E")) is not None
    with_states = path.with_name("h.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    named = [f"{line},{number}" for number, line in enumerate(lines[1:])]
    with_states.write_text("\n".join([f"{lines[0]},l", *named]) + "\n", encoding="utf-8")
    assert read_levels(SpectrumRequest("h", with_states, "E", ("k",), 1, rest=True)) is None
    assert read_levels(SpectrumRequest("h", with_states, "E", ("k", "l"), 1)) is None
    assert read_levels(SpectrumRequest("h", with_states, "E", ("k",), 1, rest=True, drop=("l",))) is not None


@pytest.mark.parametrize("option", ["--sigma", "--uncertainty", "--hold-out"])
@pytest.mark.parametrize("rows", [3, 30])
def test_where_another_option_names_the_only_label_the_message_names_that_column(
    tmp_path, monkeypatch, capsys, option, rows
):
    path = tmp_path / "e.csv"
    path.write_text("n,E\n" + "".join(f"{n},{F(n, n + 1)}\n" for n in range(1, rows + 1)), encoding="utf-8")
    status, _, error = run(monkeypatch, capsys, path, "--target", "E", option, "n")
    assert status == 2
    assert "no column is left to be a label: 'n' was named as" in error
