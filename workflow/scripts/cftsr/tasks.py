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
    `target` is called with the family, the theory and, where `per_state`, the state. `derived` makes a closed form from
    the family's others, for a quantity that textbooks do not print.
    """

    name: str
    symbol: str
    per_state: bool
    target: Callable[[Family, Theory, State | None], Fraction]
    derived: Callable[[dict[str, str]], str] | None = None

    def labels(self, family: Family) -> tuple[str, ...]:
        return family.theory_labels + (family.state_labels if self.per_state else ())

    def closed_form(self, family: Family) -> str | None:
        """The formula that fits are judged by, or None where none is known."""
        if self.name in family.closed_forms or self.derived is None:
            return family.closed_forms.get(self.name)
        try:
            return self.derived(family.closed_forms)
        except KeyError:
            return None


def _energy(family: Family, theory: Theory, state: State | None) -> Fraction:
    return family.conformal_weight(theory, state) - family.central_charge(theory) / 24


TASKS = {
    task.name: task
    for task in (
        Task("central_charge", "c", False, lambda family, theory, state: family.central_charge(theory)),
        Task("conformal_weight", "h", True, lambda family, theory, state: family.conformal_weight(theory, state)),
        # The energy of a primary on the cylinder, E = h - c/24: where the paper's introduction starts.
        Task("energy", "E", True, _energy, lambda forms: f"{forms['conformal_weight']}-({forms['central_charge']})/24"),
    )
}
