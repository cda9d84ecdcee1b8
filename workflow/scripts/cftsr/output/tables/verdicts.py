"""The verdict on a fit, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cftsr.results.summary import Result
from cftsr.vocabulary import APPROXIMATE, FITS, IDENTIFIED, NONE, UNDECIDED, YES


def has_no_formula(result: Result) -> bool:
    """Whether the engine itself reports that it has no formula: its front is then a constant, and no answer."""
    return result.certificate.get("outcome") == NONE and result.selected_by == "best"


def long_verdict(result: Result, paper: bool = False) -> str:
    """The verdict on a fit, and outside the paper's tables whether the data determine the formula, with the reasons."""
    if has_no_formula(result):
        return "; ".join(result.certificate.get("reasons") or ["the engine found none"])
    if paper:
        return verdict_words(result)
    certain = certificate_words(result)
    return verdict_words(result, short=bool(certain)) + (f"; {certain}" if certain else "")


def verdict_words(result: Result, short: bool = False) -> str:
    """The verdict on a fit in a few words; `short` if another text says whether the data determine the formula."""
    reported = result.reported
    if result.recovered == YES:
        same = reported["identical_to_closed_form"] == YES
        words = "identical to the closed form" if same else _exact_words(result)
        if result.identified == FITS and not short:
            words += ", though the data alone do not determine it"
    elif result.recovered == APPROXIMATE:
        words = "agrees within uncertainty"
    elif result.proved:
        words = _exact_words(result) + ", but the data do not determine it" * (not short)
    elif result.recovered == UNDECIDED:
        words = "undecided"
    elif reported["exact_on_data"] == YES:
        words = "exact on the data, not beyond"
    elif reported["exact_on_data"] == APPROXIMATE:
        words = "agrees with the data within uncertainty, not beyond"
    else:
        words = "not exact"
    return words


def _exact_words(result: Result) -> str:
    beyond = result.reported["exact_on_held_out"] == YES and result.held_out
    return "exact on the data and on what was held out" if beyond else "exact on the data (nothing was held out)"


def certificate_words(result: Result) -> str:
    """Whether the data determine the formula, and if not, why; "" if there is no certificate."""
    if result.identified == IDENTIFIED:
        return "the rows identify it"
    reasons = "; ".join([*(result.certificate.get("reasons") or []), *deciding_words(result.certificate)])
    if result.identified == FITS:
        return "fits, but not identified" + f": {reasons}" * bool(reasons)
    return reasons


def deciding_words(certificate: Mapping[str, Any]) -> list[str]:
    """Another formula that fits every row, and where a measurement would decide; [] if none is known."""
    if not certificate.get("competing_formula"):
        return []
    words = f"`{certificate['competing_formula']}` fits every row too"
    if labels := certificate.get("deciding_labels"):
        values = " or ".join(map(str, certificate.get("deciding_values") or []))
        words += f"; they differ at {', '.join(f'{name}={value}' for name, value in labels.items())}"
        words += f" ({values})" * bool(values)
    return [words]
