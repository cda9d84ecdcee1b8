"""Formulas for other programs: text of Python and Mathematica, SymPy's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cftsr.algebra.expressions import Expression, apply_operator, fold

if TYPE_CHECKING:
    import sympy


def as_text(expression: Expression, language: str) -> str:
    """The formula as "python" or "mathematica" reads it, in full precision: squares as powers."""
    power = {"python": "**", "mathematica": "^"}[language]

    def leaf(node: Expression) -> tuple[str, float]:
        if node.kind == "variable":
            # An underscore is a pattern in Mathematica.
            return (node.value.replace("_", "") if language == "mathematica" else node.value), 4
        text = str(Expression("constant", node.value))
        if language == "mathematica":
            text = text.replace("e", "*^")
        return text, 1.5 if text.startswith("-") else 4

    # 1 a sum, 1.5 a leading minus, 2 a product, 3 a power, 4 anything closed
    def closed(operand: tuple[str, float], level: float) -> str:
        return operand[0] if operand[1] >= level else f"({operand[0]})"

    def apply(kind: str, arguments: tuple) -> tuple[str, float]:
        match kind, arguments:
            case (("+" | "-"), (left, right)):
                return f"{left[0]} {kind} {closed(right, 2)}", 1
            case (("*" | "/"), (left, right)):
                return f"{closed(left, 1.5)}{kind}{closed(right, 3)}", 1.5 if left[1] == 1.5 else 2
            case "square", (argument,):
                return f"{closed(argument, 4)}{power}2", 3
            case "power", (argument, exponent):
                return f"{closed(argument, 4)}{power}{closed(exponent, 4)}", 3
            case "neg", (argument,):
                return f"-{closed(argument, 2)}", 1.5
        raise ValueError(f"unknown operator {kind!r}")

    return fold(expression, leaf, apply)[0]


def to_sympy(expression: Expression) -> sympy.Expr:
    """The formula as a SymPy expression: integers stay exact, labels are symbols of the same name."""
    import sympy

    def leaf(node: Expression) -> Any:
        if node.kind == "variable":
            return sympy.Symbol(node.value)
        return sympy.Integer(node.value) if float(node.value).is_integer() else sympy.Float(node.value)

    return fold(expression, leaf, apply_operator)
