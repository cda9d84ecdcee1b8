"""The tables of a sweep: the paper's six, and others for the rest of the sweep.

Tables 1 and 2 are formulas, 3 to 6 are numbers on the grid of theories and fractions. A sweep with none of the paper's
families, or neither c nor h of them, has none of these six. After them come, if the sweep has them: formulas of c and h
(where there are not the six), further families, further quantities of a state (the energy), quantities of a theory,
users' own spectra, and recovery over seeds. Every cell of the sweep is in some table.
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
    """A table to be made.

    paper     whether it is one of the paper's six
    kind      FORMULAS: formulas of `tasks`, all families; GRID: `quantities` of one task and family by theories and
              fraction; OWN: users' spectra; SEEDS: recovery over seeds; HIDDEN: quantum numbers of spectra without
              labels
    """

    number: int
    paper: bool
    kind: str
    tasks: tuple[str, ...] = ()
    family: str = ""
    quantities: tuple[str, ...] = ()

    @property
    def published(self) -> int:
        """Its number in the paper; 0 if it is not one of the paper's."""
        return self.number if self.paper else 0


def planned_tables(cells: Iterable[Mapping[str, Any]]) -> list[Plan]:
    """The tables of a sweep with these cells (as in record["cell"]), in order; no file is read."""
    cells = list(cells)
    kinds = dict.fromkeys((cell["family"], cell["task"], cell["fraction"] is not None) for cell in cells)

    def grids(task: str, families: Iterable[str]) -> list[tuple[str, tuple[str, ...], str, tuple[str, ...]]]:
        return [(GRID, (task,), family, quantities) for family in families for quantities in GRIDS]

    paper = has_paper_tables(cells)
    fitted = {task for _, task, _ in kinds}
    both = (CENTRAL_CHARGE, CONFORMAL_WEIGHT)
    wanted: list[tuple] = [(FORMULAS, (task,)) for task in both if paper or task in fitted]
    if paper:
        wanted += grids(CONFORMAL_WEIGHT, FAMILIES)
    further = sorted(family for family, task, _ in kinds if task == CONFORMAL_WEIGHT and family not in FAMILIES)
    wanted += grids(CONFORMAL_WEIGHT, unique(further))
    of_states = sorted({task for _, task, per_state in kinds if per_state} - {CONFORMAL_WEIGHT, GIVEN})
    for task in of_states:
        if not TASKS[task].labelled:
            wanted.append((HIDDEN, (task,)))
        wanted.append((FORMULAS, (task,)))
        wanted += grids(task, paper_first({family for family, name, _ in kinds if name == task}))
    of_theories = {task for _, task, per_state in kinds if not per_state} - {CENTRAL_CHARGE, CONFORMAL_WEIGHT, GIVEN}
    if of_theories := sorted(of_theories - set(of_states)):
        wanted.append((FORMULAS, tuple(of_theories)))
    if any(task == GIVEN for _, task, _ in kinds):
        wanted.append((OWN, (GIVEN,)))
    if seeded(cells):
        wanted.append((SEEDS,))
    return [Plan(index, paper and index <= PAPER_TABLES, *keys) for index, keys in enumerate(wanted, start=1)]


def has_paper_tables(cells: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the sweep has cells to compare with the paper's numbers; without any cells, the paper alone is shown."""
    kinds = {(cell["family"], cell["task"]) for cell in cells}
    return not kinds or any(
        (family, task) in kinds for family in FAMILIES for task in (CENTRAL_CHARGE, CONFORMAL_WEIGHT)
    )


def table_names(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    """ "table1", "table2" ...: the names of the files that `write_tables` writes for a sweep with these cells."""
    return [f"table{plan.number}" for plan in planned_tables(cells)]


def paper_first(families: Iterable[str]) -> list[str]:
    families = set(families)
    return [name for name in FAMILIES if name in families] + sorted(families - set(FAMILIES))
