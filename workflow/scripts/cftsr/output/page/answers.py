"""The formulas of the sweep: for each family and quantity the shortest proved one, and the engines that proved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cftsr.data.tasks import GIVEN
from cftsr.output.page.views import View
from cftsr.output.tables.plan import paper_first
from cftsr.output.tables.shortest import shortest_proved
from cftsr.output.tables.verdicts import has_no_formula
from cftsr.output.typesetting.mathml import mathml
from cftsr.results.findings import Findings
from cftsr.results.summary import Result
from cftsr.results.titles import symbol_of
from cftsr.sweep.cells import Cell
from cftsr.vocabulary import YES

FIRST = ("central_charge", "conformal_weight", "energy")


@dataclass(frozen=True)
class FamilyFormula:
    """The formula of a family and quantity.

    state     "yes" if it is proved
    engines   those that proved it, or the one that came nearest
    address   of a view with the proof
    """

    formula: Markup
    state: str
    engines: list[str]
    address: str


@dataclass(frozen=True)
class FormulaOverview:
    """columns: symbols of the quantities; rows: title of a family, and its formulas (None: not in the sweep)."""

    columns: list[str]
    rows: list[tuple[str, list[FamilyFormula | None]]]


def answers_of(findings: Findings, views: Sequence[View]) -> FormulaOverview:
    results: dict[tuple[str, str], list[Result]] = {}
    for result in findings.results:
        results.setdefault((result.cell["family"], result.cell["task"]), []).append(result)
    tasks = {task for _, task in results}
    ordered = [task for task in FIRST if task in tasks] + sorted(tasks - set(FIRST))
    shown = {view.address for view in views if view.shown}
    rows = []
    for family in paper_first({family for family, _ in results}):
        entries = [_answer(results[family, task], shown) if (family, task) in results else None for task in ordered]
        rows.append((findings.title(family), entries))
    # The target of a user's own spectrum is named in front of its formula, as in its file.
    return FormulaOverview(["own target" if task == GIVEN else symbol_of(task) for task in ordered], rows)


def _answer(results: Sequence[Result], shown: set[str]) -> FamilyFormula:
    proved = shortest_proved(results)
    if not proved:
        with_formula = [result for result in results if not has_no_formula(result)]
        if not with_formula:
            return FamilyFormula(Markup("none"), "no", [], "")
        best = min(with_formula, key=lambda result: (result.recovered, result.reported["loss"]))
        return FamilyFormula(Markup(""), best.recovered, [best.cell["engine"]], _address(best, shown))
    symbol = proved.result.symbol if proved.result.cell["task"] == GIVEN else ""
    return FamilyFormula(mathml(proved.formula, symbol), YES, proved.engines, _address(proved.result, shown))


def _address(result: Result, shown: set[str]) -> str:
    """The address of a view with the fit; a fit that ignores the setting is in several views."""
    scope, setting = Cell(**result.cell).spectrum, result.cell["setting"]
    exact = f"{scope}/{setting}"
    if exact in shown:
        return exact
    return min((address for address in shown if address.rpartition("/")[0] == scope), default="")
