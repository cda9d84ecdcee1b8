"""Text and LaTeX of exact rational functions (factored) and of equations as they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from math import gcd
from unicodedata import lookup

from cftsr.algebra.expressions import Expression, constant, fold
from cftsr.algebra.polynomials import Exponents, Polynomial, factorise
from cftsr.algebra.rational_function import RationalFunction

_SPECIAL = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}


def escape_latex(text: str) -> str:
    return re.sub(r"[\\&%$#_{}~^]", lambda match: _SPECIAL.get(match[0], "\\" + match[0]), text)


# Labels with these names are printed as Greek letters. `lambda` is a keyword of Python's: its label is lambda_.
_LETTERS = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "mu", "nu", "xi", "rho", "sigma",
    "tau", "phi", "chi", "psi", "omega",
)  # fmt: skip
GREEK = {name: lookup(f"GREEK SMALL LETTER {name.upper()}") for name in _LETTERS}
GREEK["lambda"] = "\u03bb"  # its name in Unicode is misspelt


def letter(label: str) -> str:
    """A label in prose: a Greek letter where its name is one's, else as it is."""
    return GREEK.get(label.rstrip("_"), label)


def latex_name(label: str) -> str:
    r"""A label in LaTeX: one letter as it is, Greek ones by name, digits at the end as an index, others upright."""
    match = re.fullmatch(r"(.*?)_?(\d*)", label)
    stem, digits = match.groups() if match and match[1] else (label, "")
    name = stem if re.fullmatch("[A-Za-z]", stem) else rf"\mathrm{{{escape_latex(stem)}}}"
    name = rf"\{stem}" if stem in GREEK else name
    return f"{name}_{{{digits}}}" if digits else name


# ---- exact functions


@dataclass(frozen=True)
class _Style:
    name: Callable[[str], str]
    power: Callable[[str, int], str]
    times: str
    group: Callable[[str], str]


_TEXT = _Style(lambda label: label, lambda base, power: f"{base}**{power}", "*", lambda text: f"({text})")
_LATEX = _Style(latex_name, lambda base, power: f"{base}^{{{power}}}", " ", lambda text: rf"\left({text}\right)")


