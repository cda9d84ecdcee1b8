"""What each restart of a search sees: which inputs, and rows from which band of the target's range.

One schedule for every engine that searches in restarts: the options `inputs` and `bands` are lists that the restarts
go through in order, the bands fastest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np

from cftsr.algebra.expressions import Expression, binary, constant, variable
from cftsr.algebra.integer_columns import LARGEST_COLUMN

# Quantiles of the target between which rows are drawn: a few extreme rows otherwise drown the terms of all others.
BANDS = {"whole": (0.0, 1.0), "upper": (0.5, 1.0), "lower": (0.0, 0.5), "middle": (0.25, 0.75)}
KINDS = ("labels", "products", "ratios")
INPUTS = tuple(f"{kind}+{number}" for kind in KINDS for number in range(LARGEST_COLUMN + 1))


@dataclass(frozen=True)
class Inputs:
    """What a restart may build equations from.

    kind      "labels"; "products": the products of all pairs of labels as well; "ratios": products and ratios as well
    integers  the constants 1..integers are offered
    """

    kind: str
    integers: int


def inputs_of(text: str, integers: int = 0) -> Inputs:
    """An entry of the option `inputs`: "products+3" offers 1, 2, 3; without a number, `integers` of them."""
    kind, _, number = text.partition("+")
    return Inputs(kind, int(number) if number else integers)


def listed(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def entries(turn: int, slow: Any, fast: Any) -> tuple[Any, Any]:
    """The entries of two options, lists or one value each, in restart number `turn`; `fast` changes with each turn."""
    slow, fast = listed(slow), listed(fast)
    return slow[turn // len(fast) % len(slow)], fast[turn % len(fast)]


def input_columns(
    labels: tuple[str, ...], x: np.ndarray, inputs: Inputs, integer_columns: bool
) -> list[tuple[Expression, np.ndarray]]:
    """The inputs of a run: (how each is printed, its values in float64, shape (rows,)).

    Products and ratios of all pairs of labels are offered alike, whatever the family; they are printed, and counted, as
    the products and ratios that they are. Integers are printed as the columns i1..i10 where the setting has them
    (`integer_columns`), else as numbers.
    """
    values = {label: x[:, i].astype(float) for i, label in enumerate(labels)}
    columns = [(variable(label), value) for label, value in values.items()]
    if inputs.kind in ("products", "ratios"):
        for a, b in combinations(labels, 2):
            columns.append((binary("*", variable(a), variable(b)), values[a] * values[b]))
    if inputs.kind == "ratios":
        for a, b in permutations(labels, 2):
            if np.all(values[b] != 0):
                columns.append((binary("/", variable(a), variable(b)), values[a] / values[b]))
    for number in range(1, inputs.integers + 1):
        printed = variable(f"i{number}") if integer_columns else constant(number)
        columns.append((printed, np.full(len(x), float(number))))
    return columns
