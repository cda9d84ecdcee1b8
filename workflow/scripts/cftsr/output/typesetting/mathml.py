"""Formulas in HTML, typeset as MathML, and as text to copy into Python, LaTeX and Mathematica.

It reads equations of fronts, and SymPy's printing of simplified ones, which has **. What cannot be read is shown
unchanged, as code.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from markupsafe import Markup, escape

from cftsr.algebra.expressions import Expression, fold
from cftsr.algebra.formula import ParseError, parse
from cftsr.algebra.integer_columns import without_integer_columns
from cftsr.algebra.other_notations import as_text
from cftsr.algebra.printing import GREEK, latex_of, with_powers
from cftsr.output.typesetting.words import rounded_constants

MAX_NODES = 400  # of a formula that is typeset; a larger one is shown as code


def read(text: str) -> Expression:
    """The tree of an equation, with the integer columns i1..i10 as the integers they stand for.

    An integer power other than a square is a node of kind "power". Raises ParseError outside this grammar.
    """
    return without_integer_columns(parse(text, None, powers=True))


# ---- MathML


class Typeset(NamedTuple):
    """Markup, and its properties that decide about parentheses and multiplication dots around it.

    level     1 a sum, 2 a product, 3 anything that needs no parentheses
    digit     whether it starts with a digit: then a product needs a dot before it
    compound  a fraction or a power: it takes parentheses under an exponent
    positive  for something that starts with a minus: the same without it, so the sign can move to its usual place
    """

    markup: Markup
    level: int = 3
    digit: bool = False
    compound: bool = False
    positive: Typeset | None = None


INVISIBLE_TIMES, TIMES, MINUS = "\u2062", "\u00d7", "\u2212"


def mathml(text: str, symbol: str = "", block: bool = False, rounded: bool = True) -> Markup:
    """An equation typeset, not simplified, after "symbol =" if there is a symbol; as code if it cannot be read.

    rounded   whether constants may be rounded; not if the verdict rests on all their digits
    """
    try:
        tree = read(text)
        if tree.complexity > MAX_NODES:
            raise ParseError("too large")
        body = fold(with_powers(tree), lambda node: _leaf(node, rounded), _apply).markup
    except (ParseError, RecursionError):
        return Markup("<code>{}</code>").format(text)
    before = Markup("{}<mo>=</mo>").format(_symbol(symbol)) if symbol else ""
    kind = Markup(' display="block"') if block else Markup(' displaystyle="true"')
    return Markup("<math{}><mrow>{}{}</mrow></math>").format(kind, before, body)


def _name(name: str) -> Markup:
    stem, digits = re.fullmatch(r"(.+?)_?(\d*)", name).groups()
    stem = GREEK.get(stem, stem)
    return Markup("<msub><mi>{}</mi><mn>{}</mn></msub>").format(stem, digits) if digits else _tag("mi", stem)


def _symbol(text: str) -> Markup:
    """A task's symbol: a letter, or letters with indices such as h_min, or a difference of these."""
    parts = [part.partition("_") for part in text.split("-")]
    return _operator("-").join(
        _tag("msub", _tag("mi", stem), _tag("mn" if index.isdigit() else "mtext", index)) if index else _tag("mi", stem)
        for stem, _, index in parts
    )


def _tag(name: str, *content: object) -> Markup:
    return Markup(f"<{name}>{''.join(escape(part) for part in content)}</{name}>")


def _operator(sign: str) -> Markup:
    return _tag("mo", MINUS if sign == "-" else sign)


def _leaf(node: Expression, rounded: bool) -> Typeset:
    if node.kind == "variable":
        return Typeset(_name(node.value))
    if not math.isfinite(node.value):
        return Typeset(_tag("mi", "NaN" if math.isnan(node.value) else "∞" if node.value > 0 else f"{MINUS}∞"))
    shown = str(Expression("constant", node.value))
    shown = rounded_constants(shown) if rounded else shown
    negative = shown.startswith("-")
    mantissa, _, exponent = shown.lstrip("-").partition("e")
    body = _tag("mn", mantissa)
    if exponent:
        power = _tag("mn", str(int(exponent)).replace("-", MINUS))
        body = _tag("mrow", body, _tag("mo", TIMES), _tag("msup", _tag("mn", "10"), power))
    piece = Typeset(body, 2 if exponent else 3, digit=True, compound=bool(exponent))
    return _negative(piece) if negative else piece


def _negative(piece: Typeset) -> Typeset:
    return Typeset(_tag("mrow", _operator("-"), _closed(piece, 2)), 1, positive=piece)


def _closed(piece: Typeset, level: int) -> Markup:
    """The markup, in parentheses if its level requires them; they grow around a fraction only."""
    if piece.level >= level:
        return piece.markup
    tag = "<mo>{}</mo>" if "<mfrac>" in piece.markup else '<mo stretchy="false">{}</mo>'
    return _tag("mrow", Markup(tag).format("("), piece.markup, Markup(tag).format(")"))


def _apply(kind: str, arguments: tuple[Typeset, ...]) -> Typeset:
    match kind, arguments:
        case (("+" | "-"), (left, right)):
            if right.positive:
                kind, right = "-" if kind == "+" else "+", right.positive
            return Typeset(_tag("mrow", left.markup, _operator(kind), _closed(right, 2)), 1, left.digit)
        case (("*" | "/"), (left, right)) if left.positive:
            return _negative(_apply(kind, (left.positive, right)))
        case "*", (left, right):
            sign = "·" if right.digit and right.level >= 2 else INVISIBLE_TIMES
            return Typeset(
                _tag("mrow", _closed(left, 2), _tag("mo", sign), _closed(right, 2)), 2, left.digit and left.level >= 2
            )
        case "/", (left, right):
            return Typeset(_tag("mfrac", left.markup, right.markup), 3, left.digit and left.level >= 2, compound=True)
        case "square", (argument,):
            return _power(argument, _tag("mn", "2"))
        case "power", (argument, exponent):
            return _power(argument, exponent.markup)
        case "neg", (argument,):
            return _negative(argument)
    raise ParseError(f"unknown operator {kind!r}")


def _power(base: Typeset, exponent: Markup) -> Typeset:
    closed = _closed(base._replace(level=0) if base.compound else base, 3)
    return Typeset(_tag("msup", closed, exponent), 3, base.digit and base.level == 3, compound=True)


# ---- text to copy


def copies(text: str, latex: str = "") -> list[tuple[str, str]]:
    """The formula as (language, text), to be copied; unchanged if it cannot be read.

    latex   of the verdict, if it has one; else the tree is printed, with rounded constants
    """
    try:
        tree = read(text)
        latex = latex or latex_of(tree, rounded_constants)
    except (ParseError, ValueError, RecursionError):
        return [("Text", text)]
    return [
        ("Python", as_text(tree, "python")),
        ("LaTeX", latex),
        ("Mathematica", as_text(tree, "mathematica")),
    ]
