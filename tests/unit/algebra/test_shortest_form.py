"""Short forms of rational functions: equal to the function, and short."""

from __future__ import annotations

import time
from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.algebra import polynomials as poly
from cftsr.algebra.expressions import Expression, apply_operator, fold
from cftsr.algebra.formula import parse
from cftsr.algebra.rational_function import RationalFunction
from cftsr.algebra.shortest_form import shortest
from cftsr.data.generate import generate
from cftsr.engines.base import Assignment, Progress, problem_of
from cftsr.engines.rational.engine import Rational

LABELS = ("p", "q")
exponents = st.tuples(st.integers(0, 2), st.integers(0, 2))
coefficients = st.integers(-6, 6).filter(bool) | st.sampled_from([-24, -13, 12, 13, 100])
polynomials = st.dictionaries(exponents, coefficients, min_size=1, max_size=5)
linear = st.dictionaries(st.sampled_from([(0, 0), (1, 0), (0, 1)]), coefficients, min_size=1, max_size=3)
# Products of simple factors are what formulas are made of, and what the printer treats specially.
products = st.lists(linear, min_size=1, max_size=3).map(
    lambda factors: [total := factors[0], [total := poly.multiply(total, item) for item in factors[1:]]] and total
)
functions = st.builds(RationalFunction, polynomials | products, polynomials | products)
POINTS = [(x, y) for x in (-7, -3, 2, 5, 11, 13) for y in (-5, 3, 7, 17, 19)]


def at(expression: Expression, labels, point) -> F | None:
    values = dict(zip(labels, point, strict=True))
    try:
        return fold(
            expression, lambda node: F(values[node.value] if node.kind == "variable" else node.value), apply_operator
        )
    except ZeroDivisionError:
        return None


def value(polynomial, point) -> int:
    total = 0
    for powers, coefficient in polynomial.items():
        for x, power in zip(point, powers, strict=True):
            coefficient *= x**power
        total += coefficient
    return total


def assert_identity(expression, numerator, denominator, labels, points):
    compared = 0
    for point in points:
        below, found = value(denominator, point), at(expression, labels, point)
        if below and found is not None:
            assert found == F(value(numerator, point), below)
            compared += 1
    # More points than the cross-multiplied difference of degree <= 12 could vanish on by accident.
    assert compared >= len(points) // 2


@pytest.mark.parametrize("unary", [(), ("square",)], ids=["without square", "with square"])
@settings(max_examples=80)
@given(function=functions)
def test_a_form_is_the_function(unary, function):
    function = function.cancelled()
    form = shortest(function, LABELS, unary)
    assert_identity(form, *function, LABELS, POINTS)
    assert parse(str(form), LABELS) == form
    if not unary:
        assert "square" not in {node.kind for node in form.walk()}


@settings(max_examples=60)
@given(functions)
def test_constants_of_a_form_are_integers(function):
    form = shortest(function.cancelled(), LABELS, ("square",))
    assert all(type(node.value) is int for node in form.walk() if node.kind == "constant")


@settings(max_examples=60)
@given(functions)
def test_a_form_is_never_longer_than_the_plain_quotient_of_sums(function):
    def term(powers, coefficient):
        nodes = sum(powers) + (abs(coefficient) != 1 or not any(powers))
        return 2 * nodes - 1

    def plain(polynomial):
        return sum(term(*item) for item in polynomial.items()) + len(polynomial) - 1

    numerator, denominator = function = function.cancelled()
    nodes = plain(numerator)
    if denominator != {(0, 0): 1}:
        nodes += 1 + plain(denominator)
    # A sum of negative terms needs one minus more than it has terms.
    slack = 2 * all(item < 0 for item in numerator.values()) + 2 * all(item < 0 for item in denominator.values())
    assert shortest(function, LABELS, ()).complexity <= nodes + slack


def polynomial_of(text: str, labels: tuple[str, ...]) -> poly.Polynomial:
    """A polynomial from text without divisions."""
    zero = (0,) * len(labels)

    def leaf(node):
        if node.kind == "variable":
            return _Poly({tuple(int(label == node.value) for label in labels): 1})
        return _Poly({zero: int(node.value)} if node.value else {})

    return fold(parse(text, labels), leaf, apply_operator).terms


def function_of(numerator: str, denominator: str, labels: tuple[str, ...]) -> RationalFunction:
    return RationalFunction(polynomial_of(numerator, labels), polynomial_of(denominator, labels)).cancelled()


class _Poly:
    def __init__(self, terms):
        self.terms = terms

    def __add__(self, other):
        return _Poly(poly.add(self.terms, other.terms))

    def __sub__(self, other):
        return _Poly(poly.add(self.terms, other.terms, -1))

    def __mul__(self, other):
        return _Poly(poly.multiply(self.terms, other.terms))

    def __neg__(self):
        return _Poly(poly.add({}, self.terms, -1))


