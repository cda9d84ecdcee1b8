"""The near theories of levels that no theory has exactly, and how they are printed."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from cftsr.identify.command import describe_identification, main
from cftsr.identify.index import Bounds, build_index
from cftsr.identify.near import near_misses
from cftsr.identify.reading import read_numbers
from cftsr.identify.search import identify, query_of


@pytest.fixture(scope="module")
def index():
    return build_index(Bounds(one_label=24, two_labels=80, level=8, rank=8, primaries=600))


def near(index, levels, c=None, **more) -> dict[str, list[str]]:
    result = identify(index, query_of(levels, c, **more))
    assert not result.found
    return {one.premise: [answer.name for answer in one.answers] for one in near_misses(result)}


ISING = [0, F(1, 16), F(1, 2)]


@pytest.mark.parametrize(
    ("levels", "c", "energies", "premise", "name"),
    [
        (ISING, F(7, 10), False, "with another c than 7/10", "M(4,3)"),
        ([h - F(1, 48) for h in ISING], None, False, "if the levels are energies", "M(4,3)"),
        (ISING, F(1, 2), True, "if the levels are weights", "M(4,3)"),
        (ISING[1:], F(1, 2), False, "with the weight 0 of the identity, which every theory has", "M(4,3)"),
        # The three-state Potts model, primaries of Virasoro: two of six are descendants of W_3.
        (
            [0, F(1, 15), F(2, 5), F(2, 3), F(7, 5), 3],
            F(4, 5),
            False,
            "without 7/5 and 3, each a whole number above a lower level, as descendants are",
            "W_3(5,4)",
        ),
    ],
)
def test_what_would_have_the_levels_if_one_thing_were_otherwise(index, levels, c, energies, premise, name):
    assert name in near(index, levels, c, energies=energies)[premise]


def test_levels_that_are_not_all_are_said_to_be_the_lowest(index):
    levels, premise = [0, F(1, 16)], "if these are the lowest and not all"
    assert near(index, levels, F(1, 2), complete=True)[premise] == ["M(4,3)"]


def test_several_descendants_are_listed(index):
    levels = [*ISING, 1, F(17, 16), F(3, 2)]
    premises = list(near(index, levels))
    assert "without 1, 17/16 and 3/2, each a whole number above a lower level, as descendants are" in premises


def test_one_wrong_level_is_named_with_the_right_one(index):
    result = identify(index, query_of([0, F(1, 8), F(1, 4), F(5, 8), 1], 2))  # of su(2)_4, whose third is 1/3
    [one] = [one for one in near_misses(result) if one.premise == "with all levels but one"]
    assert [answer.name for answer in one.answers] == ["su(2)_4"]
    assert one.remarks == ("without 1/4; it has 1/3 instead",)


def test_one_wrong_level_of_a_product(index):
    levels = [0, F(1, 16), F(1, 8), F(3, 16), F(1, 3), F(2, 5), F(1, 2)]  # 2/5 for 19/48
    assert near(index, levels, F(5, 2))["with all levels but one"] == ["M(4,3) x su(2)_4"]


def test_random_levels_are_near_nothing(index):
    assert near(index, [0, F(3, 101), F(11, 101), F(40, 101), F(77, 101), F(90, 101)], F(3, 101)) == {}


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_decimals_are_taken_as_rounded_where_nothing_has_them_exactly(index, digits):
    texts = [f"{float(h):.{digits}f}" for h in (0, F(3, 80), F(1, 10), F(7, 16), F(3, 5), F(3, 2))]
    result = identify(index, query_of(read_numbers(texts), F(7, 10)))
    assert [answer.name for answer in result.answers] == ["M(5,4)"]


def test_the_trivial_theory_is_no_factor(index):
    names = [answer.name for answer in identify(index, query_of([0], 8, complete=True)).answers]
    assert names == ["E8_1"]


def test_answers_with_a_part_of_the_primaries_or_an_unseen_factor_take_one_line(index):
    text = describe_identification(identify(index, query_of(ISING)))
    assert text.count("only") == 2  # the line on so(n) and su(n)
    assert "or one of these times a theory whose first gap is larger" in text
    assert "the level 9/16 decides: M(4,3) does not have it; M(4,3) x " in text


def test_with_c_every_factor_is_named(index):
    text = describe_identification(identify(index, query_of([0, F(1, 2)], 12)))
    assert "so(10)_1 x E7_1, c = 12" in text
    assert "c would tell" not in text


def test_a_file_of_several_theories_is_refused(tmp_path, capsys):
    table = tmp_path / "two.csv"
    table.write_text("k,l,h\n1,0,0\n1,1,1/4\n2,0,0\n2,1,3/16\n2,2,1/2\n")
    assert main([str(table)]) == 2
    assert "has several theories: k is 1, 2. Give the levels of one" in capsys.readouterr().err


def test_a_word_among_numbers_is_named(tmp_path, capsys):
    text = tmp_path / "levels.txt"
    text.write_text("weights: 0, 1/16, 1/2\n")
    assert main([str(text)]) == 2
    assert "line 1: 'weights:' is no number" in capsys.readouterr().err
