"""One file, one formula, and how sure that is: what `python -m cftsr fit` does, without Snakemake."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from cftsr.data.labels import plain_name
from cftsr.data.user_file import Given, GivenSpectrum, read_given
from cftsr.engines import get_engine
from cftsr.engines.base import Assignment, Progress
from cftsr.errors import UserError
from cftsr.fronts.certificate import describe_certificate
from cftsr.fronts.verdict import Judgement, judge
from cftsr.jobs.fit_cell import problem_of
from cftsr.vocabulary import APPROXIMATE, NO, YES

ENGINE = "rational"
SECONDS = 60.0
CONFIG = Path(__file__).parents[3] / "config.yaml"


@dataclass(frozen=True)
class Answer:
    """What is known after a fit.

    judgement     of the formula; None where none was found
    certificate   the engine's: whether the data determine the formula, and why not
    """

    asked: GivenSpectrum
    given: Given
    judgement: Judgement | None
    certificate: dict[str, Any]

    @property
    def identified(self) -> bool:
        """Whether the data determine the formula, and nothing that was held out speaks against it."""
        held_out = self.judgement is not None and self.judgement.exact_on_held_out != NO
        return self.certificate["outcome"] == "identified" and held_out

    def as_dict(self) -> dict[str, Any]:
        found = self.judgement
        return {
            "file": str(self.asked.file),
            "target": self.asked.target,
            "labels": list(self.given.data.labels),
            "rows": len(self.given.data),
            "held_out_rows": len(self.given.held_out),
            "notes": list(self.given.notes),
            "identified": self.identified,
            "formula": found and found.equation,
            "simplified": found and found.simplified,
            "latex": found and found.latex,
            "exact_on_data": found and found.exact_on_data,
            "exact_on_held_out": found and found.exact_on_held_out,
            "certificate": self.certificate,
        }


def default_options(path: Path = CONFIG) -> dict[str, Any]:
    """The exact engine's options as config.yaml has them, without the changes of a budget."""
    try:
        return dict(yaml.safe_load(path.read_text(encoding="utf-8"))["engine_options"][ENGINE])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} does not say the options of {ENGINE} ({error!r}); take the one that is shipped"
        ) from error


def fit_given(asked: GivenSpectrum, options: dict[str, Any]) -> Answer:
    """Fit the exact engine to a file. Raises UserError where the file cannot be used.

    Text columns that are not needed to tell the rows apart (a reference, or a sector) are labels in a second fit, where
    the first one identifies nothing.
    """
    answer = _fit(asked, options)
    if answer.identified or not answer.given.sectors:
        return answer
    labels = (*asked.labels, *answer.given.sectors)
    rest = asked.rest or not asked.labels
    again = _fit(replace(asked, labels=labels, rest=rest), options)
    return again if again.identified else answer


def _fit(asked: GivenSpectrum, options: dict[str, Any]) -> Answer:
    given = read_given(asked)
    problem = problem_of(given.data, "free")
    progress = get_engine(ENGINE)().advance(Assignment(problem, options, log=lambda line: None), Progress())
    certificate = progress.extra["certificate"]
    judgement = None
    if certificate["outcome"] != "none":
        # The last member of the front is the formula; before it stands the best constant.
        equation = problem.front(list(progress.candidates))[-1]
        judgement = judge(equation, problem.labels, given.data, given.held_out, None, SECONDS)
    return Answer(asked, given, judgement, certificate)


def describe_answer(answer: Answer) -> str:
    """The answer in words: what was read, the formula, its LaTeX, how sure it is and why."""
    data, held_out, found = answer.given.data, answer.given.held_out, answer.judgement
    symbol = answer.asked.target
    lines = [
        f"{answer.asked.file}: {len(data)} rows to fit, {len(held_out)} held out; {symbol} in {', '.join(data.labels)}",
        *(f"note: {note}" for note in answer.given.notes),
        "",
    ]
    if found is None:
        lines.append("no formula")
    else:
        lines += [f"{symbol} = {found.equation}", f"LaTeX: {latex_symbol(symbol)} = {found.latex}"]
    lines += ["", _headline(answer)]
    if found is not None:
        lines.append(f"  on the data: {_agreement(found.exact_on_data, found.wrong_rows, len(data))}")
        if len(held_out):
            words = _agreement(found.exact_on_held_out, found.wrong_held_out, len(held_out))
            lines.append(f"  on what was held out: {words}")
    lines += [f"  {line}" for line in describe_certificate(answer.certificate)]
    return "\n".join(lines)


def latex_symbol(name: str) -> str:
    """The name of a column in LaTeX: a letter as it is, anything else upright, with what LaTeX reserves escaped."""
    if re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+", name):
        return name
    special = {"\\": r"\backslash{}", "^": r"\hat{}", "~": r"\sim{}", " ": r"\ "}
    escaped = "".join(
        special.get(letter, f"\\{letter}" if letter in "#$%&_{}" else letter) if letter.isascii() else _greek(letter)
        for letter in unicodedata.normalize("NFKC", name)
    )
    return escaped if re.fullmatch(r"\\[a-zA-Z]+\{\}", escaped) else rf"\mathrm{{{escaped}}}"


def _greek(letter: str) -> str:
    """A Greek letter as LaTeX's command; of other letters beyond ASCII what `plain_name` makes of them."""
    word = plain_name(letter).rstrip("_")
    return rf"\{word}{{}}" if _LATEX_GREEK.fullmatch(word) else word


# Those that LaTeX has a command for; most capitals look like Latin letters.
_LATEX_GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega"
    "|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)


def _headline(answer: Answer) -> str:
    if answer.identified:
        return "identified: the data determine this formula, with rows to spare"
    if answer.judgement is None:
        return "not identified: no formula passes through the data"
    if answer.certificate["outcome"] == "identified":
        return "not identified: what was held out contradicts the formula"
    return "not identified: this formula fits, but the data do not determine it"


def _agreement(verdict: str, wrong: int | None, rows: int) -> str:
    if verdict == YES:
        return f"exact on all {rows} rows"
    if verdict == APPROXIMATE:
        return f"within the uncertainty on all {rows} rows"
    if verdict == NO:
        return f"wrong on {wrong} of {rows} rows" if wrong is not None else "not exact on every row"
    return "undecided"
