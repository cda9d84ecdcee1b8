"""Formulas as people and other programs write them: the same function, or one message that quotes the place."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.expressions import Expression, binary, constant, square, variable
from cftsr.algebra.formula import NotRationalError, ParseError, parse, read_formula
from cftsr.fronts.exactness import function_of

LABELS = ("k", "l")


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("3*k/(k+2)", "3*k/(k+2)"),
        ("3k/(k+2)", "3*k/(k+2)"),
        ("h = l(l+2)/(4(k+2))", "l*(l+2)/(4*(k+2))"),
        ("h(k, l) = k", "k"),
        ("h == k", "k"),
        ("k**2", "square(k)"),
        ("k^2.0", "square(k)"),
        ("k²+l³", "square(k)+square(l)*l"),
        ("-k^2", "-square(k)"),
        ("(-2)^3*k", "-8*k"),
        ("k**-2", "1/square(k)"),
        ("k^(4/2)", "square(k)"),
        ("2**3**2*k", "512*k"),
        ("2k^2 l", "2*square(k)*l"),
        ("(k+1)(l+2)", "(k+1)*(l+2)"),
        ("k l", "k*l"),
        ("2*-k", "2*(-k)"),
        ("3 \N{MINUS SIGN} k·l", "3-k*l"),
        ("Rational(3, 4)*k", "3/4*k"),
        ("cube(k) - inv(l) + pow(k, 2) + neg(l)", "square(k)*k-1/l+square(k)+(-l)"),
        ("0.25*l*(l + 2.0)", "0.25*l*(l+2)"),
        (".5k", "0.5*k"),
        ("1e-3*k", "0.001*k"),
    ],
)
def test_every_notation_is_read_as_it_is_meant(written, means):
    assert str(read_formula(written, LABELS)) == means
    assert parse(means, LABELS) == read_formula(written, LABELS)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("1/2k", r"a product sign is missing before 'k' \(character 4\), right of a division"),
        ("h = 1/2k", r"before 'k' \(character 8\), right of a division"),
        ("3/4(k+2)", "right of a division"),
        ("k^2l", "a product sign is missing after the power"),
        ("k 2", "a sign is missing before '2'"),
        ("2 3", "two numbers with nothing between them"),
        ("kl", r"unknown name 'kl' \(known: k, l\); did you mean k\*l\?"),
        ("x+1", "unknown name 'x'"),
        ("(k+1", r"'\)' is missing at the end"),
        ("k)", r"unexpected '\)' at character 2"),
        ("k²^3", r"unexpected '\^' at character 3"),
        ("-l²⁻¹", "unexpected '⁻¹' at character 4"),
        ("k+", "ends too early"),
        ("", "empty"),
        ("k//2", "unexpected '/'"),
        (r"\frac{k}{2}", "is LaTeX"),
        ("a=b=k", "give its right side alone"),
        ("__import__('os')", "cannot be read"),
        ("k if l else 1", "unknown name 'if'"),
        ("lambda: k", "cannot be read"),
        ("1e400*k", "too large"),
        ("k**100", "the largest is 64"),
        ("(10^60)^60*k", "too large"),
        ("9" * 5000 + "k", "5,000 digits: more than 4,300 are not read"),
        ("(" * 12 + "k+1" + ")^63" * 12, "more than 100,000 parts, once its powers are written out"),
        ("inf", "no number"),
        ("(" * 300 + "k" + ")" * 300, "levels of nesting"),
        ("-" * 300 + "k", "levels of nesting"),
        ("+".join("k" * 300), "levels of nesting"),
        ("pow(k)", "takes 2 arguments"),
        ("k^(1/0)", "divides by zero"),
    ],
)
def test_what_cannot_be_read_is_quoted_with_its_place(written, message):
    with pytest.raises(ParseError, match=message) as caught:
        read_formula(written, LABELS)
    assert not isinstance(caught.value, NotRationalError)


@pytest.mark.parametrize(
    "written", ["sin(k)", "exp(k)*l", "sqrt(k)", "k**0.5", "k^(1/2)", "2^k", "k**l", "pi*k", "abs(l)"]
)
def test_a_function_that_is_not_rational_is_told_from_one_that_cannot_be_read(written):
    with pytest.raises(NotRationalError, match="rational"):
        read_formula(written, LABELS)


def test_a_label_wins_over_a_function_and_a_number_of_its_name():
    assert str(read_formula("pi*E(pi+1)", ("pi", "E"))) == "pi*E*(pi+1)"


def test_other_names_are_variables_where_constants_are_to_be_found():
    assert str(read_formula("a*l(l+b)/(c k+d(k+1))", LABELS, others=True)) == "a*l*(l+b)/(c*k+d*(k+1))"
    with pytest.raises(NotRationalError):
        read_formula("exp(a*k)", LABELS, others=True)


trees = st.recursive(
    st.one_of(st.integers(-9, 9).map(constant), st.sampled_from(LABELS).map(variable)),
    lambda inner: st.one_of(
        st.builds(binary, st.sampled_from("+-*"), inner, inner),
        inner.map(square),
        inner.filter(lambda one: one.kind != "constant").map(lambda one: Expression("neg", None, (one,))),
    ),
    max_leaves=8,
)


@given(trees)
def test_what_an_engine_prints_is_read_back_as_the_same_tree(tree):
    assert read_formula(str(tree), LABELS) == tree == parse(str(tree), LABELS)


@given(trees)
def test_what_sympy_prints_is_the_same_function(tree):
    k, l = sympy.symbols("k l")
    # Its own printing, of a tree that was made here.
    shown = str(sympy.expand(eval(str(tree), {"k": k, "l": l, "square": lambda one: one**2})))
    one, other = (function_of(expression, LABELS) for expression in (read_formula(shown, LABELS), tree))
    assert one.same_as(other)
