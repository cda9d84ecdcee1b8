"""The one parser of formulas: text read into the tree of `expressions`, and nothing evaluated.

`parse` reads what engines print: numbers, names, + - * /, parentheses and square(...), and nothing else.
`read_formula` reads what people and other programs write (Python, SymPy, PySR, pyoperon, gplearn) as well: ** ^,
cube(x), inv(x), neg(x), pow(x, 3), add(x, y), Rational(1, 4), x² and a name in front, as in h = ... A product sign may
be left out where only one reading is possible: 3k, 2(k+1), (l+1)(l+2), l(l+2) for a label l. 1/2k has two readings and
is refused.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection
from fractions import Fraction

from cftsr.algebra.expressions import Expression, binary, constant, exact_value_at, square, variable

MAX_TEXT = 500_000
MAX_DEPTH = 200
MAX_NODES = 100_000  # once powers are written out
MAX_DIGITS = 4_300  # of an integer: Python's own limit
MAX_POWER = 64
GRAMMAR = "numbers, names, + - * /, square"


class ParseError(ValueError):
    """A formula outside the grammar; the message quotes it."""


class NotRationalError(ParseError):
    """A formula that is readable, and no rational function."""


_NUMBER = r"(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?+"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
# Letters that stand for operators, and digits in a superscript.
_SIGNS = str.maketrans(
    "\N{MINUS SIGN}\N{EN DASH}\N{MULTIPLICATION SIGN}\N{MIDDLE DOT}\N{DOT OPERATOR}\N{DIVISION SIGN}",
    "--***/",
)
_SUPERSCRIPTS = str.maketrans(f"{_RAISED}⁻", "0123456789-")
_DIGITS = frozenset("0123456789.")

# How tightly an operator holds what is left of it: 0 not at all. A minus in front stands between products and powers.
_PRODUCT, _MINUS, _POWER = 2, 3, 4
_STRENGTH = {"": 0, ")": 0, ",": 0, "+": 1, "-": 1, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER, "^": _POWER}

_BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}  # as gplearn writes operators
_FUNCTIONS = {"square": 1, "cube": 1, "neg": 1, "inv": 1, "pow": 2, "Rational": 2, "Integer": 1, "Float": 1, "S": 1}
_FUNCTIONS |= dict.fromkeys(_BINARY, 2)
# Names that are no rational number unless a label is called so.
_NUMBERS = {"pi", "Pi", "E", "e", "I", "EulerGamma", "GoldenRatio"}


def parse(text: str, names: Collection[str] | None, powers: bool = False) -> Expression:
    """The tree of an equation, as engines print it, in the given variable names; None for any.

    powers   integer powers (**) are read as well, as SymPy prints them: a square as such, others as "power"

    Raises ParseError for anything outside the grammar, an unknown name, or an equation too long or too deep.
    """
    if len(text) > MAX_TEXT:
        raise ParseError(f"equation of {len(text)} characters: more than {MAX_TEXT} are not read")
    try:
        return _Printed(text, names, powers).read()
    except ParseError as error:
        raise ParseError(f"{error}, in equation {text[:200]!r}") from None


def read_formula(text: str, names: Collection[str], others: bool = False, unlisted: Collection[str] = ()) -> Expression:
    """The tree of a formula, as people write it, in these names.

    others     any other name is a variable too (a constant to be solved for)
    unlisted   more names, which are of no use to who reads the message on an unknown one

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
    # Blanks for what stands in front, so that places are those of the text that was given.
    return _Written(" " * len(left + equals) + right.translate(_SIGNS), names, others, unlisted).read()


