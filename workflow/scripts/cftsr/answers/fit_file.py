"""The formula of one file, and how sure it is: the work of `cftsr fit`, without Snakemake."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cftsr.algebra.expressions import constants
from cftsr.algebra.formula import ParseError, parse
from cftsr.data.dataset import Dataset
from cftsr.data.labels import plain_name
from cftsr.data.user_file import SpectrumRequest, UserSpectrum, read_spectrum
from cftsr.engines import get_engine
from cftsr.engines.base import Assignment, Problem, Progress, problem_of
from cftsr.errors import UserError
from cftsr.fronts.certificate import describe_certificate, identified, lacking, wrong_rows_in_words
from cftsr.fronts.front import Candidate
from cftsr.fronts.verdict import Judgement, judge, measured_errors, rows_that_disagree
from cftsr.shipped import shipped
from cftsr.vocabulary import APPROXIMATE, NO, NONE, NOT_LOOKED_AT, YES, counted

ENGINE = "rational"
SECONDS = 60.0
CONFIG = shipped("config.yaml")


# An interpolant: as many coefficients as this share of the rows, in a formula without other support.
INTERPOLANT = 0.6
NAMED = 20  # held-out rows that disagree, in JSON
LONGEST = 60  # nodes of a formula that is shown although it fails what was held out
# Held-out rows that may be misprints: this share of them, and of all rows one in this many, beyond the first.
FEW_HELD_OUT, ONE_IN, AGREEING_HELD_OUT = 0.1, 60, 3


@dataclass(frozen=True)
class JudgedFormula:
    """A formula with its verdict and the engine's certificate.

    condition   the rows for which it holds, in words; "" for all
    data, held_out   those rows
    """

    judgement: Judgement
    certificate: dict[str, Any]
    data: Dataset
    held_out: Dataset
    condition: str = ""

    @property
    def few_disagree(self) -> bool:
        """Whether some held-out rows disagree, and so few that these rows may be to blame."""
        wrong, total = self.judgement.wrong_held_out or 0, len(self.held_out)
        wrong_in_all = wrong + (self.certificate.get("wrong_rows_total") or 0)
        few = 0 < wrong <= max(1, FEW_HELD_OUT * total) and wrong_in_all <= 1 + (len(self.data) + total) // ONE_IN
        return few and total - wrong >= AGREEING_HELD_OUT

    @property
    def misprints(self) -> list[dict[str, Any]]:
        """The held-out rows that disagree, where these rows are to blame."""
        if not self.few_disagree:
            return []
        agreeing = len(self.held_out) - (self.judgement.wrong_held_out or 0)
        determined = identified(self.certificate, self.judgement.exact_on_data, YES, agreeing, self.values_taken)
        return self.disagreeing if determined else []

    @property
    def disagreeing(self) -> list[dict[str, Any]]:
        """The held-out rows that disagree, where they were counted."""
        if not self.judgement.wrong_held_out:
            return []
        return rows_that_disagree(self.judgement, self.held_out, measured_errors(self.certificate))

    @property
    def identified(self) -> bool:
        """Whether the data determine the formula, and nothing that was held out speaks against it."""
        judgement, held_out = self.judgement, self.judgement.exact_on_held_out
        if self.misprints:
            held_out = YES
        agrees = held_out in (YES, APPROXIMATE, NOT_LOOKED_AT)
        return agrees and identified(
            self.certificate, judgement.exact_on_data, held_out, len(self.held_out), self.values_taken
        )

    @property
    def values_taken(self) -> dict[str, int]:
        """How many values each label takes in all rows, held out or not."""
        points = np.concatenate([self.data.x, self.held_out.x])
        return {label: len(np.unique(column)) for label, column in zip(self.data.labels, points.T, strict=True)}

    @property
    def lacking(self) -> list[str]:
        """The data that would identify the formula, where nothing speaks against it."""
        certificate = self.certificate
        if self.identified or certificate["reasons"] or not certificate.get("untested"):
            return []
        if self.judgement.exact_on_held_out == NO:
            return []
        return lacking(certificate, len(self.held_out), self.values_taken)

    @property
    def interpolant(self) -> bool:
        """Whether it has about as many coefficients as there are rows, and fails what was held out."""
        many = self.certificate.get("unknowns", 0) >= INTERPOLANT * len(self.data)
        return self.judgement.exact_on_held_out == NO and not self.identified and many

    @property
    def shown(self) -> bool:
        too_long = self.judgement.exact_on_held_out == NO and self.judgement.complexity > LONGEST
        return not (self.interpolant or too_long)


@dataclass(frozen=True)
class FitAnswer:
    """The result of a fit.

    request       None where the rows are of no file
    formulas      the formula; several where each holds for a part of the rows; () where there is none
    certificate   the engine's: whether the data determine the formula, and why not
    """

    request: SpectrumRequest | None
    spectrum: UserSpectrum
    formulas: tuple[JudgedFormula, ...]
    certificate: dict[str, Any]

    @property
    def judgement(self) -> Judgement | None:
        """That of the formula; None where there is no formula, or several."""
        return self.formulas[0].judgement if len(self.formulas) == 1 and self.formulas[0].shown else None

    @property
    def identified(self) -> bool:
        return bool(self.formulas) and all(formula.identified for formula in self.formulas)

    @property
    def texts(self) -> list[str]:
        return [formula.judgement.equation for formula in self.formulas if formula.shown]

    @property
    def wrong_rows(self) -> list[dict[str, Any]]:
        """The rows that are taken to be wrong, in the data and among those held out."""
        rows = [] if self.certificate.get("approximate") else [*self.certificate.get("wrong_rows", ())]
        return rows + [row for formula in self.formulas for row in formula.misprints]

    def as_dict(self) -> dict[str, Any]:
        judgement = self.judgement
        return {
            "file": str(self.request.file),
            "target": self.request.target,
            "labels": list(self.spectrum.data.labels),
            "rows": len(self.spectrum.data),
            "held_out_rows": len(self.spectrum.held_out),
            "notes": list(self.spectrum.notes),
            "identified": self.identified,
            "formula": judgement and judgement.equation,
            "simplified": judgement and judgement.simplified,
            "latex": judgement and judgement.latex,
            "exact_on_data": judgement.exact_on_data if judgement else NOT_LOOKED_AT,
            "exact_on_held_out": judgement.exact_on_held_out if judgement else NOT_LOOKED_AT,
            "identical_to_closed_form": NOT_LOOKED_AT,
            "held_out_rows_that_disagree": self.formulas[0].disagreeing[:NAMED] if judgement else [],
            "parts": [
                {
                    "condition": formula.condition,
                    "formula": formula.judgement.equation,
                    "latex": formula.judgement.latex,
                    "exact_on_data": formula.judgement.exact_on_data,
                    "exact_on_held_out": formula.judgement.exact_on_held_out,
                    "identified": formula.identified,
                }
                for formula in self.formulas
                if formula.condition
            ],
            "certificate": self.certificate,
        }


def default_options(path: Path = CONFIG) -> dict[str, Any]:
    """The exact engine's options in config.yaml, without the changes of a budget."""
    try:
        return dict(yaml.safe_load(path.read_text(encoding="utf-8"))["engine_options"][ENGINE])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(f"{path} lacks the options of {ENGINE} ({error!r}); use the shipped file") from error


