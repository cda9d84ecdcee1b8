"""When a published number counts as replicated, and by how much it does not."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from cftsr.output.tables.replication import seeds_in_words
from cftsr.results.findings import CellFits, Findings
from cftsr.results.published import load_published
from cftsr.results.replication import (
    ABSENT,
    BETTER,
    BOTH_EXACT,
    OTHER,
    SUSPECT,
    WITHIN,
    WORSE,
    compare,
    comparisons,
)
from tests.unit.output.test_tables import EXACT, PUBLISHED, WRONG, record


def published(quantity, value, suspect=False):
    return SimpleNamespace(quantity=quantity, value=value, suspect=suspect)


def fits(quantity, *values):
    return CellFits(tuple(SimpleNamespace(selected={quantity: value}) for value in values), len(values))


@pytest.mark.parametrize(
    ("quantity", "theirs", "ours", "answer", "distance"),
    [
        ("loss", 1e-3, (1e-4, 5e-3), WITHIN, ""),
        ("loss", 1e-3, (1.04e-3,), WITHIN, ""),
        ("loss", 1e-3, (2e-3, 5e-3), WORSE, "by a factor of 2"),
        ("loss", 1e-3, (1e-4, 2e-4), BETTER, "by a factor of 5"),
        ("loss", 1e-3, (1e-14, 1e-13), BETTER, "by 10.0 orders of magnitude"),
        ("loss", 1e-11, (1e-17,), BOTH_EXACT, ""),
        ("loss", 0.0, (0.0,), BOTH_EXACT, ""),
        ("loss", 0.0, (1e-3,), WORSE, "one of the two is exactly 0"),
        ("score", 10.0, (3.0, 12.0), WITHIN, ""),
        ("score", 10.0, (3.0, 4.0), OTHER, "by -6"),
        ("score", math.inf, (3.0, "inf"), WITHIN, ""),
        ("score", 3.0, ("inf",), OTHER, "infinite here"),
        ("score", math.inf, (3.0,), OTHER, "infinite in the paper"),
        ("complexity", 14, (11, 13), OTHER, "by -1 node"),
        ("complexity", 14, (14,), WITHIN, ""),
    ],
)
def test_a_number_is_held_against_the_range_over_seeds(quantity, theirs, ours, answer, distance):
    result = compare(published(quantity, theirs), fits(quantity, *ours))
    assert (result.answer, result.distance) == (answer, distance)
    assert result.replicates == (answer in (WITHIN, BOTH_EXACT))


def test_what_cannot_be_compared_says_so():
    assert compare(published("loss", 1.0, suspect=True), fits("loss", 1.0)).answer == SUSPECT
    assert compare(published("loss", 1.0), None).answer == ABSENT


def test_every_number_of_the_papers_tables_is_in_the_comparison():
    repeated = [
        record("0.7", text, engine="pysr", setting="free", seed=seed) for seed, text in enumerate((EXACT, WRONG, EXACT))
    ]
    result = comparisons(Findings([], [], repeated), load_published(PUBLISHED))
    assert len(result) == 108
    here = [comparison for comparison in result if comparison.answer not in (ABSENT, SUSPECT)]
    assert {comparison.published.quantity for comparison in here} == {"loss", "score", "complexity"}
    assert {(comparison.published.theories, comparison.published.fraction) for comparison in here} == {(100, "0.1")}
    loss = next(comparison for comparison in here if comparison.published.quantity == "loss")
    assert (loss.fits.recovered, loss.fits.requested, loss.answer) == (2, 3, BOTH_EXACT)


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ({100: [3, 3], 200: [3], 300: [3]}, "3 seeds"),
        ({100: [1]}, "1 seed"),
        ({100: [3, 3], 200: [1], 300: [1, 1]}, "3 seeds at 100 theories, 1 seed at 200 and 300"),
        ({100: [5], 200: [3], 300: [1]}, "5 seeds at 100 theories, 3 seeds at 200, 1 seed at 300"),
        ({100: [3, 2], 200: [1]}, "1 to 3 seeds"),
    ],
)
def test_how_many_seeds_stand_behind_the_comparison(seeds, words):
    compared = [
        SimpleNamespace(published=SimpleNamespace(theories=theories), fits=fits("loss", *range(number)))
        for theories, numbers in seeds.items()
        for number in numbers
    ]
    assert seeds_in_words([*compared, SimpleNamespace(published=SimpleNamespace(theories=100), fits=None)]) == words
