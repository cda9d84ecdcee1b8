"""Does `python -m cftsr fit` ever call a wrong formula identified, or a right row wrong?

    python benchmarks/false_identified.py [--seeds FIRST LAST] [rational] [other] [wrong] [digits]

rational   random rational functions of two labels: degrees to 3 over 3, small whole coefficients, 4 to 100 rows of
           triangles, boxes, strips of three values and sparse samples. Identified must mean: this function; and no row
           is called wrong.
other      tables that have no rational formula, or none to find: floors, minima, roots, noise, rounded and small
           tables. Identified must mean: right on rows that nobody saw, where the table has a rule.
wrong      h of su(2)_k and random functions with one or two rows changed: found and named?
digits     h of su(2)_k and of the minimal models rounded to 5 to 17 significant digits, or 5 to 15 decimals: identified
           or not, and why. It takes no seeds.

Each table is fitted as a file is: with its largest theories held out, and at the options of config.yaml. Prints counts,
and every case that went wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from cftsr.algebra.expressions import apply_operator, fold  # noqa: E402
from cftsr.algebra.formula import parse  # noqa: E402
from cftsr.algebra.polynomials import add, evaluate_exactly, multiply  # noqa: E402
from cftsr.answers.fit_file import FitAnswer, default_options, fit_file, fit_rows  # noqa: E402
from cftsr.data.dataset import Dataset, integers  # noqa: E402
from cftsr.data.user_file import SpectrumRequest  # noqa: E402
from cftsr.fronts.exactness import function_of  # noqa: E402

LABELS = ("n", "m")
BRANCH = 4  # rows that each branch of a minimum or an absolute value has, at least
WRONG = ("one of 54", "one of 20 or more", "two of 60 or more", "one of 2u + 10 or more")
KINDS = ("triangle", "box", "strip", "sparse")


@dataclass(frozen=True)
class Table:
    """Labels and exact targets of a file, and the function that they come from (None where there is none).

    rule      what else they come from; None for noise
    further   points of the same region that the file does not have
    """

    x: np.ndarray
    targets: list[Fraction]
    function: tuple[dict, dict] | None = None
    rule: Callable[[int, int], Fraction] | None = None
    further: np.ndarray | None = None


def points_of(kind: str, random: np.random.Generator, count: int | None = None, most: int = 100) -> np.ndarray:
    """Distinct points of the plane: 4 to 100 of them."""
    count = count or int(random.integers(4, 101))
    if kind == "triangle":
        size = max(2, int((2 * count) ** 0.5))
        points = [(n, m) for n in range(1, size + 1) for m in range(n + 1)]
    elif kind == "box":
        width = int(random.integers(2, 11))
        points = [(n, m) for n in range(1, max(2, count // width) + 1) for m in range(1, width + 1)]
    elif kind == "strip":
        first = int(random.integers(-1, 3))
        points = [(n, m) for n in range(1, max(2, count // 3) + 1) for m in range(first, first + 3)]
    else:
        points = list({(int(n), int(m)) for n, m in random.integers(0, 16, (count, 2))})
    return np.array(sorted(points)[:most], dtype=np.int64)


def polynomial_of(degree: int, random: np.random.Generator) -> dict:
    """Small whole coefficients, about half of them 0."""
    keys = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    values = random.integers(-5, 6, len(keys)) * (random.random(len(keys)) < 0.6)
    return {key: int(value) for key, value in zip(keys, values, strict=True) if value}


def rational_table(seed: int) -> Table:
    random = np.random.default_rng(seed)
    while True:
        x = points_of(KINDS[seed % len(KINDS)], random)
        above, below = (polynomial_of(int(random.integers(0, 4)), random) for _ in range(2))
        if not above or not below:
            continue
        values = [evaluate_exactly(part, x) for part in (above, below)]
        kept = values[1] != 0
        if np.count_nonzero(kept) >= 4:
            targets = [Fraction(int(a), int(b)) for a, b in zip(values[0][kept], values[1][kept], strict=True)]
            return Table(x[kept], targets, (above, below))


def other_table(seed: int) -> Table:
    """A table without a rational formula. A floor, a minimum or a root of the labels; noise; few digits; few rows."""
    random = np.random.default_rng(10**6 + seed)
    x = points_of(KINDS[seed // 8 % len(KINDS)], random)
    n, m = (column.astype(object) for column in x.T)
    a, b, c = (int(value) for value in random.integers(1, 7, 3))
    kind = seed % 8
    rules = {
        0: lambda i, j: Fraction((a * i * i + b * j) // (c + 1)),
        1: lambda i, j: Fraction(min(a * i + b, c * j * j)),
        2: lambda i, j: Fraction(abs(a * i - b * j), c),
        7: lambda i, j: Fraction(pow(i, 3, 7) * a + pow(j, 2, 5) * b),
    }
    if kind in rules:
        rule = rules[kind]
        further = points_of(KINDS[seed // 8 % len(KINDS)], np.random.default_rng(seed), 1000, 1000)
        if kind == 0:
            if all((a * i * i + b * j) // (c + 1) == a * i * i // (c + 1) for i, j in x.tolist()):
                return Table(x[:1], [Fraction(0)])  # as if m were not there
            # Where the remainder is affine in the labels, the floor is a polynomial on every row of the file: with
            # 5m/6 for m = 1 to 4 it is m - 1.
            affine = np.column_stack([np.ones(len(x), dtype=np.int64), x])
            remainder = (a * x[:, 0] ** 2 + b * x[:, 1]) % (c + 1)
            if np.linalg.matrix_rank(np.column_stack([affine, remainder])) == np.linalg.matrix_rank(affine):
                return Table(x[:1], [Fraction(0)])
        if kind in (1, 2):
            # A file that hardly shows the other branch says nothing of it.
            first = [a * i + b <= c * j * j if kind == 1 else a * i >= b * j for i, j in x.tolist()]
            if not BRANCH <= sum(first) <= len(first) - BRANCH:
                return Table(x[:1], [Fraction(0)])
        return Table(x, [rule(int(i), int(j)) for i, j in x], rule=rule, further=further)
    if kind == 3:
        targets = [Fraction(int(random.integers(0, 10))) for _ in n]
    elif kind == 4:
        targets = [Fraction(int(random.integers(1, 10**4)), int(random.integers(1, 10**4))) for _ in n]
    elif kind == 5:  # three digits of a root
        targets = [
            Fraction(round(1000 * float(a * i * i + b * j * j + c) ** 0.5), 1000) for i, j in zip(n, m, strict=True)
        ]
    else:  # a rational function with 1% noise
        targets = [
            Fraction(round(10**6 * (1 + random.normal() / 100) * (a * i + b) / (j * j + c)), 10**6)
            for i, j in zip(n, m, strict=True)
        ]
    return Table(x, targets)


def su2_table(levels: int) -> Table:
    x = np.array([(k, l) for k in range(1, levels + 1) for l in range(k + 1)], dtype=np.int64)
    targets = [Fraction(int(l) * (int(l) + 2), 4 * (int(k) + 2)) for k, l in x]
    return Table(x, targets, ({(0, 2): 1, (0, 1): 2}, {(1, 0): 4, (0, 0): 8}))


def wrong_table(seed: int) -> tuple[Table, list[int]]:
    """A table with one or two targets changed, and which.

    By seed: h of su(2)_k with 54 rows to fit, each position in turn, or with 20 rows and more; two of 60 rows and more;
    a random function with 2u + 10 rows for u coefficients, which the unchanged table identifies.
    """
    random = np.random.default_rng(2 * 10**6 + seed)
    kind, number, count = seed % 4, seed // 4, 1
    if kind == 0:
        table = su2_table(12)  # theories of k = 10 to 12 are held out
        rows = [number % 54]
    elif kind == 3:
        table = function_with_spare_rows(random)
        if table is None:
            return Table(np.zeros((1, 2), dtype=np.int64), [Fraction(0)]), []
        rows = [int(random.integers(0, len(table.x)))]
    else:
        count = kind
        table = su2_table(int(random.integers(6, 13) if kind == 1 else random.integers(12, 15)))
        rows = sorted(random.choice(len(table.x), count, replace=False).tolist())
    targets = list(table.targets)
    for row in rows:
        step = Fraction(int(random.integers(1, 9)), int(random.integers(1, 9)))
        targets[row] += step * (-1) ** int(random.integers(2))
    return Table(table.x, targets, table.function), rows


def function_with_spare_rows(random: np.random.Generator) -> Table | None:
    """A random function on 2u + 10 rows to fit; None where even the unchanged table does not identify it."""
    degrees = [int(random.integers(0, 3)) for _ in range(2)]
    above, below = (polynomial_of(degree, random) for degree in degrees)
    if not above or not below:
        return None
    unknowns = sum((degree + 1) * (degree + 2) // 2 for degree in degrees)
    width = int(random.integers(6, 9))
    height = -(-(5 * (2 * unknowns + 10)) // (4 * width)) + 1
    x = np.array([(n, m) for n in range(1, height + 1) for m in range(1, width + 1)], dtype=np.int64)
    values = [evaluate_exactly(part, x) for part in (above, below)]
    kept = values[1] != 0
    targets = [Fraction(int(a), int(b)) for a, b in zip(values[0][kept], values[1][kept], strict=True)]
    table = Table(x[kept], targets, (above, below))
    return table if not degenerate(table) and fitted(table).identified else None


def fitted(table: Table) -> FitAnswer:
    """As of a file: the largest fifth of the theories, by the labels' sum, is held out."""
    order = np.lexsort([*table.x.T[::-1], np.abs(table.x).sum(axis=1)])
    x, targets = table.x[order], [table.targets[i] for i in order]
    held_out = np.arange(len(x)) >= len(x) - -(-len(x) // 5)

    def part(mask: np.ndarray) -> Dataset:
        chosen = [target for target, inside in zip(targets, mask, strict=True) if inside]
        above, below = (integers([getattr(value, name) for value in chosen]) for name in ("numerator", "denominator"))
        return Dataset(LABELS, 2, x[mask], above, below, unary_operators=("square",))

    return fit_rows(part(~held_out), part(held_out), default_options())


def is_function(answer: FitAnswer, function: tuple[dict, dict]) -> bool:
    """Whether the one formula of the answer is this function."""
    if answer.judgement is None:
        return False
    above, below = function_of(parse(answer.judgement.equation, LABELS), LABELS)
    return not add(multiply(above, function[1]), multiply(function[0], below), -1)


def is_right(answer: FitAnswer, table: Table) -> bool:
    """Whether the answer is the table's function, or has its rule at all further points of its region."""
    if table.function is not None:
        return is_function(answer, table.function)
    if table.rule is None:
        return False
    for i, j in table.further.tolist():
        try:
            values = [
                evaluate_rationally(parse(formula.judgement.equation, LABELS), {"n": i, "m": j})
                for formula in answer.formulas
                if holds_at(formula.condition, {"n": i, "m": j})
            ]
        except ZeroDivisionError:
            return False
        if values != [table.rule(i, j)]:
            return False
    return True


def holds_at(condition: str, point: dict[str, int]) -> bool:
    """ "n even", "n = 1 modulo 3", "n+m odd", "n even, m odd", or "" for everywhere."""
    for part in condition.split(", ") if condition else ():
        name, *words = part.split()
        value = sum(point[label] for label in name.split("+"))
        if words[0] in ("even", "odd"):
            holds = value % 2 == ("even", "odd").index(words[0])
        else:
            holds = value % int(words[3]) == int(words[1])
        if not holds:
            return False
    return True


def evaluate_rationally(expression, point: dict[str, int]) -> Fraction:
    def leaf(node):
        return Fraction(point[node.value] if node.kind == "variable" else node.value)

    return fold(expression, leaf, apply_operator)


def degenerate(table: Table) -> bool:
    """Nothing to find: a constant label or target (a file of that kind is refused)."""
    return len(set(table.targets)) == 1 or any(len(np.unique(column)) == 1 for column in table.x.T)


def campaign(name: str, seeds: range) -> Counter:
    counts: Counter = Counter()
    for seed in seeds:
        if name == "wrong":
            table, rows = wrong_table(seed)
        else:
            table, rows = (other_table if name == "other" else rational_table)(seed), []
        if degenerate(table) or (name == "wrong" and not rows):
            continue
        answer = fitted(table)
        counts["tables"] += 1
        wrong_rows = answer.wrong_rows
        right = answer.identified and is_right(answer, table)
        if answer.identified:
            counts["identified"] += 1
            if name != "wrong" and not right:
                counts["FALSE"] += 1
                print(f"{name} {seed}: {len(table.x)} rows, identified {answer.texts}, truth {table.function}")
        if wrong_rows and not rows and answer.identified:
            counts["FALSE ACCUSATION"] += 1
            print(f"{name} {seed}: {len(table.x)} rows, accused {wrong_rows}, {answer.texts}")
        if rows:
            named = {tuple(row["labels"].values()) for row in wrong_rows}
            same = named == {tuple(table.x[row].tolist()) for row in rows}
            counts[f"{WRONG[seed % 4]}: {'formula found and row named' if right and same else 'missed'}"] += 1
            if not (right and same):
                changed = table.x[rows].tolist()
                print(f"wrong {seed}: {len(table.x)} rows, changed {changed}, {answer.texts}, named {named}")
    return counts


# ---- digits


def weights_of(family: str) -> list[tuple]:
    """Labels and h of all fields of the first theories."""
    if family == "su(2)_k":
        return [(k, l, Fraction(l * (l + 2), 4 * (k + 2))) for k in range(1, 26) for l in range(k + 1)]
    return [
        (p, q, r, s, Fraction((p * r - q * s) ** 2 - (p - q) ** 2, 4 * p * q))
        for p in range(3, 14)
        for q in range(2, p)
        if gcd(p, q) == 1
        for r in range(1, q)
        for s in range(1, p)
        if (r, s) <= (q - r, p - s)
    ]


FAMILIES = {
    "su(2)_k": ("k l", 1, "l*(l+2)/(4*(k+2))"),
    "minimal": ("p q r s", 2, "((p*r-q*s)*(p*r-q*s)-(p-q)*(p-q))/(4*p*q)"),
}
FORMATS = [f"%.{n}g" for n in range(5, 18)] + [f"%.{n}f" for n in range(5, 16)]


def rounded(family: str, spelling: str, folder: Path) -> FitAnswer:
    """The answer for a family's weights as a file of rounded decimals."""
    labels, theory_labels, _ = FAMILIES[family]
    path = folder / "rounded.csv"
    rows = [",".join([*map(str, row[:-1]), spelling % float(row[-1])]) for row in weights_of(family)]
    path.write_text("\n".join([",".join([*labels.split(), "h"]), *rows]) + "\n")
    request = SpectrumRequest("rounded", path, "h", tuple(labels.split()), theory_labels)
    return fit_file(request, default_options())


def digits() -> Counter:
    counts: Counter = Counter()
    with TemporaryDirectory() as folder:
        for family, (labels, _, formula) in FAMILIES.items():
            names = tuple(labels.split())
            for spelling in FORMATS:
                answer = rounded(family, spelling, Path(folder))
                above, below = function_of(parse(formula, names), names)
                right = answer.judgement is not None and not add(
                    *(
                        multiply(*pair)
                        for pair in zip(
                            function_of(parse(answer.judgement.equation, names), names), (below, above), strict=True
                        )
                    ),
                    -1,
                )
                word = "identified" if answer.identified else answer.certificate["outcome"]
                counts[f"{family}: {word}, {'right' if right else 'another or none'}"] += 1
                counts["FALSE"] += answer.identified and not right
                why = [*answer.certificate["reasons"], *answer.certificate.get("untested", ())]
                print(f"{family} {spelling}: {word}{'' if right else ', another formula or none'}; {'; '.join(why)}")
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["rational", "other", "wrong", "digits", []], default=[])
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 500))
    arguments = parser.parse_args()
    for part in arguments.parts or ("rational", "other", "wrong", "digits"):
        start = time.process_time()
        counted = digits() if part == "digits" else campaign(part, range(*arguments.seeds))
        figures = ", ".join(f"{key}: {value}" for key, value in sorted(counted.items()))
        print(f"{part}: {figures}; {time.process_time() - start:.0f} CPU s", flush=True)
