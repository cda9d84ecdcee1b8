"""Products of linear factors, whatever their degree: dimensions of representations, for example.

A factor that the targets contain shows in their prime factors: wherever a prime divides the factor's value, it divides
the target. That singles out few of all linear forms with small coefficients. Their powers then solve linear equations,
log|y| = log|C| + sum of m log|L| and v_p(y) = sum of m v_p(L) for each prime p that the constant C does not have, and
the product is checked exactly on every row. Where labels take few values, forms depend on each other there, and of all
powers the shortest are taken: those of the least sum of |m| times the length of L (basis pursuit; Chen, Donoho and
Saunders, SIAM J. Sci. Comput. 20 (1998) 33). A factor that is not linear is looked for in the quotient, as P/Q of
growing degree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, product
from math import gcd, log, prod

import numpy as np

from cftsr.algebra.polynomials import Polynomial, multiply
from cftsr.algebra.rational_function import RationalFunction
from cftsr.data.dataset import Dataset, integers
from cftsr.engines.base import Problem
from cftsr.engines.rational.description import bits_of, formula_bits
from cftsr.engines.rational.fit import Fit
from cftsr.engines.rational.identification import largest
from cftsr.engines.rational.search import Limits, Search, search
from cftsr.fronts.certificate import SPARE_VALUES, Certificate, Refit
from cftsr.vocabulary import FITS, IDENTIFIED

# Largest coefficient of a label in a form, by the number of labels; and the constants tried.
COEFFICIENTS = {1: 6, 2: 4, 3: 2, 4: 2}
CONSTANTS = 12
SAMPLE = 600  # rows that single out the forms
PRIMES = tuple(p for p in range(5, 400) if all(p % d for d in range(2, int(p**0.5) + 1)))
LARGE_PRIME = 11  # from here on primes that the constant factor seldom has
SUPPORT = 0.9  # share of the rows where a prime divides a form that it must divide the target, too
ENOUGH_HITS = 30  # rows where a prime divides a form, to decide on it
MAX_FORMS, MAX_POWER = 250, 40
SPARE_ROWS = 8
REST_UNKNOWNS = 80  # of what is left when the linear factors are taken out


@dataclass(frozen=True)
class Product:
    """C * product of forms**powers * rest; a form is its coefficients in x (whole numbers), the constant last."""

    forms: tuple[tuple[int, ...], ...]
    powers: tuple[int, ...]
    constant: Fraction
    rest: RationalFunction | None = None

    @property
    def unknowns(self) -> int:
        """Coefficients: of each form, of the rest, and the constant."""
        own = sum(map(len, self.forms)) + 1
        return own + (sum(map(len, self.rest)) if self.rest else 0)

    @property
    def bits(self) -> float:
        """The length of its description, as `formula_bits` counts it."""
        numbers = (*chain(*self.forms), *self.powers, self.constant.numerator, self.constant.denominator)
        return sum(map(bits_of, numbers)) + (formula_bits(self.rest, 0) if self.rest else 0)


def fit(problem: Problem, searched: Search, refit_without: float) -> Fit | None:
    """The product of linear factors through all rows, and what speaks for it; None where there is none."""
    fewest = len(problem.labels) + 2  # one form, and the constant
    if problem.finite_labels or len(problem) < fewest + SPARE_ROWS:
        return None
    result = product_of(problem)
    if result is None or len(problem) < result.unknowns + SPARE_ROWS or not result.forms:
        return None
    function = expanded(result, problem)
    if len(problem.wrong_rows(function)):
        return None
    reasons, untested, refits = [], [], []
    distinct = dict(zip(problem.labels, searched.distinct, strict=True))
    needed = {
        label: 2 + SPARE_VALUES
        for i, label in enumerate(problem.labels)
        if any(form[i] for form in result.forms) or result.rest
    }
    for label, count in needed.items():
        if distinct[label] < count:
            untested.append(f"{label} takes {distinct[label]} values, and {count} are needed to test a factor in it")
    for what, mask in largest(problem, refit_without, {}).items():
        kept = np.flatnonzero(~mask)
        again = product_of(problem.take(kept)) if len(kept) >= result.unknowns else None
        same = again is not None and expanded(again, problem) == function
        refits.append(Refit(what, len(kept), int(mask.sum()), same))
        if not same:
            reasons.append(f"without the {int(mask.sum())} rows of {what} the fit finds another formula, or none")
    certificate = Certificate(
        outcome=FITS if reasons or untested else IDENTIFIED,
        reasons=tuple(reasons),
        untested=tuple(untested),
        rows=len(problem),
        distinct_values=distinct,
        degrees=function.degrees,
        unknowns=result.unknowns,
        rows_needed=result.unknowns + 1,
        values_needed=needed,
        refits=tuple(refits),
        remarks=("found, and tested, as a product of linear factors; a sum of that degree would need more rows",),
    )
    return Fit(function, certificate, searched.systems, bits=result.bits)


def product_of(rows: Dataset) -> Product | None:
    """The product through all rows, or None."""
    if not np.any(rows.numerator != 0):
        return None
    sample = rows.take(rows.spread(SAMPLE))
    targets = _targets(sample)
    forms, large = _forms(sample, targets)
    result = _of_forms(rows, forms, sample) or _with_rest(rows, forms, large)
    if result is None:
        # The constant may have the smallest of our primes: 720 has 5.
        wider, _ = _forms(sample, {prime: powers for prime, powers in targets.items() if prime > PRIMES[0]})
        result = _of_forms(rows, wider, sample) if len(wider) > len(forms) else None
    return result


def _of_forms(rows: Dataset, forms: list[tuple[int, ...]], sample: Dataset) -> Product | None:
    """The product of powers of these forms alone, or None."""
    if not 0 < len(forms) <= MAX_FORMS:
        return None
    checked = (_checked(rows, forms, powers) for powers in _powers(forms, sample))
    return next((result for result in checked if result is not None), None)


def _candidates(labels: int) -> Iterator[tuple[int, ...]]:
    """Primitive coefficient vectors, the first that is not 0 positive, without the constant."""
    most = COEFFICIENTS.get(labels, 1)
    for vector in product(range(-most, most + 1), repeat=labels):
        first = next((value for value in vector if value), 0)
        if first > 0:
            yield vector


def _valuations(values: np.ndarray, prime: int) -> np.ndarray:
    """The power of the prime in each of the integers (0 for 0)."""
    power = np.zeros(values.shape, dtype=np.int64)
    rest = values.copy()
    divides = (rest % prime == 0) & (rest != 0)
    while divides.any():
        power[divides] += 1
        rest[divides] //= prime
        divides = (rest % prime == 0) & (rest != 0)
    return power


def _targets(rows: Dataset) -> dict[int, np.ndarray]:
    """v_p of the targets, for each of our primes."""
    above, below = rows.numerator.astype(object), rows.denominator.astype(object)
    return {prime: _valuations(above, prime) - _valuations(below, prime) for prime in PRIMES}


def _forms(rows: Dataset, targets: dict[int, np.ndarray]) -> tuple[list[tuple[int, ...]], dict[tuple[int, ...], int]]:
    """The forms that the targets' primes speak for, and of each the power that its own large primes have."""
    x, kept, powers = rows.x.astype(np.int64), [], {}
    nonzero = rows.numerator != 0
    for vector in _candidates(x.shape[1]):
        base = x @ np.array(vector, dtype=np.int64)
        for constant in range(-CONSTANTS, CONSTANTS + 1):
            if gcd(*vector, constant) != 1:
                continue
            values = base + constant
            if np.any((values == 0) & nonzero):
                continue
            seen = _shared_primes(values, targets, nonzero)
            if seen is None:
                continue
            form = (*vector, constant)
            kept.append(form)
            if seen:
                powers[form] = min(seen, key=abs)
    return kept, powers


