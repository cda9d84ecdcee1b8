"""Loss, score, complexity, the Pareto front, and which of its equations is "the" equation.

One implementation serves every engine, so that figures of different engines mean the same thing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from cftsr import files
from cftsr.algebra.expressions import Expression, evaluate
from cftsr.algebra.formula import parse
from cftsr.errors import UserError
from cftsr.vocabulary import SEARCH

BEST_LOSS_FACTOR = 1.5  # PySR's model_selection="best"


@dataclass(frozen=True)
class Equation:
    """One member of a Pareto front.

    complexity   nodes of the tree as printed
    loss         mean squared error over all rows, in float64, of the equation as printed
    score        -d(ln loss)/d(complexity) towards the simpler neighbour: 0 in the first row, inf where loss is 0
    text         the equation, in the labels and (where the setting has them) the integer columns i1..i10
    engine_loss  the engine's own figure, None where it has none
    origin       SEARCH or REFINED (see cftsr.refinement)
    """

    complexity: int
    loss: float
    score: float
    text: str
    engine_loss: float | None = None
    origin: str = SEARCH


@dataclass(frozen=True)
class Candidate:
    """An equation as an engine hands it over, before anything was computed about it.

    engine_loss   the engine's own figure, None where it has none. An engine's NaN counts as none: it would make a
                  candidate unequal to itself
    """

    text: str
    engine_loss: float | None = None
    origin: str = SEARCH

    def __post_init__(self) -> None:
        if self.engine_loss is not None and math.isnan(self.engine_loss):
            object.__setattr__(self, "engine_loss", None)


def mean_squared_error(expression: Expression, columns: dict[str, np.ndarray], target: np.ndarray) -> float:
    """The loss in float64; inf where the equation is undefined on a row or overflows."""
    with np.errstate(all="ignore"):
        residual = evaluate(expression, columns) - target
        loss = float(np.mean(np.square(residual)))
    return loss if math.isfinite(loss) else math.inf


def score(loss: float, complexity: int, simpler_loss: float, simpler_complexity: int) -> float:
    """-d(ln loss)/d(complexity) between neighbours on a front (PySR's definition)."""
    if loss <= 0:
        return math.inf
    ratio = loss / simpler_loss
    # The ratio of a tiny loss to a huge one is 0 in float64; its logarithm is not.
    gain = -math.log(ratio) if ratio > 0 else math.log(simpler_loss) - math.log(loss)
    return gain / (complexity - simpler_complexity)


def pareto_front(
    candidates: Sequence[Candidate], columns: dict[str, np.ndarray], target: np.ndarray
) -> tuple[Equation, ...]:
    """The candidates that no simpler or equally complex candidate beats in loss, simplest first.

    Candidates that are undefined on a row are left out. Equal pairs keep the first by text, so that the result
    does not depend on the order of the candidates.

    Raises cftsr.expressions.ParseError for an equation outside the grammar.
    """
    judged = []
    for candidate in {candidate.text: candidate for candidate in reversed(candidates)}.values():
        expression = parse(candidate.text, columns)
        loss = mean_squared_error(expression, columns, target)
        if math.isfinite(loss):
            judged.append((expression.complexity, loss, candidate.text, candidate))
    front: list[Equation] = []
    for complexity, loss, text, candidate in sorted(judged, key=lambda entry: entry[:3]):
        if front and loss >= front[-1].loss:
            continue
        gain = score(loss, complexity, front[-1].loss, front[-1].complexity) if front else 0.0
        front.append(Equation(complexity, loss, gain, text, candidate.engine_loss, candidate.origin))
    return tuple(front)


def best(front: Sequence[Equation]) -> int:
    """The index of the selected equation: PySR's `best`.

    The highest score among the equations whose loss is at most 1.5 times the smallest. (PySR's first row has
    score 0, so an equation with loss 0 in the first row is selected only if nothing else qualifies.)
    """
    if not front:
        raise ValueError("an empty front has no best equation")
    threshold = BEST_LOSS_FACTOR * min(equation.loss for equation in front)
    eligible = [index for index, equation in enumerate(front) if equation.loss <= threshold]
    return max(eligible, key=lambda index: (front[index].score, -index))


FRONT_SCHEMA = pa.schema(
    [
        ("complexity", pa.int32()),
        ("loss", pa.float64()),
        ("score", pa.float64()),
        ("equation", pa.string()),
        ("engine_loss", pa.float64()),
        ("origin", pa.string()),
        ("selected", pa.bool_()),
    ]
)


def write_front(path: str | Path, front: Sequence[Equation]) -> None:
    """Write a front as Parquet; the same front gives the same bytes."""
    chosen = best(front) if front else -1
    table = pa.Table.from_pylist(
        [
            {
                "complexity": equation.complexity,
                "loss": equation.loss,
                "score": equation.score,
                "equation": equation.text,
                "engine_loss": equation.engine_loss,
                "origin": equation.origin,
                "selected": index == chosen,
            }
            for index, equation in enumerate(front)
        ],
        schema=FRONT_SCHEMA,
    )
    files.write_table(path, table)


def read_front(path: str | Path) -> tuple[Equation, ...]:
    """Read what `write_front` wrote; a damaged file raises UserError, which names it."""
    try:
        rows = files.read_table(path, FRONT_SCHEMA).to_pylist()
        if any(value is None for row in rows for name, value in row.items() if name != "engine_loss"):
            raise ValueError("a value is missing")
        return tuple(
            Equation(row["complexity"], row["loss"], row["score"], row["equation"], row["engine_loss"], row["origin"])
            for row in rows
        )
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} is not a front of ours, or is damaged ({error}). Delete it and run snakemake again: only this "
            "fit is repeated"
        ) from error
