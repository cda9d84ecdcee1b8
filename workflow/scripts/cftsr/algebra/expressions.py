"""Expressions: a small tree, node counts, evaluation, printing. `formula` reads text into this tree."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np


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
    """Print with the fewest parentheses such that `formula.parse` gives back the same tree."""
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


def exact_value_at(expression: Expression, point: Mapping[str, int | Fraction]) -> Fraction | None:
    """The value at a point, floats taken as the binary numbers that they are; None where it is undefined."""

    def leaf(node: Expression) -> Fraction:
        return Fraction(point[node.value]) if node.kind == "variable" else exact_value(node.value)

    try:
        return fold(expression, leaf, apply_operator)
    except ZeroDivisionError:
        return None
