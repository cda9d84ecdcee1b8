"""The grammar, node counts, evaluation and printing of equations."""

from __future__ import annotations

import math
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cftsr.algebra.expressions import (
    Expression,
    apply_operator,
    binary,
    constant,
    constants,
    evaluate,
    exact_value,
    fold,
    rational_constants,
    square,
    substitute,
    to_text,
    variable,
)
from cftsr.algebra.formula import MAX_DEPTH, ParseError, parse

NAMES = ("p", "q", "i1", "i10")
p, q = variable("p"), variable("q")


def exactly(expression: Expression, **values) -> F:
    return fold(
        expression, lambda node: F(values[node.value] if node.kind == "variable" else node.value), apply_operator
    )


# ---- the grammar


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("p", p),
        ("  p ", p),
        ("3", constant(3)),
        ("-3", constant(-3)),
        ("+3", constant(3)),
        ("2.5e-3", constant(0.0025)),
        ("-p", Expression("neg", None, (p,))),
        ("p-q-3", binary("-", binary("-", p, q), constant(3))),
        ("p-(q-3)", binary("-", p, binary("-", q, constant(3)))),
        ("p/q*3", binary("*", binary("/", p, q), constant(3))),
        ("p/(q*3)", binary("/", p, binary("*", q, constant(3)))),
        ("p+q*3", binary("+", p, binary("*", q, constant(3)))),
        ("-p*q", binary("*", Expression("neg", None, (p,)), q)),
        ("-p+q", binary("+", Expression("neg", None, (p,)), q)),
        ("square(p-q)", square(binary("-", p, q))),
        ("square(square(p))", square(square(p))),
        ("((p * -4.405992) / q)", binary("/", binary("*", p, constant(-4.405992)), q)),
        ("i10/i1", binary("/", variable("i10"), variable("i1"))),
    ],
)
def test_what_is_read(text, tree):
    assert parse(text, NAMES) == tree


def test_long_names_are_not_mistaken_for_their_beginnings():
    assert parse("i10", ("i1", "i10")) == variable("i10")
    with pytest.raises(ParseError, match="unknown name 'i10'"):
        parse("i10", ("i1",))
    with pytest.raises(ParseError, match="unknown name 'i1'"):
        parse("i1", ("i10",))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "p.real",
        "p.__class__",
        "().__class__.__bases__",
        "lambda: p",
        "p<q",
        "p==q",
        "p**2",
        "p^2",
        "p%q",
        "p//q",
        "p@q",
        "~p",
        "not p",
        "p and q",
        "p if q else p",
        "[p]",
        "(p,)",
        "p,",
        "{p}",
        "p[0]",
        "(p:=1)",
        "[p for p in (1,)]",
        "f'{p}'",
        "'p'",
        "b'p'",
        "True",
        "None",
        "...",
        "1j",
        "exp(p)",
        "square",
        "square()",
        "square(p,q)",
        "square(*p)",
        "square(**p)",
        "square(argument=p)",
        "p(q)",
        "square(p)(q)",
        "eval('p')",
        "unknown",
        "",
        "   ",
        "p+",
        "p q",
        "p;q",
        "p\nq",
        "p=1",
        "import os",
        "\x00",
        "\ud800",
        "2 3",
        "((p)",
        "0123",
        "square(" * 5000,
        "(" * 3000 + "p" + ")" * 3000,
        "-" * 5000 + "p",
        "p" + "+p" * 4000,
        "p*" * 300 + "p",
        "9" * 5000,
        "p+" * 50_000 + "p",
        "__builtins__",
    ],
)
def test_what_is_refused(text):
    with pytest.raises(ParseError) as error:
        parse(text, NAMES)
    assert len(str(error.value)) < 1000


def test_a_refusal_names_the_equation_and_the_known_names():
    with pytest.raises(ParseError) as error:
        parse("p + sin(q)", ("p", "q"))
    assert "'sin(q)' is outside the grammar" in str(error.value)
    assert "'p + sin(q)'" in str(error.value)
    with pytest.raises(ParseError, match=r"unknown name 'k' \(known: p, q\)"):
        parse("k+p", ("q", "p"))
    with pytest.raises(ParseError, match=r"unexpected 'q' at character 5, in equation 'p\+p q'"):
        parse("p+p q", NAMES)


def test_nesting_is_read_up_to_the_limit_and_no_deeper():
    def left_deep(terms):
        return "+".join(["p"] * terms)

    assert parse(left_deep(MAX_DEPTH + 1), NAMES).depth == MAX_DEPTH + 1
    with pytest.raises(ParseError, match="levels of nesting"):
        parse(left_deep(MAX_DEPTH + 2), NAMES)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e400", math.inf), ("-1e400", -math.inf), ("inf", math.inf), ("-Inf", -math.inf), ("9" * 400, math.inf)],
)
def test_numbers_beyond_float64_read_as_infinity(text, value):
    assert parse(text, NAMES) == constant(value)


def test_nan_is_read():
    assert math.isnan(parse("NaN", NAMES).value)


