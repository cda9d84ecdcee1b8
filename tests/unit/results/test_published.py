"""The transcription of the paper's tables, against numbers copied from the paper a second time, and how it is read."""

from __future__ import annotations

import math
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from cftsr.algebra.expressions import apply_operator, fold
from cftsr.algebra.formula import parse
from cftsr.errors import UserError
from cftsr.results.published import load_published

FOLDER = Path(__file__).parents[3] / "data" / "published"

# Tables 3 and 5, rows as printed: percentage x (no integer columns, integer columns), 100, 200, 300 theories.
LOSSES = {
    3: """9.449299e-12 8.151944e-12 1.159401e-09  1.844283e-08 2.044487e-14 2.545054e-08
          1.279936e-11 5.608435e-14 8.549776e-12  0 0 1.119128e-16  0 4.189906e-15 1.013663e-14  0 2.367243e-14 0""",
    5: """0.001161 0.003779 6.590e-03  3.489e-05 0.000613 0.001219  0.000322 0.000601 0.001057
          0.000962 0.004225 0.007488  0.073412 0.374559 0.586004  0.000264 0.001137 0.026394""",
}
SCORES = {
    4: """10.470450 (14) 3.650134 (14) 0.468137 (19) 0.304537 (23) 19.525989 (14) 1.892862e-01 (19)
          4.238845 (23) 20.04488 (14) 15.406462 (14) inf (20) inf (17) 24.646230 (11)
          inf (20) 21.91397 (11) 20.314145 (11) inf (12) 20.10332 (11) inf (12)""",
    6: """0.170389 (10) 0.980252 (9) 1.141e-01 (13) 1.396000 (31) 0.267731 (34) 1.704845 (25)
          0.223155 (30) 3.411225e-01 (24) 3.090698e-01 (28) 0.207430 (12) 0.301836 (11) 0.439275 (11)
          0.084315 (23) 0.187518 (5) 0.586004 (13) 0.17722 (31) 0.228162 (25) 0.026394 (32)""",
}


@pytest.fixture(scope="module")
def published():
    return load_published(FOLDER)


def grid(published, table, quantity):
    """The printed values in the paper's order."""
    family = "wzw_su2" if table in (3, 4) else "minimal"
    return [
        published.find(table, family, theories, fraction, setting, quantity)
        for setting in ("free", "integer")
        for fraction in ("0.1", "0.3", "0.5")
        for theories in (100, 200, 300)
    ]


@pytest.mark.parametrize("table", [3, 5])
def test_losses_are_as_printed(published, table):
    values = grid(published, table, "loss")
    assert [value.printed for value in values] == LOSSES[table].split()
    assert [value.value for value in values] == [float(text) for text in LOSSES[table].split()]


@pytest.mark.parametrize("table", [4, 6])
def test_scores_and_complexities_are_as_printed(published, table):
    words = SCORES[table].split()
    scores, sizes = grid(published, table, "score"), grid(published, table, "complexity")
    assert [value.printed for value in scores] == words[::2]
    assert [f"({value.printed})" for value in sizes] == words[1::2]
    assert [value.value for value in scores] == [float(text) for text in words[::2]]


def test_every_value_says_where_it_is_printed(published):
    counts = [len(published.of_table(table)) for table in range(1, 7)]
    assert counts == [10, 12, 18, 36, 18, 36]
    cell = published.find(6, "minimal", 300, "0.3", "integer", "score")
    assert (cell.row, cell.column) == ("Integer columns: 30%", "300 Theories")


def test_the_printed_losses_of_formulas(published):
    assert published.find(1, "wzw_su2", 100, None, "free", "loss").printed == "~1.01e-11"
    assert published.find(1, "minimal", 100, None, "free", "loss").value == 6.5e-13
    assert published.find(2, "wzw_su2", 100, "0.1", "free", "loss").value == 5.24e-10
    assert published.find(2, "minimal", 100, "0.3", "free", "loss").value == 3.489e-05
    exact = published.find(2, "minimal", 100, "0.3", "integer_flat", "loss")
    assert (exact.printed, exact.value) == ("Exact", 0.0)


def value_at(text, **point):
    def leaf(node):
        return Fraction(point[node.value]) if node.kind == "variable" else Fraction(str(node.value))

    return fold(parse(text, point), leaf, apply_operator)