def options_of_fit(**limits: int | None) -> dict[str, Any]:
    """The default options with those of these limits of the search that are not None."""
    for name, value in limits.items():
        if value is not None and (type(value) is not int or value < 1):
            raise UserError(f"{name} is {value!r}; give a whole number of at least 1")
    return default_options() | {name: value for name, value in limits.items() if value is not None}


def fit_file(request: SpectrumRequest, options: dict[str, Any]) -> FitAnswer:
    """Fit the exact engine to a file. Raises UserError where the file cannot be used.

    Text columns that are not needed to tell the rows apart (a reference, or a sector) become labels in a second fit, if
    the first identifies nothing, or several formulas.
    """
    answer = _fit(request, options)
    if (answer.identified and len(answer.formulas) == 1) or not answer.spectrum.sectors:
        return answer
    labels = (*request.labels, *answer.spectrum.sectors)
    with_sectors = _fit(replace(request, labels=labels, rest=request.rest or not request.labels), options)
    return with_sectors if with_sectors.identified else answer


def _fit(request: SpectrumRequest, options: dict[str, Any]) -> FitAnswer:
    spectrum = read_spectrum(request)
    return replace(fit_rows(spectrum.data, spectrum.held_out, options), request=request, spectrum=spectrum)


def fit_rows(data: Dataset, held_out: Dataset, options: dict[str, Any]) -> FitAnswer:
    """Fit the exact engine to rows, and judge its formula on them and on those that were held out."""
    spectrum = UserSpectrum(data, held_out, ())
    problem = problem_of(spectrum.data, "free")
    progress = get_engine(ENGINE)().advance(Assignment(problem, options, log=lambda line: None), Progress())
    certificate = progress.extra["certificate"]
    if certificate.get("parts"):
        return FitAnswer(None, spectrum, tuple(_of_parts(certificate["parts"], spectrum, problem)), certificate)
    if certificate["outcome"] == NONE:
        return FitAnswer(None, spectrum, (), certificate)
    solutions = [{"formula": progress.extra["formula"], "certificate": certificate}, *progress.extra.get("others", ())]
    formulas = [
        JudgedFormula(
            _judged(fitted["formula"], spectrum.data, spectrum.held_out, problem, fitted["certificate"]),
            fitted["certificate"],
            spectrum.data,
            spectrum.held_out,
        )
        for fitted in solutions
    ]
    # What is held out arbitrates; where it does not, the first is the shortest description of the data.
    best = max(
        formulas,
        key=lambda formula: (
            formula.identified,
            formula.judgement.exact_on_held_out in (YES, APPROXIMATE),
            formula.shown,
        ),
    )
    return FitAnswer(None, spectrum, (best,), best.certificate)


