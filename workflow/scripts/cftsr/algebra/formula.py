"""Formulas as people and other programs write them, read into the tree of `expressions`; nothing is evaluated.

Python, SymPy, PySR, pyoperon and gplearn: + - * / ** ^, parentheses, integers and decimals, square(x), cube(x), inv(x),
neg(x), pow(x, 3), add(x, y), Rational(1, 4), x² and a name in front, as in h = ... A product sign may be left out where
only one reading is possible: 3k, 2(k+1), (l+1)(l+2), l(l+2) for a label l. 1/2k has two readings and is refused.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction

from cftsr.algebra.expressions import (
    MAX_DEPTH,
    MAX_TEXT,
    Expression,
    ParseError,
    apply_operator,
    binary,
    constant,
    exact_value,
    fold,
    square,
    variable,
)

MAX_POWER = 64


class NotRationalError(ParseError):
    """A formula that is readable, and no rational function."""


# Letters that stand for operators, and digits in a superscript.
_SIGNS = str.maketrans(
    "\N{MINUS SIGN}\N{EN DASH}\N{MULTIPLICATION SIGN}\N{MIDDLE DOT}\N{DOT OPERATOR}\N{DIVISION SIGN}",
    "--***/",
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹](?:(?![⁰¹²³⁴⁵⁶⁷⁸⁹])\w)*)|(?P<raised>[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?P<sign>\*\*|[-+*/^(),]))"
)
_FUNCTIONS = {"square": 1, "cube": 1, "neg": 1, "inv": 1, "pow": 2, "Rational": 2, "Integer": 1, "Float": 1, "S": 1}
_BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}  # as gplearn writes operators
_FUNCTIONS |= dict.fromkeys(_BINARY, 2)
# Names that are no rational number unless a label is called so.
_NUMBERS = {"pi": "pi", "Pi": "pi", "E": "e", "e": "e", "I": "i", "EulerGamma": "Euler's constant", "GoldenRatio": ""}


@dataclass(frozen=True)
class _Token:
    kind: str  # number, name, raised, sign; end
    text: str
    at: int
    glued: bool = False  # no blank before it


def read_formula(text: str, names: Collection[str], others: bool = False) -> Expression:
    """The tree of a formula in these names.

    others   any other name is a variable too (a constant to be solved for)

    Raises NotRationalError for a function or a power that is not rational, ParseError for what cannot be read; the
    message quotes the place.
    """
    if len(text) > MAX_TEXT:
        raise ParseError(f"a formula of {len(text):,} characters: more than {MAX_TEXT:,} are not read")
    if "\\" in text:
        raise ParseError(f"{text[:80]!r} is LaTeX; write it with + - * / ^ and parentheses")
    left, equals, right = text.rpartition("=")
    if equals and not re.fullmatch(r"\s*[^\W\d]\w*\s*(\([\w\s,]*\)\s*)?=?\s*", left):
        raise ParseError(f"{text[:80]!r} is an equation; give its right side alone")
    try:
        return _Reader(list(_tokens(right.translate(_SIGNS))), frozenset(names), others).formula()
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> ParseError:
    return ParseError(f"more than {MAX_DEPTH} levels of nesting, or terms of a sum")


def _tokens(text: str) -> Iterator[_Token]:
    end, before = 0, ""
    while end < len(text.rstrip()):
        match = _TOKEN.match(text, end)
        if match is None:
            raise ParseError(f"{text[end:].strip()[:20]!r} cannot be read in {text.strip()[:200]!r}")
        kind = str(match.lastgroup)
        start = match.start(kind)
        if kind == "number" and before == "number":
            raise ParseError(f"two numbers with nothing between them: {text[:end][-10:]}{match[0]!r}")
        yield _Token(kind, match[kind], start, start == end)
        end, before = match.end(), kind
    yield _Token("end", "", end)


class _Reader:
    """Recursive descent: sum > product > sign > power > primary."""

    def __init__(self, tokens: list[_Token], names: frozenset[str], others: bool):
        self.tokens, self.names, self.others = tokens, names, others
        self.place = self.depth = 0

    def formula(self) -> Expression:
        if self.now.kind == "end":
            raise ParseError("the formula is empty")
        result = self._sum()
        if self.now.kind != "end":
            raise self._unexpected()
        if result.depth > MAX_DEPTH:
            raise _too_deep()
        return result

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def _take(self, *signs: str) -> str:
        """The sign, if it is the next token and one of these; else ""."""
        token = self.now
        if token.kind == "sign" and token.text in signs:
            self.place += 1
            return token.text
        return ""

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ParseError(f"{sign!r} is missing {self._where()}")

    def _where(self) -> str:
        return "at the end" if self.now.kind == "end" else f"before {self.now.text!r}"

    def _unexpected(self) -> ParseError:
        return ParseError("the formula ends too early" if self.now.kind == "end" else f"unexpected {self.now.text!r}")

    def _sum(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep()
        result = self._product()
        while sign := self._take("+", "-"):
            result = binary(sign, result, self._product())
        self.depth -= 1
        return result

    def _product(self) -> Expression:
        result, divided = self._signed(), False
        while True:
            if sign := self._take("*", "/"):
                result, divided = binary(sign, result, self._signed()), sign == "/"
            elif self._begins_a_factor():
                if divided:
                    raise ParseError(
                        f"a product sign is missing {self._where()}, right of a division: a/bc may be a/(b*c) or "
                        "a/b*c; write which"
                    )
                result = binary("*", result, self._power())
            else:
                return result

    def _begins_a_factor(self) -> bool:
        """Whether a product sign was left out here."""
        token, before = self.now, self.tokens[self.place - 1]
        if token.kind == "number":
            raise ParseError(f"a sign is missing before {token.text!r}")
        if token.kind != "name" and not (token.kind == "sign" and token.text == "("):
            return False
        raised = before.kind == "raised" or (self.place > 1 and self.tokens[self.place - 2].text in ("^", "**"))
        if raised and before.kind != "raised" and token.glued:
            raise ParseError(f"a product sign is missing after the power, before {token.text!r}")
        return True

    def _signed(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep()
        try:
            if self._take("+"):
                return self._signed()
            if self._take("-"):
                return _negative(self._signed())
            return self._power()
        finally:
            self.depth -= 1

    def _power(self) -> Expression:
        base = self._primary()
        if self.now.kind == "raised":
            exponent = int(self.now.text.translate(_SUPERSCRIPTS))
            self.place += 1
            return _power(base, Fraction(exponent))
        if self._take("^", "**"):
            return _power(base, _constant_value(self._signed()))
        return base

    def _primary(self) -> Expression:
        token = self.now
        if token.kind == "number":
            self.place += 1
            return _number(token.text)
        if self._take("("):
            inner = self._sum()
            self._expect(")")
            return inner
        if token.kind != "name":
            raise self._unexpected()
        self.place += 1
        return self._named(token.text)

    def _named(self, name: str) -> Expression:
        called = self.now.kind == "sign" and self.now.text == "("
        if name in self.names:
            return variable(name)
        if called and name in _FUNCTIONS:
            return self._call(name)
        if called and not (self.others and len(name) == 1):
            raise NotRationalError(f"{name}(...) is no rational function")
        if self.others:
            return variable(name)
        if name.lower() in ("nan", "inf", "infinity", "zoo", "oo"):
            raise ParseError(f"{name} is no number")
        if name in _NUMBERS:
            raise NotRationalError(f"{name} is no rational number")
        known = sorted(self.names)
        near = difflib.get_close_matches(name, known, 1)
        if len(name) > 1 and all(letter in self.names for letter in name):
            near = ["*".join(name)]
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ParseError(f"unknown name {name!r} (known: {', '.join(known)}){hint}")

    def _call(self, name: str) -> Expression:
        self._expect("(")
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._expect(")")
        if len(arguments) != _FUNCTIONS[name]:
            raise ParseError(f"{name} takes {_FUNCTIONS[name]} argument{'s' * (_FUNCTIONS[name] > 1)}")
        first = arguments[0]
        match name:
            case "square":
                return square(first)
            case "cube":
                return _power(first, Fraction(3))
            case "inv":
                return binary("/", constant(1), first)
            case "neg":
                return _negative(first)
            case "pow":
                return _power(first, _constant_value(arguments[1]))
            case "Rational":
                return binary("/", *arguments)
            case "add" | "sub" | "mul" | "div":
                return binary(_BINARY[name], *arguments)
        return first


def _number(text: str) -> Expression:
    value: int | float = int(text) if text.isdigit() else float(text)
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    if not finite:
        raise ParseError(f"the number {text[:20]}... is too large")
    return constant(value)


def _negative(expression: Expression) -> Expression:
    if expression.kind == "constant":
        return constant(-expression.value)
    return Expression("neg", None, (expression,))


def _constant_value(expression: Expression) -> Fraction:
    """The value of an exponent. Raises NotRationalError where it depends on a variable."""

    def leaf(node: Expression) -> Fraction:
        if node.kind == "variable":
            raise NotRationalError(f"a power whose exponent is {node.value} is no rational function")
        return exact_value(node.value)

    try:
        return fold(expression, leaf, apply_operator)
    except ZeroDivisionError:
        raise ParseError("an exponent divides by zero") from None


def _power(base: Expression, exponent: Fraction) -> Expression:
    if exponent.denominator != 1:
        raise NotRationalError(f"a power {float(exponent):g} is no rational function")
    power = abs(exponent.numerator)
    if power > MAX_POWER:
        raise ParseError(f"a power {exponent} is not read; the largest is {MAX_POWER}")
    if base.kind == "constant" and type(base.value) is int:
        raised = _number(str(abs(base.value) ** power))
        result = _negative(raised) if base.value < 0 and power % 2 else raised
    else:
        result = _repeated(base, power)
    return binary("/", constant(1), result) if exponent < 0 else result


def _repeated(base: Expression, power: int) -> Expression:
    if power == 0:
        return constant(1)
    if power == 1:
        return base
    half = square(_repeated(base, power // 2))
    return binary("*", half, base) if power % 2 else half
