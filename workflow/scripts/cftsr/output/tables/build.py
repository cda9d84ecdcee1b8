"""All tables of a sweep, each built once."""

from __future__ import annotations

from cftsr.output.tables.formulas import formula_table
from cftsr.output.tables.grids import grid_table
from cftsr.output.tables.model import FORMULAS, GRID, HIDDEN, OWN, SEEDS, Table
from cftsr.output.tables.plan import planned_tables
from cftsr.output.tables.seeds import seeds_table
from cftsr.output.tables.unlabelled import unlabelled_table
from cftsr.results.findings import Findings
from cftsr.results.published import Published

MAKERS = {
    FORMULAS: formula_table,
    OWN: formula_table,
    GRID: grid_table,
    SEEDS: seeds_table,
    HIDDEN: unlabelled_table,
}


def all_tables(findings: Findings, published: Published) -> list[Table]:
    return [MAKERS[plan.kind](plan, findings, published) for plan in planned_tables(findings.cells)]
