"""The formula that represents many fits of one quantity: the shortest that was proved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from cftsr.algebra.formula import ParseError
from cftsr.engines import engine_order
from cftsr.output.typesetting.mathml import read
from cftsr.results.summary import Result
from cftsr.vocabulary import APPROXIMATE, YES


def shorter(reported: dict[str, Any]) -> str:
    """The equation as fitted or its factored form, whichever has fewer nodes; always the factored form if constants
    were read as rational numbers, because the fitted equation is then not exact."""
    exact = reported["exact_on_data"] in (YES, APPROXIMATE) and reported["simplified"]
    if not exact:
        return reported["equation"]
    if reported["tolerance"]:
        return reported["simplified"]
    try:
        fewer = read(reported["simplified"]).complexity < read(reported["equation"]).complexity
    except ParseError:
        return reported["equation"]
    return reported["simplified"] if fewer else reported["equation"]


class Proved(NamedTuple):
    """formula: as text; latex: of the factored form, "" if the formula is as fitted; engines: those that proved it."""

    formula: str
    latex: str
    engines: list[str]
    result: Result


def shortest_proved(results: Iterable[Result]) -> Proved | None:
    """The shortest formula that was proved in several fits of one quantity; None if none was proved."""
    proved = [result for result in results if result.recovered == YES]
    if not proved:
        return None
    best = min(proved, key=lambda result: (len(shorter(result.reported)), engine_order(result.cell["engine"])))
    formula = shorter(best.reported)
    latex = best.reported["latex"] if formula == best.reported["simplified"] else ""
    engines = sorted({result.cell["engine"] for result in proved}, key=engine_order)
    return Proved(formula, latex, engines, best)