def _shared_primes(values: np.ndarray, targets: dict[int, np.ndarray], nonzero: np.ndarray) -> list[int] | None:
    """The targets' powers of large primes where these divide a form's values, or None where too few targets share them.

    The largest primes that divide a value decide: small ones the constant may have, too.
    """
    tested, agreed, seen = 0, 0, []
    largest = int(np.abs(values[nonzero]).max(initial=0))
    for prime in reversed(targets):
        if prime > largest:
            continue
        hit = (values % prime == 0) & nonzero
        if not hit.any():
            continue
        power = targets[prime][hit]
        tested, agreed = tested + len(power), agreed + int(np.count_nonzero(power))
        if agreed < SUPPORT * tested - 3:
            return None
        if prime >= LARGE_PRIME:
            seen += power.tolist()
        if tested >= ENOUGH_HITS:
            break
    if tested:
        return seen if agreed >= SUPPORT * tested else None
    return seen if np.abs(values).max() > 1 else None


def _values(forms: list[tuple[int, ...]], rows: Dataset) -> np.ndarray:
    """The forms at the rows, int64, shape (rows, forms)."""
    matrix = np.array(forms, dtype=np.int64)
    return rows.x.astype(np.int64) @ matrix[:, :-1].T + matrix[:, -1]


def _logs(values: np.ndarray) -> np.ndarray:
    """log|integers| of any size."""
    if values.dtype != object:
        return np.log(np.abs(values).astype(float))
    return np.array([log(abs(value)) for value in values.tolist()])


