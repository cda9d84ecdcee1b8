"""A task: which quantity of a family is the target, and which labels it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from cftsr.data.unlabelled import CLOSED_FORMS
from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class Task:
    """One target quantity.

    `symbol` and `title` are its names in tables, figures and on the page, in plain text.
    `per_state` tells whether a row is a primary field (labels of theory and state) or a theory (its labels alone).
    `labelled` tells whether the data say which state a row is; where they do not, a row is a level of the theory,
    listed once however many states it has, and the labels of states are still to be found.
    `target` is called with the family, the theory and the state, which is () unless `per_state`; for a theory without
    the quantity it returns None, and the theory gives no row. `derived` makes a closed form from the family's others,
    for a quantity that textbooks do not print.
    """

    name: str
    symbol: str
    title: str
    per_state: bool
    target: Callable[[Family, Theory, State], Fraction | None]
    derived: Callable[[dict[str, str]], str] | None = None
    labelled: bool = True

    @property
    def has_states(self) -> bool:
        """Whether the data have the labels of states."""
        return self.per_state and self.labelled

    def labels(self, family: Family) -> tuple[str, ...]:
        return family.theory_labels + (family.state_labels if self.has_states else ())

    def closed_form(self, family: Family) -> str | None:
        """The formula that fits are judged by, or None where none is known."""
        if not self.labelled:
            return CLOSED_FORMS.get(family.name)
        if self.name in family.closed_forms or self.derived is None:
            return family.closed_forms.get(self.name)
        try:
            return self.derived(family.closed_forms)
        except KeyError:
            return None