def _judged(
    text: str, data: Dataset, held_out: Dataset, problem: Problem, certificate: dict[str, Any] | None = None
) -> Judgement:
    try:
        (equation,) = problem.front([Candidate(text)])
    except (ParseError, ValueError) as error:
        raise UserError(
            f"a formula of {len(text):,} characters fits the data but cannot be read back: {str(error)[:200]}. Lower "
            "--max-degree or --max-unknowns, or fit part of the table"
        ) from error
    if not all(map(math.isfinite, constants(parse(equation.text, data.labels)))):
        raise UserError(
            "a formula that fits the data has a coefficient larger than 1e300 and cannot be judged. Multiply or divide "
            "the target, or a label, by a power of ten"
        )
    return judge(equation, data.labels, data, held_out, None, SECONDS, measured_errors(certificate))


def _of_parts(parts: list[dict[str, Any]], spectrum: UserSpectrum, problem: Problem) -> list[JudgedFormula]:
    formulas = []
    for part in parts:
        data, held_out = (_rows_of_part(rows, part) for rows in (spectrum.data, spectrum.held_out))
        own = problem_of(data, "free")
        formulas.append(
            JudgedFormula(
                _judged(part["formula"], data, held_out, own), part["certificate"], data, held_out, part["condition"]
            )
        )
    return formulas


def _rows_of_part(rows: Dataset, part: dict[str, Any]) -> Dataset:
    inside = np.ones(len(rows), dtype=bool)
    for labels, modulus, residue in part.get("residues") or ():
        inside &= rows.x[:, [rows.labels.index(label) for label in labels]].sum(axis=1) % modulus == residue
    rows = rows.take(inside)
    if not part.get("sector"):
        return rows
    points = [rows.described(point) for point in rows.x.tolist()]
    mask = np.array(
        [all(point[label] == value for label, value in part["sector"].items()) for point in points], dtype=bool
    )
    return rows.take(mask).without_finite_labels()


# ---- in words


def describe_answer(answer: FitAnswer) -> str:
    """The answer in words: the table, the formula, its LaTeX, how sure it is and why."""
    data, held_out = answer.spectrum.data, answer.spectrum.held_out
    symbol, file = (answer.request.target, answer.request.file) if answer.request else ("y", "table")
    lines = [
        f"{file}: {len(data)} rows to fit, {len(held_out)} held out; {symbol} in {', '.join(data.labels)}",
        *(f"note: {note}" for note in answer.spectrum.notes),
        "",
    ]
    for formula in answer.formulas:
        judgement, where = formula.judgement, f" for {formula.condition}" * bool(formula.condition)
        if formula.shown:
            lines += [f"{symbol} = {judgement.equation}{where}", f"LaTeX: {latex_symbol(symbol)} = {judgement.latex}"]
        else:
            what = "an interpolant, not a formula" if formula.interpolant else "and fails what was held out"
            lines.append(
                f"no formula{where}: a function of {judgement.complexity} nodes passes through the rows, {what}"
            )
    if not answer.formulas:
        lines.append("no formula")
    lines += ["", headline(answer)]
    for formula in answer.formulas:
        lines += [f"  {line}" for line in verdicts_in_words(formula)]
        if formula.lacking:
            lines.append(f"  needed to identify it: {', '.join(formula.lacking)}")
    lines += [f"  {line}" for line in describe_certificate(answer.certificate, answer.identified)]
    return "\n".join(lines)


