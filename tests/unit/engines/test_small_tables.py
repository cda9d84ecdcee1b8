"""Wrong rows in small tables, several formulas, products of factors, real constants, and limits that are named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from math import pi

import numpy as np
import pytest

from benchmarks.false_identified import campaign, rounded
from cftsr.algebra.expressions import evaluate
from cftsr.algebra.formula import parse
from cftsr.answers.fit_file import default_options, describe_answer, fit_rows
from cftsr.data.dataset import Dataset, integers
from cftsr.engines.rational.constants import decimal_between, recognised, with_uncertainty
from cftsr.engines.rational.description import bits_per_row, surprise
from cftsr.engines.rational.factors import expanded, product_of
from cftsr.engines.rational.most_rows import at_an_edge
from cftsr.fronts.certificate import REMEDIES
from tests.unit.conftest import problem_from
from tests.unit.engines.test_rational import certificate, fit, formula, function, outcome


def su2(levels: int) -> list[tuple[int, int, F]]:
    return [(k, l, F(l * (l + 2), 4 * (k + 2))) for k in range(1, levels + 1) for l in range(k + 1)]


def dataset(labels: tuple[str, ...], rows: list[tuple]) -> Dataset:
    targets = [F(row[-1]) for row in rows]
    return Dataset(
        labels=labels,
        theory_labels=1,
        x=np.array([row[:-1] for row in rows], dtype=np.int64).reshape(len(rows), len(labels)),
        numerator=integers([target.numerator for target in targets]),
        denominator=integers([target.denominator for target in targets]),
        unary_operators=("square",),
    )


def answer(labels: tuple[str, ...], rows: list[tuple], held_out: list[tuple] = ()):
    return fit_rows(dataset(labels, rows), dataset(labels, list(held_out)), default_options())


def changed(rows: list[tuple], *places: int) -> list[tuple]:
    return [(*row[:-1], row[-1] + F(2, 7)) if i in places else row for i, row in enumerate(rows)]


# ---- wrong rows


@pytest.mark.parametrize("place", range(0, 20, 3))
def test_one_wrong_row_of_20_is_named(place):
    rows = su2(5)
    assert len(rows) == 20
    progress = fit(problem_from(("k", "l"), 1, changed(rows, place)))
    assert function(formula(progress, ("k", "l")), ("k", "l")) == function("l*(l+2)/(4*(k+2))", ("k", "l"))
    (named,) = certificate(progress)["wrong_rows"]
    assert named["labels"] == {"k": rows[place][0], "l": rows[place][1]}
    assert (named["given"], named["formula"]) == (str(rows[place][2] + F(2, 7)), str(rows[place][2]))


def test_two_wrong_rows_of_60_are_named():
    rows = su2(10)[:60]
    progress = fit(problem_from(("k", "l"), 1, changed(rows, 11, 44)))
    assert outcome(progress) == "identified", certificate(progress)
    assert certificate(progress)["wrong_rows_total"] == 2


def test_what_was_held_out_arbitrates_where_few_rows_agree():
    found = answer(("k", "l"), changed(su2(4), 6), su2(5)[14:])
    assert found.identified
    assert found.judgement.exact_on_data == "no"
    assert found.judgement.exact_on_held_out == "yes"
    assert [row["labels"] for row in found.wrong_rows] == [{"k": 3, "l": 1}]
    # Nothing held out: the same rows are not enough.
    assert not answer(("k", "l"), changed(su2(4), 6)).identified


def test_a_wrong_row_among_those_held_out_is_named_and_the_verdict_stays_no():
    rows = su2(9)
    found = answer(("k", "l"), rows[:44], changed(rows, 50)[44:])
    assert found.identified
    assert found.judgement.exact_on_held_out == "no"
    assert [row["labels"] for row in found.wrong_rows] == [{"k": rows[50][0], "l": rows[50][1]}]


def test_rows_at_the_end_of_a_label_are_an_exception_and_no_misprint():
    rows = [(n, m, F(3, 4 * n * m) if m > 2 else F(1, n)) for m in range(2, 12) for n in (m + 1, m + 2, m + 3)][1:]
    progress = fit(problem_from(("n", "m"), 2, rows))
    assert outcome(progress) != "identified"
    problem = problem_from(("n", "m"), 2, rows)
    assert at_an_edge(problem, np.flatnonzero(problem.x[:, 1] == 2)) == "m <= 2"
    assert at_an_edge(problem, np.array([3, 17])) == ""


def test_an_interpolant_is_no_headline():
    rows = su2(12)
    wild = [(k, l, h + F(int(np.random.default_rng(k * 99 + l).integers(1, 99)), 7)) for k, l, h in rows]
    found = answer(("k", "l"), wild[:60], wild[60:])
    assert not found.identified
    assert found.judgement is None or found.judgement.complexity <= 60
    assert "no formula" in describe_answer(found)


def test_agreement_of_targets_that_are_mostly_equal_is_no_surprise():
    flat = dataset(("n",), [(n, F(5) if n == 7 else F(0)) for n in range(20)])
    assert bits_per_row(flat) < 0.2
    assert surprise(flat, 19, 2, 1) < 5
    assert "wrong_rows" not in certificate(fit(problem_from(("n",), 1, [(n, int(n == 7) * 5) for n in range(20)])))


# ---- several formulas


@pytest.mark.parametrize(
    ("rule", "count"),
    [(lambda n: F(n * n // 4), 2), (lambda n: F(n * n // 3), 0), (lambda n: F(n, 2) + (-1) ** n * F(n, n + 1), 2)],
)
def test_one_formula_for_each_residue(rule, count):
    rows = [(n, rule(n)) for n in range(1, 61)]
    found = answer(("n",), rows[:48], rows[48:])
    if not count:  # n^2 mod 3 is 0, 1, 1: three classes
        count = 3
    assert found.identified, describe_answer(found)
    assert len(found.formulas) == count
    for part in found.formulas:
        assert (part.judgement.exact_on_data, part.judgement.exact_on_held_out) == ("yes", "yes")
        tree = parse(part.judgement.equation, ("n",))
        assert evaluate(tree, part.data.columns) == pytest.approx(part.data.target)
    assert all(part["certificate"]["reasons"] == [] for part in found.certificate["parts"])
    text = describe_answer(found)
    assert ("by the parity of n" if count == 2 else "by n modulo 3") in text
    assert "--max-degree raises it" in text


@pytest.mark.parametrize(
    ("rule", "modulus"),
    [
        (lambda n: F(n * n // 4), 2),
        (lambda n: F(n * n // 3), 3),
        (lambda n: F(n, 2) + (-1) ** n * F(n, n + 1), 2),
        (lambda n: F(n * n - 1, 4) + F(1, n + 2) if n % 2 else F(n * n, 4), 2),
    ],
)
@pytest.mark.parametrize("wrong", [9, 14, 22])
def test_a_misprint_in_one_class_is_named(rule, modulus, wrong):
    rows = [(n, rule(n) + (n == wrong)) for n in range(1, 61)]
    found = answer(("n",), rows[:48], rows[48:])
    text = describe_answer(found)
    assert found.identified, text
    assert len(found.formulas) == modulus
    assert [row["labels"] for row in found.wrong_rows] == [{"n": wrong}]
    assert "the data determine these formulas, and 1 row that they do not fit" in text
    assert f"row n={wrong}: the file says {rule(wrong) + 1}, the formula {rule(wrong)}" in text
    for part in found.formulas:
        tree = parse(part.judgement.equation, ("n",))
        right = [float(rule(n)) for n in part.data.x[:, 0].tolist()]
        assert evaluate(tree, part.data.columns) == pytest.approx(right)


@pytest.mark.parametrize("seed", range(6))
def test_a_class_of_random_numbers_beside_one_with_a_formula_has_no_formula(seed):
    random = np.random.default_rng(seed)
    rows = [(n, F(n * n, 4) if n % 2 == 0 else F(int(random.integers(1, 60)), 7)) for n in range(1, 61)]
    assert not answer(("n",), rows[:48], rows[48:]).identified


@pytest.mark.parametrize("rule", [lambda n, m: min(n, m), lambda n, m: abs(n - m)])
def test_minima_and_absolute_values_are_not_several_formulas(rule):
    rows = [(n, m, F(rule(n, m))) for n in range(1, 12) for m in range(1, 12)]
    found = answer(("n", "m"), rows[:99], rows[99:])
    assert not found.identified


# ---- products of factors


def test_the_dimensions_of_su4_are_a_product():
    rows = [
        (a, b, c, F((a + 1) * (b + 1) * (c + 1) * (a + b + 2) * (b + c + 2) * (a + b + c + 3), 12))
        for a in range(6)
        for b in range(6)
        for c in range(6)
    ]
    result = product_of(dataset(("a", "b", "c"), rows))
    assert sorted(result.forms) == [(0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 2), (1, 0, 0, 1), (1, 1, 0, 2), (1, 1, 1, 3)]
    assert set(result.powers) == {1}
    assert result.constant == F(1, 12)


def test_powers_in_the_denominator_and_zeros_of_the_target():
    rows = [(n, m, F((n - m) ** 3 * (2 * n + 1), 5 * (n + m + 1) ** 4)) for n in range(1, 14) for m in range(1, 14)]
    data = dataset(("n", "m"), rows)
    result = product_of(data)
    assert {((2, 0, 1), 1), ((1, 1, 1), -4)} <= set(zip(result.forms, result.powers, strict=True))
    assert not len(data.wrong_rows(expanded(result, data)))


def test_a_product_is_preferred_to_a_sum_with_as_many_terms_as_the_labels_have_values():
    """so(7) in a box of six values: b has degree 7 in the dimensions, and only 5 in a sum."""
    rows = [
        (a, b, c, F((a + 1) * (b + 1) * (c + 1) * (a + b + 2) * (b + c + 2) * (2 * b + c + 3) * rest, 720))
        for a, b, c in np.ndindex(6, 6, 6)
        for rest in [(a + b + c + 3) * (a + 2 * b + c + 4) * (2 * a + 2 * b + c + 5)]
    ]
    data = problem_from(("a", "b", "c"), 3, rows)
    found = fit(data)
    assert outcome(found) == "identified"
    values = {"a": 8.0, "b": 9.0, "c": 10.0}
    assert evaluate(formula(found, ("a", "b", "c")), values) == pytest.approx(
        9 * 10 * 11 * 19 * 21 * 31 * 30 * 40 * 49 / 720
    )


def test_targets_without_factors_are_no_product():
    generator = np.random.default_rng(1)
    rows = [(n, m, F(int(generator.integers(1, 10**6)))) for n in range(12) for m in range(12)]
    assert product_of(dataset(("n", "m"), rows)) is None


@pytest.mark.parametrize("terms", [60, 210, 390])
def test_a_formula_of_any_size_prints_and_reads_back(terms):
    from cftsr.algebra.polynomials import monomials
    from cftsr.algebra.rational_function import RationalFunction
    from cftsr.algebra.shortest_form import shortest
    from cftsr.fronts.exactness import function_of

    names = ("a", "b", "c", "d")
    keys = [key for degree in [7] for key in monomials(4, degree)][:terms]
    polynomial = {key: (-1) ** i * (i + 1) for i, key in enumerate(keys)}
    function = RationalFunction(polynomial, {(0, 0, 0, 0): 1})
    assert function_of(parse(str(shortest(function, names)), names), names) == function


# ---- real constants


@pytest.mark.parametrize(
    ("value", "error", "known_as"),
    [
        (pi**2 / 6, 1e-12, "pi^2/6"),
        (3 * 2**0.5 / 4, 1e-9, "3*sqrt(2)/4"),
        (-2 / pi, 1e-10, "-2/pi"),
        (1.2020569, 1e-7, "zeta(3)"),
        (13.605693122, 3e-9, ""),
        (109737.3157, 2e-5, ""),
        (1.6449, 5e-3, ""),
    ],
)
def test_a_constant_is_known_only_beyond_chance(value, error, known_as):
    name, chance = recognised(value, error)
    assert name == known_as
    assert (chance is None) == (not known_as)


def test_random_numbers_are_no_known_constants():
    values = np.random.default_rng(0).uniform(0.1, 50, 2_000)
    named = [value for value in values.tolist() if recognised(value, 1e-6 * value)[0]]
    assert len(named) <= 8  # the chance of each is stated as one in a thousand at most


def test_a_value_with_its_uncertainty():
    assert with_uncertainty(13.60569312, 5e-9) == "13.60569312(1)"
    assert with_uncertainty(109737.3157, 2e-5) == "109737.31570(2)"
    assert with_uncertainty(-0.5, 0.02) == "-0.50(2)"
    assert with_uncertainty(0.0, 0.0012) == "0.000(2)"
    assert with_uncertainty(-3e-5, 4e-4) == "0.0000(4)"
    assert with_uncertainty(0.0, 2e-40) == "0(2)e-40"
    assert decimal_between(1.64493, 1.64494) in (1.64493, 1.644935, 1.64494)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (lambda n, m: pi * n / (m + 1), "pi "),
        (lambda n, m: 2**0.5 * (n * n - m) / (n + m), "sqrt(2)"),
        (lambda n, m: 109737.3157 * (1 / n**2 - 1 / (n + m) ** 2), "109737.315"),
    ],
)
def test_a_real_multiple_of_a_rational_function(rule, shown):
    rows = [(n, m, F(round(rule(n, m) * 10**10), 10**10)) for n in range(1, 15) for m in range(1, 11)]
    data = replace(dataset(("n", "m"), rows), uncertainty=np.full(len(rows), 5e-11))
    found = fit_rows(data, data.first(0), default_options())
    assert not found.identified
    assert found.judgement.exact_on_data == "approximate"
    assert shown in describe_answer(found) + " "


# ---- limits


def test_a_negative_answer_names_its_limit():
    generator = np.random.default_rng(0)
    wild = [(n, F(int(generator.integers(1, 10**6)), 7)) for n in range(1, 80)]
    found = certificate(fit(problem_from(("n",), 1, wild)))
    assert found["limit"] == "degree"
    assert "degree up to 12 over 12" in found["reasons"][0]
    found = certificate(fit(problem_from(("n",), 1, wild[:9])))
    assert found["limit"] == "rows"
    assert "9 rows: more rows allow more coefficients" in found["reasons"][0]


@pytest.mark.parametrize("kind", ["degree", "unknowns", "rows", "uncertainty", "wrong rows"])
def test_every_limit_says_what_raises_it(kind):
    random = np.random.default_rng(1)
    wild = [(n, m, F(int(random.integers(1, 10**6)), 7)) for n in range(1, 25) for m in range(8)]
    options = default_options()
    if kind == "degree":
        data = dataset(("n", "m"), wild)
        options["max_degree"] = 3
    elif kind == "unknowns":
        data = dataset(("n", "m"), wild)
        options["max_unknowns"] = 20
    elif kind == "rows":
        data = dataset(("n", "m"), wild[:20])
    elif kind == "uncertainty":
        data = dataset(("n",), [(n, F(round(10**6 * (n + 0.3719) ** 0.5), 10**6)) for n in range(1, 30)])
        data = replace(data, uncertainty=np.full(len(data), 5e-7))
    else:
        data = dataset(("k", "l"), changed(su2(14), *range(3, 100, 12)))
    answer = fit_rows(data, dataset(data.labels, []), options)
    assert answer.certificate["outcome"] == "none"
    assert answer.certificate["limit"] == kind
    assert any(REMEDIES[kind] in reason for reason in answer.certificate["reasons"]), answer.certificate["reasons"]
    assert REMEDIES[kind] in describe_answer(answer)


# ---- calibration; benchmarks/false_identified.py has the campaign that this is a part of


@pytest.mark.no_cover
def test_no_random_table_is_identified_wrongly():
    counted = campaign("rational", range(150))
    assert counted["identified"] > 35
    assert not counted["FALSE"]
    assert not counted["FALSE ACCUSATION"]


@pytest.mark.no_cover
def test_no_table_without_a_formula_is_identified():
    assert not campaign("other", range(5_000, 5_010))["FALSE"]


@pytest.mark.no_cover
def test_one_or_two_wrong_rows_of_su2_are_found():
    counted = campaign("wrong", range(10))
    assert not [kind for kind in counted if "missed" in kind]
    assert sum(counts for kind, counts in counted.items() if "named" in kind) > 7


@pytest.mark.parametrize(
    ("spelling", "identified"), [("%.5f", False), ("%.6f", True), ("%.6g", True), ("%.9g", True), ("%.17g", True)]
)
def test_rounded_weights_of_the_minimal_models(spelling, identified, tmp_path):
    answer = rounded("minimal", spelling, tmp_path)
    labels = ("p", "q", "r", "s")
    assert function(answer.judgement.equation, labels) == function("(square(p*r-q*s)-square(p-q))/(4*p*q)", labels)
    assert answer.identified == identified
    if not identified:
        assert any("simple by accident" in reason for reason in answer.certificate["reasons"])
