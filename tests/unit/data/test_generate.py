"""The families' data sets: which rows they hold, and what is held out."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.data.generate import drawn_theories, generate, lowest_levels, number_of_lowest
from cftsr.data.tasks import TASKS
from cftsr.errors import UserError
from cftsr.families import get_family
from tests.unit.conftest import charges, weights
from tests.unit.data.test_dataset import assert_same

H, C = TASKS["conformal_weight"], TASKS["central_charge"]


def rows_of(spectrum) -> list[tuple]:
    return [
        (*map(int, labels), F(int(above), int(below)))
        for labels, above, below in zip(spectrum.x, spectrum.numerator, spectrum.denominator, strict=True)
    ]


# ---- the fraction


@pytest.mark.parametrize(
    ("primaries", "fraction", "ceil", "floor", "nearest"),
    [
        (1, F(1, 10), 1, 1, 1),
        (10, F(1, 10), 1, 1, 1),
        (11, F(1, 10), 2, 1, 1),
        (15, F(1, 10), 2, 1, 2),
        (16, F(1, 10), 2, 1, 2),
        (20, F(3, 10), 6, 6, 6),
        (21, F(3, 10), 7, 6, 6),
        (3, F(1, 2), 2, 1, 2),
        (7, F(1), 7, 7, 7),
        # 0.3 as a float is below 3/10 and 0.1 above 1/10: only exact arithmetic keeps 3 of 10 and 1 of 10.
        (10, F(3, 10), 3, 3, 3),
    ],
)
def test_number_of_levels_kept(primaries, fraction, ceil, floor, nearest):
    assert [number_of_lowest(primaries, fraction, rule) for rule in ("ceil", "floor", "nearest")] == [
        ceil,
        floor,
        nearest,
    ]
    assert number_of_lowest(primaries, fraction) == ceil


@given(st.integers(1, 5000), st.fractions(F(1, 1000), 1))
def test_roundings_are_ordered_and_never_keep_nothing_or_too_much(primaries, fraction):
    floor, nearest, ceil = (number_of_lowest(primaries, fraction, rule) for rule in ("floor", "nearest", "ceil"))
    assert 1 <= floor <= nearest <= ceil <= primaries
    assert ceil - floor <= 1
    assert ceil >= primaries * fraction > ceil - 1


# ---- which rows


def test_a_small_data_set_by_hand():
    data, held_out = lowest_levels(get_family("minimal"), H, 2, F(1, 2), next_theories=1)
    assert data.labels == ("p", "q", "r", "s")
    assert data.theory_labels == 2
    assert rows_of(data) == [(3, 2, 1, 1, F(0)), (4, 3, 1, 1, F(0)), (4, 3, 1, 2, F(1, 16))]
    assert data.rank.tolist() == [0, 0, 1]
    # The rest of the Ising model, and all of Lee-Yang, whose lowest weight is not that of the identity.
    assert rows_of(held_out) == [(4, 3, 1, 3, F(1, 2)), (5, 2, 1, 2, F(-1, 5)), (5, 2, 1, 1, F(0))]
    assert held_out.rank.tolist() == [2, 0, 1]


def test_equal_weights_are_ordered_by_their_labels():
    family = get_family("minimal", {"identify_fields": False})
    data, _ = lowest_levels(family, H, 2, F(1), next_theories=0)
    ising = [row[2:] for row in rows_of(data) if row[:2] == (4, 3)]
    assert ising == [
        (1, 1, F(0)),
        (2, 3, F(0)),
        (1, 2, F(1, 16)),
        (2, 2, F(1, 16)),
        (1, 3, F(1, 2)),
        (2, 1, F(1, 2)),
    ]


@pytest.mark.parametrize(
    ("family", "theories", "percent", "rows"),
    [
        # Counted by hand or by the definition: sum of ceil(f * number of primaries).
        ("wzw_su2", 100, 10, sum(-(-(k + 1) * 10 // 100) for k in range(1, 101))),
        ("wzw_su2", 300, 50, sum(-(-(k + 1) * 50 // 100) for k in range(1, 301))),
        ("minimal", 100, 30, 1079),
        ("minimal", 300, 50, 14_010),  # DESIGN.md
    ],
)
def test_rows_of_a_cell(family, theories, percent, rows):
    data, _ = weights(family, theories, percent)
    assert len(data) == rows


@pytest.mark.parametrize("family", ["minimal", "wzw_su2"])
@pytest.mark.parametrize("percent", [1, 10, 30, 50, 99, 100])
@pytest.mark.parametrize("rounding", ["ceil", "floor", "nearest"])
def test_data_and_held_out_share_nothing_and_lack_nothing(family, percent, rounding):
    chosen = get_family(family)
    data, held_out = lowest_levels(chosen, H, 15, F(percent, 100), rounding, next_theories=4)
    seen, unseen = rows_of(data), rows_of(held_out)
    every = [
        (*theory, *state, chosen.conformal_weight(theory, state))
        for theory in islice(chosen.theories(), 19)
        for state in chosen.states(theory)
    ]
    assert sorted(seen + unseen) == sorted(every)
    assert len({*seen, *unseen}) == len(every)
    theory_labels = data.theory_labels
    for theory in islice(chosen.theories(), 15):
        low = [row[-1] for row in seen if row[:theory_labels] == theory]
        high = [row[-1] for row in unseen if row[:theory_labels] == theory]
        assert low == sorted(low)
        assert len(low) == number_of_lowest(len(low) + len(high), F(percent, 100), rounding)
        assert not high or max(low) <= min(high)


def test_rank_counts_the_levels_of_each_theory():
    data, held_out = weights("wzw_su2", 12, 30)
    for k in range(1, 13):
        ranks = [*data.rank[data.x[:, 0] == k], *held_out.rank[held_out.x[:, 0] == k]]
        assert ranks == list(range(k + 1))


def test_targets_in_float64_are_the_correctly_rounded_quotients():
    data, _ = weights("minimal", 30, 50)
    assert data.target.tolist() == [
        int(above) / int(below) for above, below in zip(data.numerator, data.denominator, strict=True)
    ]


def test_drawn_theories_depend_on_the_seed_alone_and_are_completed_by_the_held_out():
    one, rest = charges("minimal", 20, 60, 7)
    again, _ = drawn_theories(get_family("minimal"), C, 20, 60, 7)
    other, _ = drawn_theories(get_family("minimal"), C, 20, 60, 8)
    assert_same(one, again)
    assert rows_of(one) != rows_of(other)
    order = list(islice(get_family("minimal").theories(), 110))
    place = [order.index(row[:2]) for row in rows_of(one)]
    assert place == sorted(place)
    assert max(place) < 60
    assert len(one) == 20
    assert sorted(row[:2] for row in rows_of(one) + rows_of(rest)) == sorted(order)


def test_more_theories_than_the_pool_has_are_refused():
    with pytest.raises(UserError, match=r"61 theories cannot be drawn from the first 60; raise central_charge\.pool"):
        drawn_theories(get_family("minimal"), C, 61, 60, 0)


def test_a_request_without_a_fraction_draws_theories():
    drawn = generate("minimal", {}, "central_charge", 20, 50, pool=60, seed=7)
    for one, other in zip(drawn, charges("minimal", 20, 60, 7), strict=True):
        assert_same(one, other)