def _powers(forms: list[tuple[int, ...]], rows: Dataset) -> Iterator[list[int]]:
    """The powers that solve the equations of logarithms and of large primes, if they are whole numbers.

    Where there are several, the shortest.
    """
    nonzero = np.flatnonzero(rows.numerator != 0)
    part = rows.take(nonzero)
    values = _values(forms, part)
    left = [np.column_stack([np.log(np.abs(values).astype(float)), np.ones(len(part))])]
    right = [_logs(part.numerator) - _logs(part.denominator)]
    for prime, targets in _targets(part).items():
        if prime < LARGE_PRIME:
            continue
        powers = _valuations(values, prime)
        used = np.flatnonzero(powers.any(axis=1))
        if len(used):
            left.append(np.column_stack([powers[used], np.zeros(len(used))]).astype(float))
            right.append(targets[used].astype(float))
    matrix, target = np.vstack(left), np.concatenate(right)
    solution, _, rank, _ = np.linalg.lstsq(matrix, target, rcond=1e-10)
    if np.abs(matrix @ solution - target).max() > 1e-6 * max(1.0, np.abs(target).max()):
        return
    solutions = [solution[:-1]]
    if rank < matrix.shape[1]:
        solutions += _shortest(matrix, target, [sum(map(bits_of, form)) for form in forms])
    for powers in solutions:
        whole = np.rint(powers)
        if np.abs(powers - whole).max() <= 1e-3 and np.abs(whole).max() <= MAX_POWER:
            yield whole.astype(int).tolist()


def _shortest(matrix: np.ndarray, target: np.ndarray, lengths: list[int]) -> list[np.ndarray]:
    """The solution of the least sum of |powers| times lengths, of one or none; the last column is a constant."""
    from scipy.optimize import linprog  # its import costs more than most fits

    cost = np.array([*lengths, 0.0])
    solved = linprog(np.tile(cost, 2), A_eq=np.hstack([matrix, -matrix]), b_eq=target, method="highs")
    if solved.status != 0:
        return []
    positive, negative = np.split(solved.x, 2)
    return [(positive - negative)[:-1]]


def _checked(rows: Dataset, forms: list[tuple[int, ...]], powers: list[int]) -> Product | None:
    used = [(form, power) for form, power in zip(forms, powers, strict=True) if power]
    quotient = _quotient(rows, used)
    if quotient is None:
        return None
    above, below, _ = quotient
    if not len(above) or np.any(above * below[0] != above[0] * below):
        return None
    return Product(
        tuple(form for form, _ in used), tuple(power for _, power in used), Fraction(int(above[0]), int(below[0]))
    )


def _quotient(
    rows: Dataset, used: list[tuple[tuple[int, ...], int]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """The targets divided by the product, as Python integers, on the rows where it is neither 0 nor undefined.

    None where it is undefined on a row, or 0 where the target is not.
    """
    values = _values([form for form, _ in used], rows).astype(object) if used else np.empty((len(rows), 0), object)
    above, below = rows.numerator.astype(object), rows.denominator.astype(object)
    vanishes = np.zeros(len(rows), dtype=bool)
    for column, (_, power) in enumerate(used):
        factor = values[:, column]
        zero = factor == 0
        if power < 0 and np.any(zero):
            return None
        vanishes |= zero.astype(bool)
        if power > 0:
            below = below * factor**power
        else:
            above = above * factor ** (-power)
    if np.any(rows.numerator[vanishes] != 0):
        return None
    kept = np.flatnonzero(~vanishes)
    return above[kept], below[kept], kept


def _with_rest(rows: Dataset, forms: list[tuple[int, ...]], large: dict[tuple[int, ...], int]) -> Product | None:
    """The product of the forms that large primes speak for, times a function of low degree."""
    used = [(form, power) for form, power in large.items() if power and form in forms]
    quotient = _quotient(rows, used) if used and len(forms) <= MAX_FORMS else None
    if quotient is None:
        return None
    above, below, kept = quotient
    common = np.array([gcd(a, b) if b > 0 else -gcd(a, b) for a, b in zip(above.tolist(), below.tolist(), strict=True)])
    if not len(kept):
        return None
    part = replace(
        rows.take(kept), numerator=integers(above // common), denominator=integers(below // common), scales=()
    )
    searched = search(part, Limits(12, REST_UNKNOWNS, 12))
    if searched.solution is None or len(kept) < 2 * searched.solution.unknowns + SPARE_ROWS:
        return None
    return Product(
        tuple(form for form, _ in used), tuple(power for _, power in used), Fraction(1), searched.solution.function
    )


def expanded(result: Product, rows: Dataset) -> RationalFunction:
    """The product as P/Q in the labels."""
    labels = len(rows.labels)
    scales = rows.scales or (1,) * labels
    zero = (0,) * labels
    above: Polynomial = {zero: result.constant.numerator}
    below: Polynomial = {zero: result.constant.denominator}
    for form, power in zip(result.forms, result.powers, strict=True):
        factor = {
            tuple(int(i == column) for i in range(labels)): value * scales[column]
            for column, value in enumerate(form[:-1])
            if value
        }
        if form[-1]:
            factor[zero] = form[-1]
        for _ in range(abs(power)):
            if power > 0:
                above = multiply(above, factor)
            else:
                below = multiply(below, factor)
    function = RationalFunction(above, below)
    if result.rest is not None:
        # The rest is a function of the whole numbers.
        function *= RationalFunction(
            *({key: value * prod(map(pow, scales, key)) for key, value in part.items()} for part in result.rest)
        )
    return function.cancelled()
