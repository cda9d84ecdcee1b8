"""What is asked of a family: which number is the target, and which labels it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class Task:
    """One target quantity.

    `per_state` tells whether a row is a primary field (labels of theory and state) or a theory (its labels alone).
    `target` is called with the family, the theory and, where `per_state`, the state.
    """

    name: str
    symbol: str
    per_state: bool
    target: Callable[[Family, Theory, State | None], Fraction]

    def labels(self, family: Family) -> tuple[str, ...]:
        return family.theory_labels + (family.state_labels if self.per_state else ())


TASKS = {
    task.name: task
    for task in (
        Task("central_charge", "c", False, lambda family, theory, state: family.central_charge(theory)),
        Task("conformal_weight", "h", True, lambda family, theory, state: family.conformal_weight(theory, state)),
    )
}