class _Printed:
    """What engines print: ASCII, no letters that only resemble others, no 0x10, no 1_000, no product sign left out.

    Operators are read by their strength, from left to right; each level of nesting is one call of `_operand`.
    """

    token = re.compile(rf"{_NUMBER}(?![\w.])|[A-Za-z_][A-Za-z0-9_]*+|\*\*|[-+*/()]")
    whole = re.compile(rf"(?:[ \t]*+(?:{token.pattern}))*+[ \t]*+")

    def __init__(self, text: str, names: Collection[str] | None, more: bool):
        self.text, self.names, self.more = text, names, more
        end = self.whole.match(text).end()  # type: ignore[union-attr]  # it matches the empty text
        if end < len(text):
            raise self._unreadable(end)
        self.tokens = [*self.token.findall(text), ""]
        self.place = 0

    def read(self) -> Expression:
        if not self.tokens[0]:
            raise ParseError("the formula is empty")
        try:
            result = self._expression(0, 0)
            if self.tokens[self.place]:
                raise self._unexpected()
            self._check_size(result)
        except RecursionError:
            raise _too_deep() from None
        return result

    def _check_size(self, result: Expression) -> None:
        if len(self.tokens) > MAX_DEPTH and result.depth > MAX_DEPTH + 1:
            raise _too_deep()

    def _expression(self, level: int, depth: int) -> Expression:
        """An operand, and all that operators stronger than the level add to it."""
        left, last = self._operand(depth), ""
        for _ in range(MAX_DEPTH + 1):
            sign = self.tokens[self.place]
            strength = _STRENGTH.get(sign, _PRODUCT)
            if strength <= level:
                return left
            if sign in _STRENGTH:
                self.place += 1
            else:
                sign = self._sign_left_out(last)
            if strength == _POWER:
                left = self._power(left, depth)
            else:
                left = Expression(sign, None, (left, self._expression(strength, depth)))
            last = sign
        raise _too_deep()

    def _operand(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise _too_deep()
        token = self.tokens[self.place]
        self.place += 1
        if token[:1] in _DIGITS:
            return self._number(token)
        if token == "(":
            inner = self._expression(0, depth + 1)
            self._expect(")")
            return inner
        if token == "-":
            return _negative(self._expression(_MINUS, depth + 1))
        if token == "+":
            return self._expression(_MINUS, depth + 1)
        if token in _STRENGTH:
            self.place -= 1
            raise self._unexpected()
        return self._named(token, depth)

    def _number(self, text: str) -> Expression:
        if not text.isdigit():
            return constant(float(text))
        if text[0] == "0" and text.strip("0"):
            raise ParseError(f"the number {text[:20]} begins with 0")
        if len(text) > MAX_DIGITS:
            raise ParseError(f"a number of {len(text):,} digits: more than {MAX_DIGITS:,} are not read")
        return constant(_within_float64(int(text)))

    def _named(self, name: str, depth: int) -> Expression:
        called = self.tokens[self.place] == "("
        if called and name == "square":
            return square(self._operand(depth + 1))
        if called:
            raise self._unreadable(self._at(self.place - 1))
        if self.names is not None and name in self.names:
            return variable(name)
        if name.lower() in ("inf", "nan"):
            return constant(float(name))
        if self.names is None:
            return variable(name)
        raise ParseError(f"unknown name {name!r} (known: {', '.join(sorted(self.names))})")

    def _power(self, base: Expression, depth: int) -> Expression:
        sign = self.place - 1
        exponent = self._expression(_MINUS, depth + 1)
        if not self.more or type(exponent.value) is not int or exponent.value < 0:
            raise self._unreadable(self._at(sign))
        return square(base) if exponent.value == 2 else binary("power", base, exponent)

    def _sign_left_out(self, last: str) -> str:
        """The operator that is not written here; last is the one before it, if any."""
        raise self._unexpected()

    # ---- what is wrong, and where

    def _at(self, place: int) -> int:
        """Where a token begins in the text."""
        return [match.start() for match in self.token.finditer(self.text)][place]

    def _expect(self, sign: str) -> None:
        if self.tokens[self.place] != sign:
            raise ParseError(f"{sign!r} is missing {self._where()}")
        self.place += 1

    def _where(self) -> str:
        token = self.tokens[self.place]
        return f"before {token[:20]!r} (character {self._at(self.place) + 1})" if token else "at the end"

    def _unexpected(self) -> ParseError:
        token = self.tokens[self.place]
        if not token:
            return ParseError("the formula ends too early")
        return ParseError(f"unexpected {token[:20]!r} at character {self._at(self.place) + 1}")

    def _unreadable(self, at: int) -> ParseError:
        return ParseError(f"{self.text[at : at + 20]!r} is outside the grammar ({GRAMMAR})")


class _Written(_Printed):
    """What people write: other signs and functions, powers of any rational function, product signs left out."""

    token = re.compile(rf"{_NUMBER}|[^\W\d{_RAISED}](?:(?![{_RAISED}])\w)*+|⁻?[{_RAISED}]+|\*\*|[-+*/^(),]")
    whole = re.compile(rf"(?:\s*+(?:{token.pattern}))*+\s*+")

    def _check_size(self, result: Expression) -> None:
        if result.depth > MAX_DEPTH + 1:
            raise _too_deep()
        if result.complexity > MAX_NODES:
            raise ParseError(f"a formula of more than {MAX_NODES:,} parts, once its powers are written out")

    def _operand(self, depth: int) -> Expression:
        operand = super()._operand(depth)
        token = self.tokens[self.place]
        if not _is_raised(token):
            return operand
        self.place += 1
        if _STRENGTH.get(self.tokens[self.place]) == _POWER or _is_raised(self.tokens[self.place]):
            raise self._unexpected()  # k²^3 has two readings
        return _power(operand, Fraction(int(token.translate(_SUPERSCRIPTS))))

    def __init__(self, text: str, names: Collection[str], more: bool, unlisted: Collection[str]):
        super().__init__(text, names, more)
        self.unlisted = unlisted

    def _number(self, text: str) -> Expression:
        return _finite(super()._number(text).value, text)

    def _named(self, name: str, depth: int) -> Expression:
        if _is_raised(name):
            self.place -= 1
            raise self._unexpected()
        called = self.tokens[self.place] == "("
        names = self.names or ()
        if name in names or name in self.unlisted:
            return variable(name)
        if called and name in _FUNCTIONS:
            return self._call(name, depth)
        if called and not (self.more and len(name) == 1):
            raise NotRationalError(f"{name}(...) is no rational function")
        if self.more:
            return variable(name)
        if name.lower() in ("nan", "inf", "infinity", "zoo", "oo"):
            raise ParseError(f"{name} is no number")
        if name in _NUMBERS:
            raise NotRationalError(f"{name} is no rational number")
        known = sorted(names)
        near = difflib.get_close_matches(name, known, 1)
        if len(name) > 1 and all(letter in known for letter in name):
            near = ["*".join(name)]
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ParseError(f"unknown name {name!r} (known: {', '.join(known)}){hint}")

    def _call(self, name: str, depth: int) -> Expression:
        self._expect("(")
        arguments = [self._expression(0, depth + 1)]
        while self.tokens[self.place] == ",":
            self.place += 1
            arguments.append(self._expression(0, depth + 1))
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
                return _power(first, _exponent(arguments[1]))
            case "Rational":
                return binary("/", *arguments)
            case "add" | "sub" | "mul" | "div":
                return binary(_BINARY[name], *arguments)
        return first

    def _power(self, base: Expression, depth: int) -> Expression:
        return _power(base, _exponent(self._expression(_MINUS, depth + 1)))

    def _sign_left_out(self, last: str) -> str:
        token, at = self.tokens[self.place], self._at(self.place)
        if _is_raised(token):
            raise self._unexpected()
        if token[0] in _DIGITS:
            if self.tokens[self.place - 1][0] in _DIGITS:
                raise ParseError(f"two numbers with nothing between them: {self.tokens[self.place - 1]} {token}")
            raise ParseError(f"a sign is missing {self._where()}")
        if self.tokens[self.place - 2] in ("^", "**") and not self.text[at - 1].isspace():
            raise ParseError(f"a product sign is missing after the power, {self._where()}")
        if last == "/":
            raise ParseError(
                f"a product sign is missing {self._where()}, right of a division: a/bc may be a/(b*c) or a/b*c; "
                "write which"
            )
        return "*"

    def _unreadable(self, at: int) -> ParseError:
        return ParseError(f"{self.text[at:].strip()[:20]!r} cannot be read in {self.text.strip()[:200]!r}")


def _too_deep() -> ParseError:
    return ParseError(f"more than {MAX_DEPTH} levels of nesting, or terms of a sum")


def _is_raised(token: str) -> bool:
    return token[:1] in ("⁻", *_RAISED)


def _within_float64(value: int | float) -> int | float:
    """An integer that float64 cannot hold reads as infinity, like 1e400."""
    try:
        float(value)
    except OverflowError:
        return math.inf
    return value


def _finite(value: int | float, shown: str) -> Expression:
    if not math.isfinite(_within_float64(value)):
        raise ParseError(f"the number {shown[:20]} is too large (float64 ends at 1.8e308)")
    return constant(value)


def _negative(expression: Expression) -> Expression:
    # A negative number is one node, as in PySR; the minus before anything else is an operator.
    if expression.kind == "constant":
        return constant(-expression.value)
    return Expression("neg", None, (expression,))


def _exponent(expression: Expression) -> Fraction:
    """The value of an exponent. Raises NotRationalError where it depends on a variable."""
    for node in expression.walk():
        if node.kind == "variable":
            raise NotRationalError(f"a power whose exponent is {node.value} is no rational function")
    value = exact_value_at(expression, {})
    if value is None:
        raise ParseError("an exponent divides by zero")
    return value


def _power(base: Expression, exponent: Fraction) -> Expression:
    if exponent.denominator != 1:
        raise NotRationalError(f"a power {float(exponent):g} is no rational function")
    power = abs(exponent.numerator)
    if power > MAX_POWER:
        raise ParseError(f"a power {exponent} is not read; the largest is {MAX_POWER}")
    if base.kind == "constant" and type(base.value) is int:
        result = _finite(base.value**power, f"{base.value}^{power}")
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
