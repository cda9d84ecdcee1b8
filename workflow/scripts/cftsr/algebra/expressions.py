"""Expressions: a small tree, a strict grammar, node counts, evaluation, printing.

The grammar is numbers, names, + - * /, parentheses and square(...): what the engines print. Text from a file is
parsed into this tree and never reaches `eval` or `sympify`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

MAX_TEXT = 500_000
MAX_DEPTH = 200
GRAMMAR = "numbers, names, + - * /, square"


# Numbers, names, operators, parentheses, blanks, all in ASCII. Python's own parser, which reads the rest, would also
# take comments, line breaks, 0x10, 1_000 and letters of other alphabets for those that they resemble.
_TOKENS = re.compile(
    r"(?:(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?(?![\w.])|[A-Za-z_][A-Za-z0-9_]*+|[-+*/()\t ])*+"
)


class ParseError(ValueError):
    """An equation outside the grammar; the message quotes it."""


@dataclass(frozen=True)
class Expression:
    """A node: a constant, a variable, or an operator with its arguments.

    kind    "constant", "variable", or one of + - * / square neg; of what is only shown, "power" as well
    value   the number (int or float) of a constant, the name of a variable, else None
    """

    kind: str
    value: Any = None
    arguments: tuple[Expression, ...] = ()

    @cached_property
    def complexity(self) -> int:
        """The number of nodes: operators, variables and constants count one each (PySR's default)."""
        return 1 + sum(argument.complexity for argument in self.arguments)

    @cached_property
    def depth(self) -> int:
        return 1 + max((argument.depth for argument in self.arguments), default=0)

    def __str__(self) -> str:
        return to_text(self)

    def walk(self) -> Iterator[Expression]:
        yield self
        for argument in self.arguments:
            yield from argument.walk()


def constant(value: int | float) -> Expression:
    return Expression("constant", value)


def variable(name: str) -> Expression:
    return Expression("variable", name)


def square(argument: Expression) -> Expression:
    return Expression("square", None, (argument,))


def binary(operator: str, left: Expression, right: Expression) -> Expression:
    return Expression(operator, None, (left, right))


_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def parse(text: str, names: Collection[str] | None, powers: bool = False) -> Expression:
    """The tree of an equation in the given variable names; None for any.

    powers   integer powers (**) are read as well, as SymPy prints them: a square as such, others as "power"

    Raises ParseError for anything outside the grammar, an unknown name, or an equation too long or too deep.
    """
    if len(text) > MAX_TEXT:
        raise ParseError(f"equation of {len(text)} characters: more than {MAX_TEXT} are not read")
    match = _TOKENS.match(text)
    end = match.end() if match else 0
    if end < len(text):
        raise ParseError(f"{text[end : end + 20]!r} is outside the grammar ({GRAMMAR}) in equation {text[:200]!r}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        expression = _convert(tree, names, 0, powers)
    except ParseError as error:
        raise ParseError(f"{error} in equation {text[:200]!r}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ParseError(f"cannot parse equation {text[:200]!r}: {error}") from None
    return expression


def _convert(node: ast.expr, names: Collection[str] | None, depth: int, powers: bool) -> Expression:
    if depth > MAX_DEPTH:
        raise ParseError(f"more than {MAX_DEPTH} levels of nesting")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return constant(_within_float64(value))
        case ast.Name(id=name):
            if names is not None and name in names:
                return variable(name)
            if name.lower() in ("inf", "nan"):
                return constant(float(name))
            if names is None:
                return variable(name)
            raise ParseError(f"unknown name {name!r} (known: {', '.join(sorted(names))})")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _convert(operand, names, depth + 1, powers)
            # A negative number is one node, as in PySR; the minus before anything else is an operator.
            return constant(-inner.value) if inner.kind == "constant" else Expression("neg", None, (inner,))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _convert(operand, names, depth + 1, powers)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            return binary(
                _BINARY[type(operator)],
                _convert(left, names, depth + 1, powers),
                _convert(right, names, depth + 1, powers),
            )
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)) if powers:
            base = _convert(left, names, depth + 1, powers)
            return square(base) if exponent == 2 else binary("power", base, constant(exponent))
        case ast.Call(func=ast.Name(id="square"), args=[argument], keywords=[]) if not isinstance(
            argument, ast.Starred
        ):
            return square(_convert(argument, names, depth + 1, powers))
    raise ParseError(f"{ast.unparse(node)[:80]!r} is outside the grammar ({GRAMMAR})")


def _within_float64(value: int | float) -> int | float:
    """An integer that float64 cannot hold reads as infinity, like 1e400."""
    try:
        float(value)
    except OverflowError:
        return math.inf
    return value


def fold(expression: Expression, leaf: Callable[[Expression], Any], apply: Callable[[str, tuple], Any]) -> Any:
    """Evaluate bottom-up: `leaf` turns constants and variables into values, `apply` combines them."""
    if not expression.arguments:
        return leaf(expression)
    return apply(expression.kind, tuple(fold(argument, leaf, apply) for argument in expression.arguments))


def apply_operator(kind: str, arguments: tuple) -> Any:
    """The operators on anything that has Python's arithmetic: arrays, fractions, field elements."""
    match kind, arguments:
        case "+", (left, right):
            return left + right
        case "-", (left, right):
            return left - right
        case "*", (left, right):
            return left * right
        case "/", (left, right):
            return left / right
        case "square", (argument,):
            return argument * argument
        case "neg", (argument,):
            return -argument
    raise ValueError(f"unknown operator {kind!r}")


def evaluate(expression: Expression, columns: Mapping[str, Any]) -> Any:
    """The value in float64, for numpy columns all of one shape (or numbers); 1/0 is inf, as in an array."""

    def leaf(node: Expression) -> Any:
        return columns[node.value] if node.kind == "variable" else np.float64(node.value)

    return fold(expression, leaf, apply_operator)


def substitute(expression: Expression, replacement: Callable[[Expression], Expression]) -> Expression:
    """The tree with every leaf replaced by `replacement(leaf)`."""
    return fold(expression, replacement, lambda kind, arguments: Expression(kind, None, arguments))


def constants(expression: Expression) -> list[int | float]:
    """The constants, from left to right."""
    return [node.value for node in expression.walk() if node.kind == "constant"]


_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3}


