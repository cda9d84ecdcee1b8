"""Data sets in hidden quantum numbers: a spectrum without labels becomes one that an engine can fit a formula to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import isqrt

import numpy as np

from cftsr.data.dataset import Dataset
from cftsr.data.labels import plain_names
from cftsr.data.unlabelled import FINDING, LAMBDA, MU, SECTOR
from cftsr.hidden.bare import BareTheory, without_state_labels
from cftsr.hidden.findings import Finding, Lambda
from cftsr.hidden.search import find_hidden


def find_labels(data: Dataset, held_out: Dataset, complete: bool = False) -> tuple[Finding, Dataset, Dataset]:
    """What is found in levels without labels, and data and held-out levels with the labels found.

    data, held_out   rows with the theory labels alone, or with labels of states, which are then not used
    complete         together they are all levels of each theory

    Where nothing is found, the rows keep the theory labels alone. The held-out levels get the numbers that D and s of
    their theory give them; a level that these do not explain gets the nearest whole number below, so that a formula of
    all others is wrong on it.
    """
    bare, others = without_state_labels(data), without_state_labels(held_out) if len(held_out) else None
    finding = find_hidden(bare, others, complete)
    return finding, with_labels(data, finding), with_labels(held_out, finding)


def label_names(labels: Sequence[str], finding: Finding) -> tuple[str, ...]:
    """What the hidden quantum numbers are called, beside these labels of the theory."""
    width = 0 if finding.explain is None else 1 + (finding.form is not None or finding.second_denominator is not None)
    wanted = [*(LAMBDA, MU)[:width], *[SECTOR] * finding.several_sectors]
    return plain_names([*labels, *wanted])[len(labels) :]


def with_labels(rows: Dataset, finding: Finding) -> Dataset:
    """The rows with theory labels and hidden quantum numbers; each theory and level once, lowest first."""
    width, several = rows.theory_labels, finding.several_sectors
    labels = rows.labels[:width]
    names = label_names(labels, finding)
    bare = without_state_labels(rows).theories if len(rows) else ()
    points, targets, ranks = [], [], []
    first = _lowest_ranks(rows)
    for theory in bare:
        for place, (level, hidden) in enumerate(zip(theory.levels, _numbers(theory, finding, names), strict=True)):
            points.append((*theory.labels, *hidden))
            targets.append(level)
            ranks.append(first[theory.labels] + place)
    sectors = (names[-1],) if several else ()
    return replace(
        rows,
        labels=(*labels, *names),
        x=np.array(points, dtype=np.int64).reshape(len(points), width + len(names)),
        numerator=np.array([target.numerator for target in targets], dtype=np.int64),
        denominator=np.array([target.denominator for target in targets], dtype=np.int64),
        rank=np.array(ranks, dtype=np.int32),
        finite_labels=sectors,
        finite_values=tuple((number,) for number in range(len(finding.sectors))) if several else (),
        metadata=rows.metadata | {FINDING: json.dumps(finding.as_dict(), sort_keys=True)},
        entries=None,
    )


def _lowest_ranks(rows: Dataset) -> dict[tuple[int, ...], int]:
    """Of each theory the rank of its lowest row: those of what is held out begin where the data end."""
    found: dict[tuple[int, ...], int] = {}
    ranks = np.zeros(len(rows), dtype=int) if rows.rank is None else rows.rank
    for theory, rank in zip(map(tuple, rows.x[:, : rows.theory_labels].tolist()), ranks.tolist(), strict=True):
        found[theory] = min(rank, found.get(theory, rank))
    return found


def _numbers(theory: BareTheory, finding: Finding, names: tuple[str, ...]) -> list[Lambda]:
    if finding.explain is None:
        return [()] * len(theory)
    answers = finding.explain(theory)
    return [
        _below(theory, level, finding, len(names)) if hidden is None else hidden
        for level, hidden in zip(theory.levels, answers, strict=True)
    ]


def _below(theory: BareTheory, level: Fraction, finding: Finding, size: int) -> Lambda:
    """Hidden numbers that do not explain a level, near those that it would have."""
    sector = finding.sectors[0]
    below = sector.denominator(theory.labels) if sector.denominator else None
    shift = sector.shift
    if sector.offset is not None and below:
        above = sector.offset(theory.labels)
        shift = None if above is None else above / below
    value = below * (level + shift) if below and shift is not None else Fraction(0)
    return (isqrt(max(0, int(value))), *(0,) * (size - 1))
