"""One hidden integer: E = lambda^2/D - s with one s, with s a function of the theory, or with a few s (sectors)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import gcd, lcm

from cftsr.algebra.square_classes import square_free, square_root
from cftsr.hidden.bare import BareSpectrum, BareTheory
from cftsr.hidden.formulas import Formula, denominator_formula, fit_formula
from cftsr.hidden.shifts import ShiftScore, Solved, denominator_of, grid, score_shift, solved_shifts

SAMPLE, SAMPLE_LEVELS = 24, 16  # theories on which every shift is scored, and their levels; the best are tried on all
SOLVED_THEORIES = 12  # theories for which every possible shift is computed
DECISIVE = 4  # levels that a theory needs for that: with three, many shifts fit
SUBSET, SUBSET_LEVELS, SUBSET_THEORIES, SUBSET_MULTIPLES = 4, 9, 6, 48  # the same for sectors, from subsets of levels
MAX_SECTORS = 3
SECTOR_SHIFTS = {2: 40, 3: 24}  # number of sectors -> how many of the best shifts are combined
WRONG = 0.02  # share of the levels that may be left over: they are listed, and the result is not identified
MOST_AMBIGUOUS = 12  # a theory with more solutions says nothing


@dataclass(frozen=True)
class Shifts:
    """The shifts that were tried on a sample of theories, best first."""

    scores: tuple[ShiftScore, ...]
    sample: tuple[BareTheory, ...]
    solved: dict[BareTheory, tuple[Solved, ...]]


def sample_of(
    theories: Iterable[BareTheory], size: int = SAMPLE, least: int = 3, cut: bool = True
) -> tuple[BareTheory, ...]:
    """Theories with at least `least` levels (or two, if few have so many), spread evenly over the data.

    cut   whether to take only their lowest SAMPLE_LEVELS levels
    """
    theories = list(theories)
    chosen = [theory for theory in theories if len(theory) >= least]
    if len(chosen) < 4:
        chosen = [theory for theory in theories if len(theory) > 1]
    step = max(1, -(-len(chosen) // size))
    return tuple(theory.lowest(SAMPLE_LEVELS) if cut else theory for theory in chosen[::step])


def try_shifts(spectrum: BareSpectrum) -> Shifts:
    """The scores of all shifts of the grid, and of those that solve a theory, on a sample of the theories."""
    sample = sample_of(spectrum.theories)
    decisive = [theory for theory in sample if len(theory) >= DECISIVE][:SOLVED_THEORIES]
    solved = {theory: tuple(solved_shifts(theory.levels)) for theory in decisive}
    candidates = dict.fromkeys(grid())
    for solutions in solved.values():
        if len(solutions) <= MOST_AMBIGUOUS:
            candidates |= dict.fromkeys(solution.shift for solution in solutions)
    scores = [score_shift(sample, shift) for shift in candidates]
    scores.sort(key=lambda s: (-s.theories, -s.levels, s.shift.denominator, abs(s.shift)))
    return Shifts(tuple(scores), sample, solved)


@dataclass(frozen=True)
class SectorAssignment:
    """For each theory the shift, D and levels of one sector; D is None where the theory has no level in it.

    levels    for each theory the places of the sector's levels
    """

    shifts: tuple[Fraction, ...]
    denominators: tuple[Fraction | None, ...]
    levels: tuple[tuple[int, ...], ...]


def constant_shift(spectrum: BareSpectrum, shifts: Shifts) -> list[Fraction]:
    """The shifts that explain every level of every theory, simplest first."""
    fitting = []
    for candidate in shifts.scores:
        if candidate.theories < len(shifts.sample):
            break
        if all(denominator_of(theory.levels, candidate.shift) is not None for theory in spectrum.theories):
            fitting.append(candidate.shift)
    return fitting


def nearly_constant_shift(spectrum: BareSpectrum, shifts: Shifts) -> tuple[Fraction, SectorAssignment | None]:
    """The shift that explains the most levels, and these levels; None if more than a few are left over."""
    best = max(shifts.scores, key=lambda candidate: candidate.levels).shift
    places, denominators = [], []
    for theory in spectrum.theories:
        kinds = level_classes(theory, best)
        sizes = Counter(kind for kind in kinds if kind > 0)
        kind = sizes.most_common(1)[0][0] if sizes else 0
        taken = tuple(i for i in range(len(theory)) if kinds[i] in (kind, 0))
        places.append(taken)
        denominators.append(denominator_of(tuple(theory.levels[i] for i in taken), best) if taken else None)
    left = spectrum.levels - sum(map(len, places))
    if left > WRONG * spectrum.levels:
        return best, None
    return best, SectorAssignment((best,) * len(spectrum.theories), tuple(denominators), tuple(places))


def one_sector(spectrum: BareSpectrum, shift_of: dict[BareTheory, Fraction]) -> SectorAssignment:
    """A single sector with all levels."""
    shifts = tuple(shift_of[theory] for theory in spectrum.theories)
    denominators = tuple(
        denominator_of(theory.levels, shift) for theory, shift in zip(spectrum.theories, shifts, strict=True)
    )
    return SectorAssignment(shifts, denominators, tuple(tuple(range(len(theory))) for theory in spectrum.theories))


def formula_of_denominator(spectrum: BareSpectrum, sector: SectorAssignment) -> Formula | None:
    """D as a formula, from theories with several levels in the sector; on the others it must agree up to a square."""
    if not spectrum.labels:
        return None
    for least in (3, 2, 1):
        rows = [
            (theory, denominator, shift, [theory.levels[place] for place in places])
            for theory, denominator, shift, places in zip(
                spectrum.theories, sector.denominators, sector.shifts, sector.levels, strict=True
            )
            if denominator is not None and len(places) >= least
        ]
        if len(rows) >= 4 or least == 1:
            break
    steps = []
    for _, denominator, shift, levels in rows:
        roots = [int(square_root(denominator * (level + shift))) for level in levels]
        steps.append(gcd(*(root - roots[0] for root in roots[1:])))
    return denominator_formula(
        spectrum.labels, [row[0].labels for row in rows], [row[1] for row in rows], [step or 1 for step in steps]
    )


# ---- a shift that depends on the theory


@dataclass(frozen=True)
class TheoryShift:
    """E = (lambda^2 - e)/D with formulas e and D; None if only their values are known."""

    sector: SectorAssignment
    denominator: Formula | None
    offset: Formula | None


def theory_shift(spectrum: BareSpectrum) -> TheoryShift | None:
    """A shift for each theory, with formulas for it and for D: from all its levels, or from their places."""
    return _solved_theory_shift(spectrum) or _theory_shift_by_place(spectrum)


def _theory_shift_by_place(spectrum: BareSpectrum) -> TheoryShift | None:
    """The levels of each theory as a quadratic polynomial of their place, lambda in equal steps from a lowest value on.

    E = ((m (j + r))^2 - e)/D at place j: theories of three levels give D, those of two r, and all of them e. Some
    theory has to have four levels, so that the polynomial is tested.
    """
    if not spectrum.labels or max(map(len, spectrum.theories)) < DECISIVE:
        return None
    curvature: dict[BareTheory, Fraction] = {}
    for theory in spectrum.theories:
        second = [a - 2 * b + c for a, b, c in zip(theory.levels, theory.levels[1:], theory.levels[2:], strict=False)]
        if second and (second[0] <= 0 or len(set(second)) > 1):
            return None
        if second:
            curvature[theory] = second[0]
    inverse = fit_formula(spectrum.labels, [t.labels for t in curvature], [1 / value for value in curvature.values()])
    if inverse is None:
        return None
    steps = {theory: inverse(theory.labels) for theory in spectrum.theories if len(theory) > 1}
    if None in steps.values():
        return None
    places = {theory: (theory.levels[1] - theory.levels[0]) * step - Fraction(1, 2) for theory, step in steps.items()}
    lowest = fit_formula(spectrum.labels, [theory.labels for theory in places], list(places.values()))
    if lowest is None:
        return None
    m = lcm(*(value.denominator for value in places.values()))
    theories = [theory.labels for theory in spectrum.theories]
    ground, below = [lowest(labels) for labels in theories], [inverse(labels) for labels in theories]
    if None in ground or None in below:
        return None
    denominators = [2 * m * m * value for value in below]
    denominator = fit_formula(spectrum.labels, theories, denominators)
    offsets = [
        (m * r) ** 2 - d * theory.levels[0]
        for theory, r, d in zip(spectrum.theories, ground, denominators, strict=True)
    ]
    offset = fit_formula(spectrum.labels, theories, offsets)
    if denominator is None or offset is None:
        return None
    return _confirmed(spectrum, denominator, offset)


def _solved_theory_shift(spectrum: BareSpectrum) -> TheoryShift | None:
    """The formulas from the shifts that solve each theory. None if a theory with enough levels has no such shift."""
    solutions: dict[BareTheory, list[Solved]] = {}
    for theory in spectrum.theories:
        if len(theory) >= DECISIVE:
            solutions[theory] = solved_shifts(theory.levels)
            if not solutions[theory]:
                return None
    unique = {theory: solved[0] for theory, solved in solutions.items() if len(solved) == 1}
    if len(unique) < 4 or not spectrum.labels:
        return None
    part = BareSpectrum(spectrum.labels, tuple(unique))
    sector = one_sector(part, {theory: solved.shift for theory, solved in unique.items()})
    denominator = formula_of_denominator(part, sector)
    if denominator is None:
        return None
    theories = [theory.labels for theory in part.theories]
    offsets = [denominator(labels) * shift for labels, shift in zip(theories, sector.shifts, strict=True)]
    offset = fit_formula(spectrum.labels, theories, offsets)
    if offset is None:
        return None
    return _confirmed(spectrum, denominator, offset)


def _confirmed(spectrum: BareSpectrum, denominator: Formula, offset: Formula) -> TheoryShift | None:
    """The formulas if they explain every level, else None."""
    shift_of = {}
    for theory in spectrum.theories:
        below, above = denominator(theory.labels), offset(theory.labels)
        if not below or above is None:
            return None
        shift_of[theory] = above / below
    whole = one_sector(spectrum, shift_of)
    if any(value is None for value in whole.denominators):
        return None
    return TheoryShift(whole, denominator, offset)


# ---- sectors


def sector_candidates(spectrum: BareSpectrum, shifts: Shifts) -> list[Fraction]:
    """Shifts that explain some of the levels, best first: from the grid, and those that solve subsets of levels."""
    counts: Counter[Fraction] = Counter()
    theories = [theory for theory in shifts.sample if len(theory) > SUBSET]
    for theory in sorted(theories, key=len)[-SUBSET_THEORIES:]:
        met = set()
        for subset in combinations(theory.levels[:SUBSET_LEVELS], SUBSET):
            solutions = solved_shifts(subset, SUBSET_MULTIPLES)
            if len(solutions) <= MOST_AMBIGUOUS:
                met |= {solution.shift for solution in solutions}
        counts.update(met)
    known = {candidate.shift for candidate in shifts.scores}
    fresh = [shift for shift, count in counts.most_common(60) if count > 1 and shift not in known]
    scores = [*shifts.scores, *(score_shift(list(shifts.sample), shift) for shift in fresh)]
    scores.sort(key=lambda s: (-s.levels, s.shift.denominator, abs(s.shift)))
    return [candidate.shift for candidate in scores]


def level_classes(theory: BareTheory, shift: Fraction) -> tuple[int, ...]:
    """The class of each E + s up to squares; 0 goes with every class."""
    return tuple(square_free(level + shift) for level in theory.levels)


def common_class(classes: list[tuple[int, ...]]) -> int | None:
    """A class in which every level lies under one of the shifts, or None."""
    for kind in {column[0] for column in classes}:
        if kind > 0 and all(any(column[i] in (kind, 0) for column in classes) for i in range(len(classes[0]))):
            return kind
    return None


def sectors(
    spectrum: BareSpectrum, candidates: list[Fraction], sample: tuple[BareTheory, ...]
) -> list[SectorAssignment] | None:
    """The least number of constant shifts, with one D up to squares for each theory, that explain every level."""
    for count in range(2, MAX_SECTORS + 1):
        few = candidates[: SECTOR_SHIFTS[count]]
        classes = {shift: [level_classes(theory, shift) for theory in sample] for shift in few}
        for chosen in combinations(few, count):
            if all(common_class([classes[shift][i] for shift in chosen]) is not None for i in range(len(sample))):
                assignments = _split(spectrum, tuple(sorted(chosen)))
                if assignments is not None:
                    return assignments
    return None


def _split(spectrum: BareSpectrum, chosen: tuple[Fraction, ...]) -> list[SectorAssignment] | None:
    """The levels of each sector; None if a level is in no sector, or a sector has hardly any levels."""
    places: list[list[tuple[int, ...]]] = [[] for _ in chosen]
    for theory in spectrum.theories:
        classes = [level_classes(theory, shift) for shift in chosen]
        kind = common_class(classes)
        if kind is None:
            return None
        taken: list[list[int]] = [[] for _ in chosen]
        for i in range(len(theory)):
            first = next(number for number, column in enumerate(classes) if column[i] in (kind, 0))
            taken[first].append(i)
        for column, indices in zip(places, taken, strict=True):
            column.append(tuple(indices))
    assignments = []
    for shift, column in zip(chosen, places, strict=True):
        if sum(map(len, column)) < spectrum.levels / 50:
            return None
        denominators = tuple(
            denominator_of(tuple(theory.levels[i] for i in places_of), shift) if places_of else None
            for theory, places_of in zip(spectrum.theories, column, strict=True)
        )
        assignments.append(SectorAssignment((shift,) * len(spectrum.theories), denominators, tuple(column)))
    return assignments
