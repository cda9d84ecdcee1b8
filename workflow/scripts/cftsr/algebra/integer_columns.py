"""Write integers with the constant columns i1..i10 of the integer settings."""

from __future__ import annotations

from functools import cache

from cftsr.algebra.expressions import Expression, binary, constant, substitute, variable

LARGEST_COLUMN = 10
INTEGER_COLUMNS = {f"i{value}": value for value in range(1, LARGEST_COLUMN + 1)}
LARGEST_WRITTEN = 10**6


@cache
def integer(value: int) -> Expression:
    """A positive integer as columns: 4 -> i4, 13 -> i3+i10, 36 -> i6*i6, with few nodes."""
    if value <= LARGEST_COLUMN:
        return variable(f"i{value}")
    forms = [
        binary("*", integer(divisor), integer(value // divisor))
        for divisor in range(2, LARGEST_COLUMN + 1)
        if value % divisor == 0
    ]
    if last := value % LARGEST_COLUMN:
        forms.append(binary("+", integer(value - last), variable(f"i{last}")))
    return min(forms, key=lambda form: form.complexity)


def without_integer_columns(expression: Expression) -> Expression:
    """The expression with i1..i10 replaced by the integers that they stand for."""
    return substitute(
        expression,
        lambda node: (
            constant(INTEGER_COLUMNS[node.value]) if node.kind == "variable" and node.value in INTEGER_COLUMNS else node
        ),
    )


def write_with_integer_columns(expression: Expression) -> Expression:
    """The expression with its integer constants made of columns; a negative -n becomes i1-(n+1).

    Integers beyond a million stay constants: as columns they would hide the formula.
    """

    def leaf(node: Expression) -> Expression:
        if node.kind != "constant" or not isinstance(node.value, int) or abs(node.value) > LARGEST_WRITTEN:
            return node
        if node.value > 0:
            return integer(node.value)
        return binary("-", variable("i1"), integer(1 - node.value))

    return substitute(expression, leaf)
