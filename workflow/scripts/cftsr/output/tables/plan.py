"""Which tables a sweep has: the paper's six, and what the sweep has beyond them.

Tables 1 and 2 are formulas, 3 to 6 are numbers on the grid of theories and fractions. A sweep that has none of the
paper's families, or neither c nor h of them, has none of these six. After them come, as far as the sweep has them:
formulas of c and h where the six are not there, further families, further quantities of a state (the energy),
quantities of a theory, spectra of one's own, and recovery over seeds. Every cell of the sweep stands in some table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cftsr.data.tasks import GIVEN, TASKS
from cftsr.output.tables.model import FORMULAS, GRID, HIDDEN, OWN, SEEDS
from cftsr.results.findings import unique
from cftsr.results.published import FAMILIES
from cftsr.results.summary import PAPER_TABLES, seeded

CENTRAL_CHARGE, CONFORMAL_WEIGHT = "central_charge", "conformal_weight"
GRIDS = (("loss",), ("score", "complexity"))  # of each family: Tables 3 and 4, Tables 5 and 6


@dataclass(frozen=True)
class Plan:
    """A table that is to be made.

    paper     whether it is one of the paper's six
    kind      FORMULAS: formulas of `tasks` for `families`, or for all where there are none; GRID: `quantities` of one
              task and family by theories and fraction; OWN: users' spectra; SEEDS: recovery over seeds; HIDDEN:
              quantum numbers found in spectra without labels
    """

    number: int
    paper: bool
    kind: str
    tasks: tuple[str, ...] = ()
    family: str = ""
    quantities: tuple[str, ...] = ()

    @property
    def published(self) -> int:
        """The number that it has in the paper; 0 where it is not there."""
        return self.number if self.paper else 0


def planned_tables(cells: Iterable[Mapping[str, Any]]) -> list[Plan]:
    """The tables of a sweep with these cells (as in record["cell"]), in their order; nothing is read."""
    cells = list(cells)
    kinds = dict.fromkeys((cell["family"], cell["task"], cell["fraction"] is not None) for cell in cells)

    def grids(task: str, families: Iterable[str]) -> list[tuple[str, tuple[str, ...], str, tuple[str, ...]]]:
        return [(GRID, (task,), family, quantities) for family in families for quantities in GRIDS]

    paper = has_paper_tables(cells)
    fitted = {task for _, task, _ in kinds}
    both = (CENTRAL_CHARGE, CONFORMAL_WEIGHT)
    found: list[tuple] = [(FORMULAS, (task,)) for task in both if paper or task in fitted]
    if paper:
        found += grids(CONFORMAL_WEIGHT, FAMILIES)
    further = sorted(family for family, task, _ in kinds if task == CONFORMAL_WEIGHT and family not in FAMILIES)
    found += grids(CONFORMAL_WEIGHT, unique(further))
    of_states = sorted({task for _, task, per_state in kinds if per_state} - {CONFORMAL_WEIGHT, GIVEN})
    for task in of_states:
        if not TASKS[task].labelled:
            found.append((HIDDEN, (task,)))
        found.append((FORMULAS, (task,)))
        found += grids(task, paper_first({family for family, name, _ in kinds if name == task}))
    of_theories = {task for _, task, per_state in kinds if not per_state} - {CENTRAL_CHARGE, CONFORMAL_WEIGHT, GIVEN}
    if of_theories := sorted(of_theories - set(of_states)):
        found.append((FORMULAS, tuple(of_theories)))
    if any(task == GIVEN for _, task, _ in kinds):
        found.append((OWN, (GIVEN,)))
    if seeded(cells):
        found.append((SEEDS,))
    return [Plan(index, paper and index <= PAPER_TABLES, *keys) for index, keys in enumerate(found, start=1)]


def has_paper_tables(cells: Iterable[Mapping[str, Any]]) -> bool:
    """Whether anything of the sweep stands beside the paper's numbers; of no cells at all, the paper alone is shown."""
    kinds = {(cell["family"], cell["task"]) for cell in cells}
    return not kinds or any(
        (family, task) in kinds for family in FAMILIES for task in (CENTRAL_CHARGE, CONFORMAL_WEIGHT)
    )


def table_names(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    """ "table1", "table2" ...: what `write_tables` will call the files of a sweep with these cells."""
    return [f"table{plan.number}" for plan in planned_tables(cells)]


def paper_first(families: Iterable[str]) -> list[str]:
    families = set(families)
    return [name for name in FAMILIES if name in families] + sorted(families - set(FAMILIES))