def factored(function: RationalFunction, labels: tuple[str, ...]) -> tuple[str, str]:
    """A function in lowest terms as a quotient of products of irreducible factors: text (powers as **) and LaTeX."""
    if not function.numerator:
        return "0", "0"
    above, top = factorise(function.numerator)
    below, bottom = factorise(function.denominator)
    common = gcd(above, below)
    sign = "-" if above * below < 0 else ""
    above, below = abs(above // common), abs(below // common)
    text, latex = (
        (_product(above, top, labels, style), _product(below, bottom, labels, style)) for style in (_TEXT, _LATEX)
    )
    whole = below == 1 and not bottom
    first = [
        style.group(shown) if _is_sum(above, top) and (sign or (style is _TEXT and not whole)) else shown
        for style, shown in ((_TEXT, text[0]), (_LATEX, latex[0]))
    ]
    if whole:
        return sign + first[0], sign + first[1]
    simple = len(bottom) + (below != 1) == 1 and not _is_sum(below, bottom)
    second = text[1] if simple and (not bottom or len(bottom[0][0]) == 1) else f"({text[1]})"
    return f"{sign}{first[0]}/{second}", rf"{sign}\frac{{{latex[0]}}}{{{latex[1]}}}"


def _is_sum(unit: int, factors: list[tuple[Polynomial, int]]) -> bool:
    return unit == 1 and len(factors) == 1 and factors[0][1] == 1 and len(factors[0][0]) > 1


def _product(unit: int, factors: list[tuple[Polynomial, int]], labels: tuple[str, ...], style: _Style) -> str:
    alone = _is_sum(unit, factors)
    parts = [str(unit)] if unit != 1 or not factors else []
    for base, power in factors:
        shown = _sum(base, labels, style)
        if len(base) > 1 and not alone:
            shown = style.group(shown)
        parts.append(style.power(shown, power) if power > 1 else shown)
    return style.times.join(parts)


def _sum(polynomial: Polynomial, labels: tuple[str, ...], style: _Style) -> str:
    """The terms, highest total degree first."""
    text = ""
    for exponents in sorted(polynomial, key=lambda key: (sum(key), key), reverse=True):
        value = polynomial[exponents]
        term = _term(abs(value), exponents, labels, style)
        text += (" - " if value < 0 else " + ") + term if text else ("-" + term if value < 0 else term)
    return text


def _term(value: int, exponents: Exponents, labels: tuple[str, ...], style: _Style) -> str:
    parts = [
        style.power(style.name(label), power) if power > 1 else style.name(label)
        for label, power in zip(labels, exponents, strict=True)
        if power
    ]
    return style.times.join(parts if value == 1 and parts else [str(value), *parts])


# ---- equations as they stand


# LaTeX, and how tightly it holds together: 1 a sum, 1.5 a product with a leading minus, 2 a product, 3 anything closed.
_Set = tuple[str, float]


def latex_of(expression: Expression, number: Callable[[str], str] = str) -> str:
    """The tree in LaTeX, nothing simplified: quotients as fractions, products by juxtaposition, m*m as a power.

    number   how a constant is shown, from its full text
    """
    return fold(with_powers(expression), lambda node: _leaf(node, number), _apply)[0]


def with_powers(expression: Expression) -> Expression:
    """The tree as it is typeset: equal factors of a product, m*(m*(k+2)), are one power, which nothing parses."""
    return fold(expression, lambda leaf: leaf, _gathered)


def _gathered(kind: str, arguments: tuple[Expression, ...]) -> Expression:
    product = Expression(kind, None, arguments)
    if kind != "*":
        return product
    bases, powers = [], Counter[Expression]()
    for factor in _factors(product):
        match factor.kind, factor.arguments:
            case "power", (base, exponent):
                power = exponent.value
            case "square", (base,) if base.kind != "constant":
                power = 2
            case _:
                base, power = factor, 1
        if base.kind == "constant" or base not in powers:
            bases.append(base)
        powers[base] += power if base.kind != "constant" else 0
    return reduce(
        lambda left, right: Expression("*", None, (left, right)), (_power(base, powers[base]) for base in bases)
    )


def _power(base: Expression, power: int) -> Expression:
    return Expression("power", None, (base, constant(power))) if power > 1 else base


def _factors(product: Expression) -> Iterator[Expression]:
    pending = [product]
    while pending:
        factor = pending.pop()
        if factor.kind == "*":
            pending += reversed(factor.arguments)
        else:
            yield factor


def _leaf(node: Expression, number: Callable[[str], str]) -> _Set:
    if node.kind == "variable":
        return latex_name(str(node.value)), 3
    text = number(str(node))
    mantissa, _, exponent = text.partition("e")
    shown = rf"{mantissa}\cdot10^{{{int(exponent)}}}" if exponent else text
    return shown, 1.5 if text.startswith("-") else 2 if exponent else 3


def _closed(operand: _Set, level: float) -> str:
    return operand[0] if operand[1] >= level else rf"\left({operand[0]}\right)"


def _apply(kind: str, arguments: tuple[_Set, ...]) -> _Set:
    match kind, arguments:
        case "+", (left, right):
            return f"{left[0]}+{_closed(right, 2)}", 1
        case "-", (left, right):
            return f"{left[0]}-{_closed(right, 2)}", 1
        case "*", (left, right):
            first, second = _closed(left, 1.5), _closed(right, 2)
            return first + (r"\cdot " if second[0].isdigit() else r"\,") + second, 1.5 if left[1] == 1.5 else 2
        case "/", (left, right):
            return rf"\frac{{{left[0]}}}{{{right[0]}}}", 3
        case "square", (argument,):
            return _apply("power", (argument, ("2", 3)))
        case "power", ((text, level), (exponent, _)):
            # A fraction or a power needs parentheses under an exponent, though nothing else does.
            closed = _closed((text, 0 if text.startswith((r"\frac", "{")) else level), 3)
            return f"{{{closed}}}^{{{exponent}}}", 3
        case "neg", (argument,):
            return f"-{_closed(argument, 2)}", 1.5
    raise ValueError(f"unknown operator {kind!r}")
