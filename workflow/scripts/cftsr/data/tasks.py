"""What is asked of a family: which number is the target, and which labels it depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import lcm

from cftsr.data.unlabelled import CLOSED_FORMS
from cftsr.families.base import Family, State, Theory


@dataclass(frozen=True)
class Task:
    """One target quantity.

    `symbol` and `title` are what tables, figures and the page call it, in plain text.
    `per_state` tells whether a row is a primary field (labels of theory and state) or a theory (its labels alone).
    `labelled` tells whether the data say which state a row is; where they do not, a row is a level of the theory, once
    however many states it has, and the labels of states are still to be found.
    `target` is called with the family, the theory and, where `per_state`, the state; for a theory that has no such
    number it returns None, and the theory gives no row. `derived` makes a closed form from the family's others, for a
    quantity that textbooks do not print.
    """

    name: str
    symbol: str
    title: str
    per_state: bool
    target: Callable[[Family, Theory, State | None], Fraction | None]
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


@dataclass(frozen=True)
class Weights:
    """What a theory's weights say when nobody tells which weight belongs to which field.

    primaries   how many fields the family lists
    lowest      the smallest weight
    gap         the second smallest less the smallest; None where all weights are equal. Fields of equal weight are
                one level: a ground state of several fields has a gap all the same
    total       the sum over all fields
    """

    primaries: int
    lowest: Fraction
    gap: Fraction | None
    total: Fraction


@cache
def weights(family: Family, theory: Theory) -> Weights:
    """The theory's weights in four numbers; the weights themselves, up to 10^5 of them, are not kept."""
    numerators: dict[int, list[int]] = defaultdict(list)
    for state in family.states(theory):
        weight = family.conformal_weight(theory, state)
        numerators[weight.denominator].append(weight.numerator)
    # Over a common denominator: integers are added and compared many times faster than fractions.
    scale = lcm(*numerators)
    lowest, *higher = sorted(
        level * (scale // below) for below, above in numerators.items() for level in sorted(set(above))[:2]
    )
    total = sum(sum(above) * (scale // below) for below, above in numerators.items())
    return Weights(
        primaries=sum(map(len, numerators.values())),
        lowest=Fraction(lowest, scale),
        gap=Fraction(higher[0] - lowest, scale) if higher else None,
        total=Fraction(total, scale),
    )


def _energy(family: Family, theory: Theory, state: State | None) -> Fraction:
    return family.conformal_weight(theory, state) - family.central_charge(theory) / 24


def _effective_central_charge(family: Family, theory: Theory, state: State | None) -> Fraction:
    return family.central_charge(theory) - 24 * weights(family, theory).lowest


def _primaries(family: Family, theory: Theory, state: State | None) -> Fraction:
    return Fraction(sum(1 for _ in family.states(theory)))  # no weight is needed to count them


def _derived_effective(forms: dict[str, str]) -> str:
    c, lowest = forms["central_charge"], forms["lowest_weight"]
    return c if lowest == "0" else f"{c}-24*({lowest})"


# The task of a user's own spectrum, whose one target is whatever the file says. It is no quantity of a family.
GIVEN = "given"

TASKS = {
    task.name: task
    for task in (
        Task(
            "central_charge", "c", "central charge", False, lambda family, theory, state: family.central_charge(theory)
        ),
        Task(
            "conformal_weight",
            "h",
            "conformal weight",
            True,
            lambda family, theory, state: family.conformal_weight(theory, state),
        ),
        # The energy of a primary on the cylinder, E = h - c/24: where the paper's introduction starts.
        Task(
            "energy",
            "E",
            "energy",
            True,
            _energy,
            lambda forms: f"{forms['conformal_weight']}-({forms['central_charge']})/24",
        ),
        # The same where nobody says which field a level belongs to.
        Task("unlabelled_energy", "E", "energy of a level without labels", True, _energy, labelled=False),
        # What a spectrum says where no label of a field is known: one number for a theory.
        Task(
            "lowest_weight",
            "h_min",
            "lowest weight",
            False,
            lambda family, theory, state: weights(family, theory).lowest,
        ),
        # -24 times the lowest energy on the cylinder: what finite-size scaling measures (Itzykson, Saleur, Zuber,
        # Europhys. Lett. 2 (1986) 91). It is c where the theory is unitary.
        Task(
            "effective_central_charge",
            "c_eff",
            "effective central charge",
            False,
            _effective_central_charge,
            _derived_effective,
        ),
        Task("gap", "h_1-h_0", "gap", False, lambda family, theory, state: weights(family, theory).gap),
        Task("primaries", "N", "number of primaries", False, _primaries),
        Task(
            "weight_sum",
            "h_sum",
            "sum of the weights",
            False,
            lambda family, theory, state: weights(family, theory).total,
        ),
    )
}