@pytest.mark.parametrize(
    ("table", "family", "point", "expected"),
    [
        (1, "wzw_su2", {"k": 2}, Fraction(3, 2)),
        (1, "minimal", {"p": 4, "q": 3}, Fraction(1, 2)),  # Ising
        (2, "wzw_su2", {"k": 2, "l": 1}, Fraction(3, 16)),
        (2, "minimal", {"p": 4, "q": 3, "r": 1, "s": 2}, Fraction(1, 16)),
    ],
)
def test_what_the_paper_calls_exact_is_exact(published, table, family, point, expected):
    printed_values = [value for value in published.of_table(table) if value.family == family]
    claimed = {(value.row, value.setting) for value in printed_values if value.printed == "Exact"}
    formulas = [value for value in printed_values if value.expression]
    exact = [value for value in formulas if value.quantity == "closed_form" or (value.row, value.setting) in claimed]
    assert len(exact) == 2
    for value in exact:
        assert value_at(value.expression, **point) == expected


def test_the_misprinted_formula_of_table_2_has_2pq(published):
    """At the identity field h = 0; the printed formula leaves a quarter of (p-q)^2/(pq)."""
    value = published.find(2, "minimal", 100, "0.3", "free", "formula")
    assert value.suspect
    assert "2pq" in value.note
    p, q = 7, 5
    rest = Fraction((p - q) ** 2, p * q)
    assert value_at(value.expression, p=p, q=q, r=1, s=1) == rest / 2 - rest * Fraction("0.49295") / Fraction("1.9896")


def test_the_suspect_cells(published):
    suspect = {
        (value.table, value.theories, value.fraction, value.quantity) for value in published.values if value.suspect
    }
    assert suspect == {
        (2, 100, "0.3", "formula"),
        (2, 100, "0.3", "simplified"),
        (6, 300, "0.3", "score"),
        (6, 300, "0.5", "score"),
    }
    for theories, fraction in ((300, "0.3"), (300, "0.5")):
        score = published.find(6, "minimal", theories, fraction, "integer", "score")
        assert score.printed == published.find(5, "minimal", theories, fraction, "integer", "loss").printed


def test_no_other_score_repeats_a_loss(published):
    pairs = [(3, 4), (5, 6)]
    repeated = [
        score
        for losses, scores in pairs
        for loss, score in zip(grid(published, losses, "loss"), grid(published, scores, "score"), strict=True)
        if loss.value == score.value
    ]
    assert [value.suspect for value in repeated] == [True, True]


def test_infinite_scores_go_with_zero_losses(published):
    for losses, scores in ((3, 4), (5, 6)):
        for loss, score in zip(grid(published, losses, "loss"), grid(published, scores, "score"), strict=True):
            assert (loss.value == 0) == math.isinf(score.value)


def test_the_contradictions_are_noted(published):
    assert any("(4pq)" in note for note in published.notes[1])
    assert any("[r,s]" in note for note in published.notes[2])
    for table in (1, 2, 3):
        assert any("square" in note for note in published.notes[table])
    assert any("9.449299e-12" in note for note in published.notes[2])
    # The text says below 1e-8; two cells are not.
    above = [value.printed for value in grid(published, 3, "loss")[:9] if value.value > 1e-8]
    assert len(above) == 2
    assert all(any(text in note for note in published.notes[3]) for text in above)


# ---- damage


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(FOLDER, tmp_path / "published"))


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("table3.csv", ",8.151944e-12,8.151944e-12,", ",8.151944e-12,8.151944e-11,", "not what is printed"),
        ("table3.csv", ",loss,8.151944e-12,", ",lost,8.151944e-12,", "'lost' does not exist"),
        ("table3.csv", "3,No integer columns: 10%,200", "4,No integer columns: 10%,200", "in the file of table 3"),
        ("table3.csv", "200 Theories,wzw_su2,conformal_weight,200,0.1,free", "x", "fields"),
        ("table3.csv", "conformal_weight,200,0.1,free", "conformal_weight,100,0.1,free", "appears twice"),
        ("table6.csv", ",yes,", ",maybe,", "must be yes or no"),
        ("table1.csv", "table,row", "table;row", "its columns must be"),
        ("table1.csv", ",3*k/(k+2),", ",,", "needs its expression"),
        ("notes.csv", "\n1,", "\n7,", "from 1 to 6"),
    ],
)
def test_damage_is_named(copy, name, old, new, reason):
    path = copy / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError, match=r"git checkout data/published") as error:
        load_published(copy)
    assert reason in str(error.value)
    assert str(copy) in str(error.value)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"\xff\xfe\x00")])
def test_a_file_that_cannot_be_read_is_named(copy, damage):
    damage(copy / "table5.csv")
    with pytest.raises(UserError, match=r"table5\.csv"):
        load_published(copy)


def test_an_empty_file_is_named(copy):
    (copy / "table2.csv").write_text("")
    with pytest.raises(UserError, match=r"table2\.csv"):
        load_published(copy)