def latex_symbol(name: str) -> str:
    """The name of a column in LaTeX: a letter unchanged, anything else upright, with reserved characters escaped."""
    if re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+", name):
        return name
    special = {"\\": r"\backslash{}", "^": r"\hat{}", "~": r"\sim{}", " ": r"\ "}
    escaped = "".join(
        special.get(letter, f"\\{letter}" if letter in "#$%&_{}" else letter) if letter.isascii() else _greek(letter)
        for letter in unicodedata.normalize("NFKC", name)
    )
    return escaped if re.fullmatch(r"\\[a-zA-Z]+\{\}", escaped) else rf"\mathrm{{{escaped}}}"


def _greek(letter: str) -> str:
    """A Greek letter as LaTeX's command; other letters beyond ASCII as `plain_name` spells them."""
    word = plain_name(letter).rstrip("_")
    return rf"\{word}{{}}" if _LATEX_GREEK.fullmatch(word) else word


# The Greek letters with a LaTeX command; most capitals look like Latin letters and have none.
_LATEX_GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega"
    "|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)


def verdicts_in_words(formula: JudgedFormula) -> list[str]:
    judgement, data, held_out = formula.judgement, formula.data, formula.held_out
    where = f"{formula.condition}: " * bool(formula.condition)
    lines = [f"{where}on the data: {agreement_in_words(judgement.exact_on_data, judgement.wrong_rows, len(data))}"]
    if len(held_out):
        words = agreement_in_words(judgement.exact_on_held_out, judgement.wrong_held_out, len(held_out))
        lines.append(f"{where}on what was held out: {words}")
        lines += wrong_rows_in_words(formula.disagreeing, len(formula.disagreeing)) if formula.shown else []
    else:
        lines.append(f"{where}on what was held out: {NOT_LOOKED_AT}, nothing was held out")
    return lines


def headline(answer: FitAnswer) -> str:
    several = len(answer.formulas) > 1
    if answer.identified:
        what, do_not_fit = ("these formulas", "they do not fit") if several else ("this formula", "it does not fit")
        wrong = answer.certificate.get("wrong_rows_total") or 0
        wrong += sum(len(formula.misprints) for formula in answer.formulas)
        if wrong:
            return f"identified: the data determine {what}, and {counted(wrong, 'row')} that {do_not_fit}"
        return f"identified: the data determine {what}, with rows to spare"
    if not answer.formulas:
        return "not identified: the search ended without a formula"
    measured = bool(answer.certificate.get("constants"))
    if any(
        formula.judgement.exact_on_held_out == NO and not (measured and formula.few_disagree)
        for formula in answer.formulas
    ):
        if any(formula.certificate.get("approximate") for formula in answer.formulas):
            return "not identified: approximate, this formula is near the data but not within their uncertainty"
        return "not identified: what was held out contradicts the formula"
    if measured:
        wrong = sum((formula.judgement.wrong_rows or 0) + len(formula.disagreeing) for formula in answer.formulas)
        but = f" but for {wrong} row{'s' * (wrong > 1)}" * bool(wrong)
        return f"not identified: approximate, the shape fits within the uncertainty{but}; its coefficients are measured"
    return "not identified: this formula fits, but the data do not determine it"


def agreement_in_words(verdict: str, wrong: int | None, rows: int) -> str:
    """A verdict on rows in words."""
    every = f"all {rows} rows" if rows > 1 else "the one row"
    if verdict == YES:
        return f"exact on {every}"
    if verdict == APPROXIMATE:
        return f"within the uncertainty on {every}"
    if verdict == NO:
        return f"wrong on {wrong} of {rows} rows" if wrong is not None else "not exact on every row"
    return verdict
