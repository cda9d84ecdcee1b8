"""The search for hidden quantum numbers: the kinds of formula in turn, simplest first, with the evidence for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import log
from typing import Any

from cftsr.algebra.square_classes import common_measure
from cftsr.data.unlabelled import WITHOUT_LABELS
from cftsr.hidden import forms, split_forms, two_denominators
from cftsr.hidden.bare import BareSpectrum, BareTheory, together
from cftsr.hidden.chance import measured_chance
from cftsr.hidden.findings import (
    FORM,
    KINDS,
    ONE_INTEGER,
    SECTORS,
    SPLIT_FORM,
    THEORY_SHIFT,
    TWO_DENOMINATORS,
    Coverage,
    Finding,
    HiddenIntegers,
    Sector,
    no_finding,
)
from cftsr.hidden.formulas import Formula, denominator_formula
from cftsr.hidden.occurrence import occurrence
from cftsr.hidden.one_integer import (
    DECISIVE,
    SectorAssignment,
    Shifts,
    constant_shift,
    formula_of_denominator,
    level_classes,
    nearly_constant_shift,
    one_sector,
    sample_of,
    sector_candidates,
    sectors,
    theory_shift,
    try_shifts,
)
from cftsr.hidden.shifts import GRID, LARGEST, MULTIPLES, grid, hidden_integer, score_shift
from cftsr.vocabulary import FITS, IDENTIFIED

MOST_SHIFTS = 20  # if more shifts explain all levels, the data do not determine the shift
LARGEST_LOG10_CHANCE = -3.0
DRAWS, SLOW_THEORIES = 20, 8
RANDOM_SECTOR_SHIFTS = 16
SHOWN_SHIFTS, SHOWN_LEVELS = 40, 5


@dataclass(frozen=True)
class Explanation:
    """The hidden integers of any theory, in the data or held out.

    of   theory -> the hidden integers of each level, None where there are none
    """

    of: Callable[[BareTheory], tuple[HiddenIntegers | None, ...]]


def find_hidden(
    data: BareSpectrum,
    held_out: BareSpectrum | None = None,
    complete: bool = False,
    kinds: Sequence[str] = KINDS,
    draws: int = DRAWS,
) -> Finding:
    """The hidden quantum numbers of the data, judged on what was held out.

    complete     data and held_out together are all levels of each theory, so the highest hidden integer has a meaning
    kinds        the kinds of formula to try
    draws        number of random spectra that measure the chance; a third of it where each takes long
    """
    if not any(len(theory) > 1 for theory in data.theories):
        return no_finding(("every theory has one level: any shift explains it",), {})
    shifts = try_shifts(data)
    certificate = _certificate(shifts)
    reasons: list[str] = []
    most = max(map(len, data.theories))
    if most < DECISIVE:
        reasons.append(
            f"no theory has more than {most} levels: any {most} are squares over some D, less some shift, so a "
            f"shift of the theory cannot be found; give {DECISIVE} levels or more of some theories"
        )
    search = _Search(data, held_out, complete, draws, shifts, certificate, reasons)
    steps = {
        ONE_INTEGER: search.one_integer,
        THEORY_SHIFT: search.theory_shift,
        SECTORS: search.sectors,
        FORM: search.form,
        TWO_DENOMINATORS: search.two_denominators,
        SPLIT_FORM: search.split_form,
    }
    for kind in KINDS:
        if kind in kinds:
            finding = steps[kind]()
            if finding is not None:
                return finding
    denominators = _whole_numbers(data, shifts)
    if denominators is not None:
        certificate["whole_numbers"] = {"shift": str(denominators[0]), "denominator": denominators[1].as_dict()}
        reasons.append(
            f"only the denominators: N = ({denominators[1].text})*(E + s) is whole for s = {denominators[0]}"
        )
    return no_finding(tuple(reasons), certificate)


def _whole_numbers(data: BareSpectrum, shifts: Shifts) -> tuple[Fraction, Formula] | None:
    """What the denominators alone determine: E = N/D - s with N whole, for the s with the smallest D."""
    if not data.labels:
        return None

    def size(shift: Fraction) -> float:
        measures = [common_measure(level + shift for level in theory.levels) for theory in shifts.sample]
        return sum(log(measure) for measure in measures if measure)

    shift = max(grid(), key=size)
    theories = [theory for theory in data.theories if len(theory) > 2]
    denominators = [1 / (common_measure(level + shift for level in theory.levels) or 1) for theory in theories]
    labels = [theory.labels for theory in theories]
    formula = denominator_formula(data.labels, labels, denominators, [1] * len(theories), _whole_multiple)
    return None if formula is None else (shift, formula)


def _whole_multiple(quotient: Fraction) -> Fraction | None:
    """A whole multiple of D is as good as D: N stays whole."""
    return Fraction(1) if quotient.denominator == 1 else None


def _certificate(shifts: Shifts) -> dict[str, Any]:
    of_grid = len(grid())
    return {
        "shifts_tried": len(shifts.scores),
        "grid": f"a/b with |a/b| <= {LARGEST} and b | {GRID}: {of_grid}",
        "solved": f"{len(shifts.scores) - of_grid} more, that solve one of {len(shifts.solved)} theories, with D up to "
        f"{MULTIPLES} times the smallest possible",
        "sample": {"theories": len(shifts.sample), "levels": sum(map(len, shifts.sample))},
        "scores": [candidate.as_dict() for candidate in shifts.scores[:SHOWN_SHIFTS]],
    }


@dataclass
class _Search:
    data: BareSpectrum
    held_out: BareSpectrum | None
    complete: bool
    draws: int
    shifts: Shifts
    certificate: dict[str, Any]
    reasons: list[str]

    @property
    def _few_draws(self) -> int:
        return max(1, self.draws // 3)

    @property
    def _no_formula(self) -> str:
        if not self.data.labels:
            return WITHOUT_LABELS
        return f"no formula for D in {', '.join(self.data.labels)} was found from {len(self.data.theories)} theories"

    # ---- the kinds

    def one_integer(self) -> Finding | None:
        fitting = constant_shift(self.data, self.shifts)
        tried = len(self.shifts.scores)
        doubts: list[str] = []
        if len(fitting) > MOST_SHIFTS:
            self.reasons.append(f"one integer: {len(fitting)} of {tried} shifts explain all levels; give more levels")
            return None
        if fitting:
            shift = fitting[0]
            sector = one_sector(self.data, dict.fromkeys(self.data.theories, shift))
            doubts = _alternatives("shifts", fitting)
        else:
            shift, sector = nearly_constant_shift(self.data, self.shifts)
            best = self.shifts.scores[0]
            if sector is None:
                self.reasons.append(
                    f"one integer: none of {tried} shifts explains all levels; the best, {best.shift}, all levels of "
                    f"{best.theories} of {len(self.shifts.sample)} theories"
                )
                return None
            doubts = [_not_explained(self.data, sector)]
        others = [candidate for candidate in self.shifts.scores if candidate.shift != shift]
        self.certificate["next_best"] = others[0].as_dict() if others else None
        candidates = [candidate.shift for candidate in self.shifts.scores]

        def best_of(theories: list[BareTheory]) -> tuple[int, int]:
            scores = [score_shift(theories, candidate) for candidate in candidates]
            return max(s.theories for s in scores), max(s.levels for s in scores)

        self._measure(best_of, self.draws)
        return self._of_sectors(ONE_INTEGER, [sector], doubts)

    def theory_shift(self) -> Finding | None:
        solution = theory_shift(self.data)
        if solution is None:
            enough = sum(len(theory) >= DECISIVE for theory in self.data.theories)
            self.reasons.append(
                f"shift of the theory: no shift and D, with formulas in the theory labels, for the {enough} theories "
                f"of {DECISIVE} levels or more (D up to {MULTIPLES} times the smallest possible)"
            )
            return None

        def best(theories: list[BareTheory]) -> tuple[int, int]:
            # The whole search, formulas included: with two or three levels every theory has a shift of its own.
            if theory_shift(BareSpectrum(self.data.labels, tuple(theories))) is not None:
                return len(theories), sum(map(len, theories))
            return _explained_by(lambda theory: _by_formulas(theory, solution.denominator, solution.offset), theories)

        self._measure(best, self.draws)
        return self._of_sectors(THEORY_SHIFT, [solution.sector], [], solution.denominator, solution.offset)

    def sectors(self) -> Finding | None:
        candidates = sector_candidates(self.data, self.shifts)
        assignments = sectors(self.data, candidates, self.shifts.sample)
        if assignments is None:
            self.reasons.append(
                f"sectors: no two of the 40 best shifts, and no three of the 24 best of {len(candidates)}, explain all "
                "levels with one D for each theory"
            )
            return None
        few, count = candidates[:RANDOM_SECTOR_SHIFTS], len(assignments)

        def best(theories: list[BareTheory]) -> tuple[int, int]:
            classes = {shift: [level_classes(theory, shift) for theory in theories] for shift in few}
            outcomes = []
            for chosen in combinations(few, count):
                sizes = [_most_explained([classes[s][i] for s in chosen]) for i in range(len(theories))]
                explained = sum(size == len(theory) for size, theory in zip(sizes, theories, strict=True))
                outcomes.append((explained, sum(sizes)))
            return max(o[0] for o in outcomes), max(o[1] for o in outcomes)

        self._measure(best, self._few_draws)
        return self._of_sectors(SECTORS, assignments, [])

    def form(self) -> Finding | None:
        sample = forms.form_sample(self.data)
        if sum(map(len, sample)) < 2 * len(sample) + 8:
            self.reasons.append("quadratic form: too few levels in each theory")
            return None
        scores = forms.try_forms(sample)
        fits = forms.fit_form(self.data, scores, sample)
        shown = [candidate.as_dict() for candidate in scores[:SHOWN_SHIFTS]]
        self.certificate["forms"] = {"tried": len(scores), "theories": len(sample), "scores": shown}
        if not fits or len(fits) > MOST_SHIFTS:
            self.reasons.append(
                f"quadratic form: none of {len(forms.FORMS)} forms with {len(grid())} shifts explains all levels"
                if not fits
                else f"quadratic form: {len(fits)} forms and shifts explain all levels; give more levels"
            )
            return None
        best = fits[0]
        doubts = _alternatives("forms and shifts", [f"{forms.FORMS[f.radicand]} with {f.shift}" for f in fits])
        form = forms.FORMS[best.radicand]
        self.certificate["next_best"] = scores[1].as_dict()

        def chance(theories: list[BareTheory]) -> tuple[int, int]:
            outcomes = []
            for shift in grid():
                sizes = [forms.largest_norm_class(t.levels, shift, best.radicand) for t in theories]
                outcomes.append((sum(map(int.__eq__, sizes, map(len, theories))), sum(sizes)))
            return max(o[0] for o in outcomes), max(o[1] for o in outcomes)

        self._measure(chance, self._few_draws, sample[:SLOW_THEORIES])
        self.certificate["chance"]["note"] = "with this form and every shift"
        if best.denominator is None:
            doubts.append(self._no_formula)
        denominators = dict(zip((t.key for t in self.data.theories), best.denominators, strict=True))

        def of(theory: BareTheory) -> tuple[HiddenIntegers | None, ...]:
            denominator = best.denominator(theory.labels) if best.denominator else denominators.get(theory.key)
            if denominator is None:
                denominator = forms.smallest_denominator(theory.levels, best.shift, best.radicand)
            if not denominator:
                return (None,) * len(theory)
            values = [denominator * (level + best.shift) for level in theory.levels]
            return tuple(
                forms.representation(form, value.numerator) if value.denominator == 1 and value >= 0 else None
                for value in values
            )

        sector = Sector(best.shift, None, best.denominator, self.data.levels)
        return self._finding(
            FORM, (sector,), Explanation(of), doubts, form=form, formulas=[best.denominator], denominators=denominators
        )

    def two_denominators(self) -> Finding | None:
        solutions = two_denominators.fit_two_denominators(self.data)
        if not solutions:
            self.reasons.append(
                "two denominators: no s = a/b with |s| <= 1 and b | 48 with D and D' that are products of up to three "
                "forms such as k+2 and k+m+2, on theories of "
                f"{two_denominators.LEAST_LEVELS} levels or more"
            )
            return None
        best = solutions[0]
        doubts = _alternatives("pairs of D and D'", [f"{other.first.text}, {other.second.text}" for other in solutions])
        sector = Sector(best.shift, None, best.first, self.data.levels)
        self._measure_levels(best.hidden)
        return self._finding(
            TWO_DENOMINATORS,
            (sector,),
            Explanation(best.hidden),
            doubts,
            second_denominator=best.second,
            sign=best.sign,
            formulas=[best.first, best.second],
            denominators={theory.key: best.first(theory.labels) for theory in self.data.theories},
        )

    def split_form(self) -> Finding | None:
        solution = split_forms.fit_split_form(self.data)
        if solution is None:
            self.reasons.append(
                f"product of two integers: no s = a/b with |s| <= {split_forms.LARGEST_SHIFT} and b | {GRID}, in one "
                "sector or two, with D a product of up to three forms such as k+2 and a bound on lambda + mu such as "
                f"2k+2, on theories of {split_forms.LEAST_LEVELS} levels or more"
            )
            return None
        # For low levels every whole number is a product with a small sum, so theories are not cut to their lowest.
        sample = sample_of(self.data.theories, SLOW_THEORIES, split_forms.LEAST_LEVELS, cut=False)
        self._measure_levels(solution.hidden, list(sample))
        counts = [answer[-1] for theory in self.data.theories for answer in solution.hidden(theory) if answer]
        several = len(solution.sectors) > 1
        parts = tuple(
            Sector(
                sector.shift,
                None,
                solution.denominator,
                counts.count(i) if several else self.data.levels,
                rule=solution.rule(i),
            )
            for i, sector in enumerate(solution.sectors)
        )
        return self._finding(
            SPLIT_FORM,
            parts,
            Explanation(solution.hidden),
            [],
            form=(0, 1, 0),
            formulas=[solution.denominator],
            denominators={theory.key: solution.denominator(theory.labels) for theory in self.data.theories},
        )

    # ---- common to all kinds

    def _of_sectors(
        self,
        kind: str,
        assignments: list[SectorAssignment],
        doubts: list[str],
        denominator: Formula | None = None,
        offset: Formula | None = None,
    ) -> Finding | None:
        """A finding with one hidden integer, in one sector or several."""
        formulas = [denominator or formula_of_denominator(self.data, sector) for sector in assignments]
        if None in formulas:
            doubts.append(self._no_formula)
        known = [
            dict(zip((t.key for t in self.data.theories), sector.denominators, strict=True)) for sector in assignments
        ]
        shifts = [sector.shifts[0] for sector in assignments]
        several = len(assignments) > 1

        def of(theory: BareTheory) -> tuple[HiddenIntegers | None, ...]:
            answers: list[HiddenIntegers | None] = [None] * len(theory)
            for number, (formula, by_key, shift) in enumerate(zip(formulas, known, shifts, strict=True)):
                below = formula(theory.labels) if formula else by_key.get(theory.key)
                if offset is not None:
                    above = offset(theory.labels)
                    shift = above / below if below and above is not None else None
                if not below or shift is None:
                    continue
                for i, level in enumerate(theory.levels):
                    value = hidden_integer(level, shift, below)
                    if value is not None and answers[i] is None:
                        answers[i] = (value, number) if several else (value,)
            return tuple(answers)

        explanation = Explanation(of)
        whole = together(self.data, self.held_out)
        hidden = [explanation.of(theory) for theory in whole.theories]
        parts = []
        for number, sector in enumerate(assignments):
            values = [
                sorted({answer[0] for answer in answers if answer and (not several or answer[1] == number)})
                for answers in hidden
            ]
            occurring = occurrence(
                self.data.labels,
                [theory.labels for theory in whole.theories],
                values,
                [self.complete] * len(values),
            )
            size = sum(map(len, sector.levels))
            parts.append(Sector(None if offset else shifts[number], offset, formulas[number], size, occurring))
        return self._finding(
            kind, tuple(parts), explanation, doubts, formulas=[*formulas, offset], denominators=known[0]
        )

    def _finding(
        self,
        kind: str,
        parts: tuple[Sector, ...],
        explanation: Explanation,
        doubts: list[str],
        formulas: Sequence[Formula | None],
        denominators: dict[tuple, Fraction | None],
        **more: Any,
    ) -> Finding | None:
        chance = self.certificate["chance"]
        if chance["draws_that_explain_all"]:
            self.reasons.append(
                f"{kind}: one fits the levels, but also {chance['draws_that_explain_all']} of {chance['draws']} random "
                "spectra with the same denominators"
            )
            self.certificate.pop("chance")
            self.certificate.pop("next_best", None)
            return None
        hidden = tuple(explanation.of(theory) for theory in self.data.theories)
        judged = _coverage(self.data, explanation)
        held_out = _coverage(self.held_out, explanation) if self.held_out and self.held_out.levels else None
        for formula in formulas:
            if formula is not None and formula.outcome != IDENTIFIED:
                reasons = formula.certificate.get("reasons") or ["too few theories"]
                doubts.append(f"{formula.text} fits but is not identified: {'; '.join(reasons)}")
        if chance["log10_chance"] > LARGEST_LOG10_CHANCE:
            size = chance["log10_chance"]
            doubts.append(f"random spectra with the same denominators are explained with a chance of 10^{size:.1f}")
        # Without theory labels D can only be a number for each theory.
        open_questions = [doubt for doubt in doubts if doubt != WITHOUT_LABELS]
        return Finding(
            kind,
            FITS if open_questions else IDENTIFIED,
            tuple(doubts),
            parts,
            denominators=tuple(denominators.get(theory.key) for theory in self.data.theories),
            hidden=hidden,
            data=judged,
            held_out=held_out,
            certificate=self.certificate | {"explored": self.reasons},
            explain=explanation.of,
            **more,
        )

    def _measure(
        self, best: Callable[[list[BareTheory]], tuple[int, int]], draws: int, sample: list[BareTheory] | None = None
    ) -> None:
        self.certificate["chance"] = measured_chance(list(sample or self.shifts.sample), best, draws)

    def _measure_levels(
        self, hidden: Callable[[BareTheory], tuple[HiddenIntegers | None, ...]], sample: list[BareTheory] | None = None
    ) -> None:
        """`_measure` where the search is too slow to be repeated: these formulas on random levels."""

        self._measure(lambda theories: _explained_by(hidden, theories), self.draws, sample)
        self.certificate["chance"]["note"] = "with these formulas, not with all that were tried"


def _by_formulas(theory: BareTheory, denominator: Formula | None, offset: Formula | None) -> tuple[int | None, ...]:
    """The hidden integer of each level of E = (lambda^2 - e)/D."""
    below = denominator(theory.labels) if denominator else None
    above = offset(theory.labels) if offset else None
    if not below or above is None:
        return (None,) * len(theory)
    return tuple(hidden_integer(level, above / below, below) for level in theory.levels)


def _explained_by(
    hidden: Callable[[BareTheory], Sequence[object | None]], theories: list[BareTheory]
) -> tuple[int, int]:
    """How many theories, and how many levels, have hidden integers."""
    counts = [sum(answer is not None for answer in hidden(theory)) for theory in theories]
    return sum(map(int.__eq__, counts, map(len, theories))), sum(counts)


def _coverage(spectrum: BareSpectrum, explanation: Explanation) -> Coverage:
    answers = [explanation.of(theory) for theory in spectrum.theories]
    return Coverage(
        levels=sum(answer is not None for integers in answers for answer in integers),
        of_levels=spectrum.levels,
        theories=sum(None not in integers for integers in answers),
        of_theories=len(answers),
    )


def _not_explained(spectrum: BareSpectrum, sector: SectorAssignment) -> str:
    """The levels that lie in no sector, in words."""
    names = []
    for theory, places in zip(spectrum.theories, sector.levels, strict=True):
        label = ", ".join(f"{name}={value}" for name, value in zip(spectrum.labels, theory.labels, strict=True))
        label = label or f"theory {theory.key}"
        names += [f"{theory.levels[i]} ({label})" for i in range(len(theory)) if i not in places]
    more = f" and {len(names) - SHOWN_LEVELS} more" if len(names) > SHOWN_LEVELS else ""
    return f"{len(names)} of {spectrum.levels} levels are not explained: {'; '.join(names[:SHOWN_LEVELS])}{more}"


def _alternatives(what: str, fitting: Sequence[object]) -> list[str]:
    if len(fitting) < 2:
        return []
    return [f"{len(fitting)} {what} explain all levels: {', '.join(map(str, fitting))}"]


def _most_explained(classes: list[tuple[int, ...]]) -> int:
    """The most levels that one class explains under any of the shifts."""
    kinds = {kind for column in classes for kind in column if kind > 0}
    size = len(classes[0])
    return max((sum(any(c[i] in (kind, 0) for c in classes) for i in range(size)) for kind in kinds), default=0)
