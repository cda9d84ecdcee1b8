"""Data sets in hidden quantum numbers: a spectrum without labels becomes one to which an engine can fit a formula."""

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
from cftsr.hidden.findings import Finding, HiddenIntegers
from cftsr.hidden.search import find_hidden


def find_labels(data: Dataset, held_out: Dataset, complete: bool = False) -> tuple[Finding, Dataset, Dataset]:
    """The hidden quantum numbers of levels without labels, and the data and held-out levels labelled by them.

    data, held_out   rows with theory labels only; labels of states, if there are any, are not used
    complete         together they are all levels of each theory

    If there are no hidden quantum numbers, the rows keep only the theory labels. The held-out levels get the numbers
    that follow from D and s of their theory; a level that these do not explain gets the next lower whole number, so a
    formula that fits all others is wrong on it.
    """
    bare, others = without_state_labels(data), without_state_labels(held_out) if len(held_out) else None
    finding = find_hidden(bare, others, complete)
    return finding, with_labels(data, finding), with_labels(held_out, finding)


def label_names(labels: Sequence[str], finding: Finding) -> tuple[str, ...]:
    """Names of the hidden quantum numbers, different from these labels of the theory."""
    width = 0 if finding.explain is None else 1 + (finding.form is not None or finding.second_denominator is not None)
    wanted = [*(LAMBDA, MU)[:width], *[SECTOR] * finding.several_sectors]
    return plain_names([*labels, *wanted])[len(labels) :]


def with_labels(rows: Dataset, finding: Finding) -> Dataset:
    """The rows with theory labels and hidden quantum numbers; each level of a theory once, lowest first."""
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
    """The rank of the lowest row of each theory: the held-out rows begin where the data end."""
    lowest: dict[tuple[int, ...], int] = {}
    ranks = np.zeros(len(rows), dtype=int) if rows.rank is None else rows.rank
    for theory, rank in zip(map(tuple, rows.x[:, : rows.theory_labels].tolist()), ranks.tolist(), strict=True):
        lowest[theory] = min(rank, lowest.get(theory, rank))
    return lowest


def _numbers(theory: BareTheory, finding: Finding, names: tuple[str, ...]) -> list[HiddenIntegers]:
    if finding.explain is None:
        return [()] * len(theory)
    integers = finding.explain(theory)
    return [
        _below(theory, level, finding, len(names)) if hidden is None else hidden
        for level, hidden in zip(theory.levels, integers, strict=True)
    ]


def _below(theory: BareTheory, level: Fraction, finding: Finding, size: int) -> HiddenIntegers:
    """Hidden numbers near those that a level would have, for a level that none explain."""
    sector = finding.sectors[0]
    below = sector.denominator(theory.labels) if sector.denominator else None
    shift = sector.shift
    if sector.offset is not None and below:
        above = sector.offset(theory.labels)
        shift = None if above is None else above / below
    value = below * (level + shift) if below and shift is not None else Fraction(0)
    return (isqrt(max(0, int(value))), *(0,) * (size - 1))