def to_text(expression: Expression) -> str:
    """Print with the fewest parentheses such that `parse` gives back the same tree."""
    return _print(expression, 0, leftmost=True)


def _print(node: Expression, context: int, leftmost: bool = False) -> str:
    """The text of an operand; leftmost is one that no operator precedes: its minus is a sign, without parentheses."""
    match node.kind:
        case "variable":
            return node.value
        case "constant":
            text = _number(node.value)
            return f"({text})" if text.startswith("-") and context > 0 and not leftmost else text
        case "square":
            return f"square({_print(node.arguments[0], 0, leftmost=True)})"
        case "neg":
            # An operand in parentheses: -3 would read back as one constant.
            inner = node.arguments[0]
            body = _print(inner, 3) if inner.kind != "constant" else f"({_print(inner, 0)})"
            return f"(-{body})" if context > 1 and not leftmost else f"-{body}"
    level = _PRECEDENCE[node.kind]
    left, right = node.arguments
    # Python associates to the left, so an operand of the same level on the right needs parentheses.
    text = f"{_print(left, level, leftmost or level < context)}{node.kind}{_print(right, level + 1)}"
    return f"({text})" if level < context else text


def _number(value: int | float) -> str:
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 2**53:
        return repr(value) if value == 0 and math.copysign(1, value) < 0 else str(int(value))
    return repr(value)


def rational_constants(expression: Expression) -> bool:
    """Whether every constant is an integer: the equation is then an exact statement as it stands."""
    return all(isinstance(value, int) or float(value).is_integer() for value in constants(expression))


def exact_value(value: int | float) -> Fraction:
    """The constant as the rational number it is in binary. Raises ValueError where it is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"constant {value} is not finite")
    return Fraction(value)
