"""LaTeX of equations as they stand: signs, parentheses, and equal factors as powers."""

from __future__ import annotations

from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.expressions import Expression, apply_operator, fold
from cftsr.algebra.formula import parse
from cftsr.algebra.printing import latex_of, with_powers

NAMES = ("k", "m", "n")
VALUES = {"k": F(3, 2), "m": F(-5, 7), "n": F(11)}


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("-2*n/(m+1)", r"\frac{-2\,n}{m+1}"),
        ("3*(-2)*n", r"3\,\left(-2\right)\,n"),
        ("m-(-2)*n", r"m-\left(-2\,n\right)"),
        ("-(m+n)*n", r"-\left(m+n\right)\,n"),
        ("-1e-05*n", r"-1\cdot10^{-5}\,n"),
        ("n-m*(m*(k+2))", r"n-{m}^{2}\,\left(k+2\right)"),
        ("(n+1)*(n+1)/(m*m*m)", r"\frac{{\left(n+1\right)}^{2}}{{m}^{3}}"),
        ("square(m)*m", "{m}^{3}"),
        ("square(m*m)", r"{\left({m}^{2}\right)}^{2}"),
        ("3*3*m", r"3\cdot 3\,m"),
        ("square(2)*m", r"{2}^{2}\,m"),
        ("square(n/m)", r"{\left(\frac{n}{m}\right)}^{2}"),
    ],
)
def test_latex_of_an_equation(text, latex):
    assert latex_of(parse(text, NAMES)) == latex


def value(expression: Expression) -> F:
    def apply(kind: str, arguments: tuple) -> F:
        return arguments[0] ** int(arguments[1]) if kind == "power" else apply_operator(kind, arguments)

    return fold(expression, lambda leaf: VALUES[leaf.value] if leaf.kind == "variable" else F(leaf.value), apply)


PRODUCTS = st.recursive(
    st.sampled_from(["k", "m", "n", "2", "(-3)"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("*+-"), inner).map(lambda parts: f"({''.join(parts)})"),
        inner.map(lambda text: f"square({text})"),
    ),
    max_leaves=9,
)


@given(PRODUCTS)
def test_powers_of_equal_factors_have_the_value_of_the_product(text):
    expression = parse(text, NAMES)
    assert value(with_powers(expression)) == value(expression)