FORMULAS = [
    # numerator, denominator, labels, unary operators, nodes at most
    pytest.param("3*k", "k+2", ("k",), (), 7, id="c of su(2)_k"),
    pytest.param("p*q-6*(p-q)*(p-q)", "p*q", ("p", "q"), ("square",), 11, id="c of minimal models"),
    pytest.param("l*(l+2)", "4*(k+2)", ("k", "l"), (), 11, id="h of su(2)_k"),
    pytest.param(
        "(p*r-q*s)*(p*r-q*s)-(p-q)*(p-q)", "4*p*q", ("p", "q", "r", "s"), ("square",), 19, id="h of minimal models"
    ),
    # What else a formula may look like; the counts are by hand.
    pytest.param("0", "1", ("k",), (), 1, id="0"),
    pytest.param("1", "1", ("k",), (), 1, id="1"),
    pytest.param("0-1", "2", ("k",), (), 3, id="-1/2"),
    pytest.param("k", "1", ("k",), (), 1, id="k"),
    pytest.param("0-k", "1", ("k",), (), 3, id="-1*k"),
    pytest.param("k", "2", ("k",), (), 3, id="k/2"),
    pytest.param("1", "k", ("k",), (), 3, id="1/k"),
    pytest.param("k*k", "1", ("k",), (), 3, id="k*k"),
    pytest.param("k*k", "1", ("k",), ("square",), 2, id="square(k)"),
    pytest.param("k*k*k*k", "1", ("k",), ("square",), 3, id="square(square(k))"),
    pytest.param("(k+1)*(k+1)", "1", ("k",), ("square",), 4, id="square(k+1)"),
    pytest.param("k*(k+2)", "1", ("k",), (), 5, id="k*(k+2)"),
    pytest.param("p*p+q*q", "p*q", ("p", "q"), (), 7, id="p/q+q/p"),
    pytest.param("k*k+1", "k", ("k",), (), 5, id="k+1/k"),
    pytest.param("k*k+2*k+2", "k+1", ("k",), (), 9, id="k+1+1/(k+1)"),
    pytest.param("p-q", "1", ("p", "q"), (), 3, id="p-q"),
    pytest.param("q-p", "1", ("p", "q"), (), 3, id="q-p"),
]


@pytest.mark.parametrize(("numerator", "denominator", "labels", "unary", "nodes"), FORMULAS)
def test_known_formulas_are_printed_with_few_nodes(numerator, denominator, labels, unary, nodes):
    function = function_of(numerator, denominator, labels)
    form = shortest(function, labels, unary)
    points = [tuple((7 * i + 5 * j * j) % 23 + 1 for j in range(len(labels))) for i in range(1, 12)]
    assert_identity(form, *function, labels, points)
    assert form.complexity <= nodes
    assert unary or "square" not in {node.kind for node in form.walk()}


def test_the_closed_forms_read_as_in_the_textbooks():
    def form(numerator, denominator, labels, unary):
        return str(shortest(function_of(numerator, denominator, labels), labels, unary))

    assert form("3*k", "k+2", ("k",), ()) == "3*k/(k+2)"
    assert form("l*(l+2)", "4*(k+2)", ("k", "l"), ()) == "l*(l+2)/(4*(k+2))"
    # A number is not printed as the square of one.
    assert form("1-(p-q)*(p-q)", "4*p*q", ("p", "q"), ("square",)) == "(1-square(p-q))/(4*p*q)"


def test_long_polynomials_are_printed_in_good_time():
    labels = ("p", "q", "r", "s")
    terms = poly.monomials(4, 3)
    started = time.process_time()
    for start in range(0, 24, 8):
        dense = {key: (-1) ** i * (i % 6 + 1) for i, key in enumerate(terms[start : start + 12])}
        shortest(RationalFunction(dense, {(1, 1, 0, 0): 4}).cancelled(), labels, ("square",))
    everything = {key: i + 1 for i, key in enumerate(poly.monomials(4, 5))}
    shortest(RationalFunction(everything, {(1, 0, 0, 0): 1, (0, 0, 0, 0): 1}).cancelled(), labels, ("square",))
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("family", "text"), [("wzw_su2", "(l*(2*l+4)-k)/(8*(k+2))"), ("minimal", "square(p*r-q*s)/(4*p*q)-1/24")]
)
def test_energies_are_shorter_than_the_weights_and_charges_they_are_made_of(family, text):
    data, _ = generate(family, {}, "energy", 60, 1, "0.3")
    progress = Rational().advance(Assignment(problem_of(data, "free"), OPTIONS, log=lambda line: None), Progress())
    assert progress.extra["certificate"]["outcome"] == "identified"
    assert progress.candidates[-1].text == text


OPTIONS = {"max_degree": 12, "max_unknowns": 300, "spare_rows": 12, "refit_without": 0.2}
