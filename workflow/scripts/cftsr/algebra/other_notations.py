"""Formulas for other programs: Python's text, SymPy's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cftsr.algebra.expressions import Expression, apply_operator, fold

if TYPE_CHECKING:
    import sympy


def python_text(expression: Expression) -> str:
    """The formula as Python reads it: squares as **2, everything else as it is printed."""

    def leaf(node: Expression) -> tuple[str, int]:
        text = str(node)
        return text, 1 if text.startswith("-") else 5

    def closed(operand: tuple[str, int], level: int) -> str:
        return operand[0] if operand[1] >= level else f"({operand[0]})"

    def apply(kind: str, arguments: tuple) -> tuple[str, int]:
        match kind:
            case "square":
                return f"{closed(arguments[0], 5)}**2", 4
            case "neg":
                return f"-{closed(arguments[0], 2)}", 1
            case "+" | "-":
                return f"{closed(arguments[0], 1)} {kind} {closed(arguments[1], 2)}", 1
        return f"{closed(arguments[0], 2)}{kind}{closed(arguments[1], 3)}", 2

    return fold(expression, leaf, apply)[0]


def to_sympy(expression: Expression) -> sympy.Expr:
    """The formula as a SymPy expression: integers stay exact, labels are symbols of the same name."""
    import sympy

    def leaf(node: Expression) -> Any:
        if node.kind == "variable":
            return sympy.Symbol(node.value)
        return sympy.Integer(node.value) if float(node.value).is_integer() else sympy.Float(node.value)

    return fold(expression, leaf, apply_operator)