# ---- complexity


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("p", 1),
        ("-2.5", 1),
        ("-p", 2),
        ("square(p)", 2),
        ("p+q", 3),
        ("3*p/(p+2)", 7),
        ("13-6*(p/q+q/p)", 11),
        ("(13.0 - ((p / q) * 6.0)) + ((q * -6.0) / p)", 13),
        ("i10*(p+i1)", 5),
    ],
)
def test_complexity_counts_every_node_once(text, nodes):
    tree = parse(text, NAMES)
    assert tree.complexity == nodes
    assert len(list(tree.walk())) == nodes


# ---- printing

leaves = st.one_of(
    st.sampled_from([variable(name) for name in NAMES]),
    st.integers(-(10**30), 10**30).map(constant),
    st.floats(allow_nan=False).map(constant),
)


def _negated(tree: Expression) -> Expression:
    # The minus before a number belongs to the number.
    return constant(-tree.value) if tree.kind == "constant" else Expression("neg", None, (tree,))


trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(binary, st.sampled_from("+-*/"), inner, inner), inner.map(square), inner.map(_negated)
    ),
    max_leaves=25,
)


@given(trees)
def test_a_printed_tree_reads_back_as_itself(tree):
    text = to_text(tree)
    assert parse(text, NAMES) == tree
    assert str(tree) == text


@given(trees)
def test_a_tree_read_back_has_the_same_constants_to_the_last_bit(tree):
    def bits(expression):
        return [np.float64(value).tobytes() for value in constants(expression)]

    assert bits(parse(to_text(tree), NAMES)) == bits(tree)


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("((p)+((q)))", "p+q"),
        ("(p+q)-(p-q)", "p+q-(p-q)"),
        ("(p*q)/(p/q)", "p*q/(p/q)"),
        ("p*(-3)", "p*(-3)"),
        ("p-(-3)", "p-(-3)"),
        ("-3+p", "-3+p"),
        ("(-3)*p/(q+1)", "-3*p/(q+1)"),
        ("(-p)*q", "-p*q"),
        ("p-(-3)*q", "p-(-3)*q"),
        ("p/((-3)*q)", "p/(-3*q)"),
        ("p-((-3)-q)", "p-(-3-q)"),
        ("-(p+q)", "-(p+q)"),
        ("p--q", "p-(-q)"),
        ("3.0*p", "3*p"),
        ("-0.0", "-0.0"),
        ("square((p))", "square(p)"),
    ],
)
def test_parentheses_are_printed_where_they_are_needed(text, shortest):
    assert to_text(parse(text, NAMES)) == shortest


# ---- evaluation


def test_evaluation_by_hand():
    columns = {"p": np.array([4.0, 5.0]), "q": np.array([3.0, 2.0])}
    ising_and_lee_yang = evaluate(parse("1-6*square(p-q)/(p*q)", ("p", "q")), columns)
    assert ising_and_lee_yang.tolist() == [0.5, 1 - 54 / 10]
    assert evaluate(parse("-p/2", ("p", "q")), columns).tolist() == [-2.0, -2.5]
    assert evaluate(parse("7", ()), columns) == 7.0


@pytest.mark.parametrize("text", ["1/0", "p+1/0", "1/(2-2)", "p/0", "square(1/0)"])
def test_division_by_zero_is_infinite_between_constants_as_between_columns(text):
    with np.errstate(all="ignore"):
        value = evaluate(parse(text, ("p",)), {"p": np.array([1.0, 2.0])})
    assert np.isinf(value).all()


small_polynomials = st.recursive(
    st.sampled_from([p, q]) | st.integers(-6, 6).map(constant),
    lambda inner: st.one_of(st.builds(binary, st.sampled_from("+-*"), inner, inner), inner.map(square)),
    max_leaves=6,
)


@given(small_polynomials, st.integers(-9, 9), st.integers(-9, 9))
def test_float64_is_exact_where_small_integers_are_added_and_multiplied(tree, at_p, at_q):
    sizes = [abs(exactly(node, p=at_p, q=at_q)) for node in tree.walk()]
    assume(max(sizes) < 2**53)
    assert evaluate(tree, {"p": float(at_p), "q": float(at_q)}) == exactly(tree, p=at_p, q=at_q)


def test_substitute_and_constants():
    tree = parse("3*p/(p+2.5)-square(q)", NAMES)
    assert constants(tree) == [3, 2.5]
    assert to_text(substitute(tree, lambda node: q if node == p else node)) == "3*q/(q+2.5)-square(q)"


def test_rational_constants_are_integers_only():
    assert rational_constants(parse("3*p-2.0", NAMES))
    assert rational_constants(parse("p", NAMES))
    assert not rational_constants(parse("0.5*p", NAMES))
    assert not rational_constants(constant(math.inf))
    assert not rational_constants(constant(math.nan))


def test_exact_value_is_the_binary_one():
    assert exact_value(0.1) == F(3602879701896397, 36028797018963968)
    assert exact_value(7) == 7
    with pytest.raises(ValueError, match="not finite"):
        exact_value(math.inf)
