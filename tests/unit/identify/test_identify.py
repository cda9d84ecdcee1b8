"""Which theory is this: known isomorphisms, random products, near misses, what decides, and the command."""

from __future__ import annotations

import json
from fractions import Fraction as F

import pytest

from cftsr.errors import UserError
from cftsr.families import get_family
from cftsr.identify.command import main
from cftsr.identify.index import Bounds, build_index
from cftsr.identify.reading import read_file, read_number, simplest_between
from cftsr.identify.search import Interval, exactly, identify, query_of
from cftsr.identify.trials import campaign, campaign_of_algebras, pool_of_algebras


@pytest.fixture(scope="module")
def index():
    return build_index(Bounds(one_label=24, two_labels=80, level=8, rank=8, primaries=600))


def names(result) -> list[str]:
    return [answer.name for answer in result.answers]


# ---- known answers


def test_ising_and_its_isomorphisms(index):
    identification = identify(index, query_of([0, F(1, 16), F(1, 2)], F(1, 2)))
    assert names(identification) == ["M(4,3)"]
    answer = identification.answers[0]
    assert answer.complete
    others = {name.text for name in answer.factors[0].names}
    assert others == {"M(4,3)", "so(1)_1", "Z_2 parafermions", "su(2)_1 x su(2)_1 / su(2)_2"}


@pytest.mark.parametrize(
    ("levels", "c", "expected"),
    [
        ([0, F(1, 4), F(1, 2)], 2, ["so(4)_1", "su(2)_1 x su(2)_1"]),  # so(4) = su(2) x su(2)
        ([0, F(-1, 5)], F(-22, 5), ["M(5,2)"]),  # Lee and Yang
        ([0, F(2, 5)], F(14, 5), ["G2_1"]),  # Fibonacci
        ([0, F(3, 5)], F(26, 5), ["F4_1"]),
        ([0, F(5, 16), F(1, 2)], F(5, 2), ["sp(4)_1"]),  # = so(5)_1
    ],
)
def test_known_theories(index, levels, c, expected):
    assert names(identify(index, query_of(levels, c, complete=True))) == expected


def test_energies_are_weights_less_c_over_24(index):
    levels = [h - F(7, 10) / 24 for h in (0, F(3, 80), F(1, 10), F(7, 16), F(3, 5), F(3, 2))]
    assert names(identify(index, query_of(levels, energies=True)))[0] == "M(5,4)"


def test_what_only_c_sees_is_found_with_c(index):
    identification = identify(index, query_of([0, F(1, 16), F(1, 2)], F(17, 2)))
    assert "M(4,3) x E8_1" in names(identification)


def test_a_factor_that_shows_only_its_ground_state_is_named_last_where_c_is_unknown(index):
    levels = [F(l * (l + 2), 88) for l in range(4)]  # of su(2)_20; the gap of E7_1 is 3/4
    identification = names(identify(index, query_of(levels)))
    assert identification[0] == "su(2)_20"
    assert "su(2)_20 x E7_1" in identification


def test_of_a_long_list_every_level_counts(index):
    family = get_family("wzw_su3")
    weights = sorted({family.conformal_weight((7,), state) for state in family.states((7,))})
    assert names(identify(index, query_of(weights, complete=True)))[0] == "su(3)_7"
    assert not identify(index, query_of([*weights[:9], weights[9] + F(1, 1000)])).found


# ---- near misses, bounds, what decides


def test_where_nothing_has_all_levels_the_longest_agreement_is_told(index):
    identification = identify(index, query_of([0, F(3, 80), F(1, 10), F(7, 16), F(4, 7)]))
    assert not identification.found
    assert identification.explained == 4
    assert {"M(5,4)", "SM(5,3)"} <= set(names(identification))  # of the same c


def test_outside_the_bound_there_is_none(index):
    identification = identify(index, query_of([0, 1000, 2001, 3003]))
    assert (identification.answers, identification.explained) == ((), 0)


def test_the_level_that_decides_between_rivals(index):
    identification = identify(index, query_of([0, F(1, 3), F(2, 3)]))
    assert {"su(3)_1 x su(3)_1", "G2_2"} <= set(names(identification))
    groups = {answer.name: level for level, answers in identification.rivals().groups for answer in answers}
    assert (groups["su(3)_1 x su(3)_1"], groups["G2_2"]) == (None, F(7, 9))
    g2 = get_family("wzw_g2")
    assert F(7, 9) in {g2.conformal_weight((2,), state) for state in g2.states((2,))}


def test_isomorphic_products_are_told_and_nothing_decides(index):
    identification = identify(index, query_of([0, F(1, 4), F(1, 2)], 2))
    assert [len(answers) for _, answers in identification.rivals().groups] == [2]


# ---- campaigns, reduced from benchmarks/identify.py


@pytest.mark.parametrize(("factors", "with_c"), [(1, True), (2, True), (3, True), (1, False), (2, False)])
def test_the_truth_is_among_the_answers_and_all_answers_agree(index, factors, with_c):
    result = campaign(index, factors, 25, 7, with_c, largest_level=6).as_dict()
    assert result["named"] == result["agreeing"] == result["trials"] == 25
    assert result["largest_seconds"] < 2


def test_products_of_the_transformers_algebras_are_named(index):
    assert {"su(6)", "so(12)", "sp(8)", "E8"} <= {name.source for e in pool_of_algebras(index) for name in e.names}
    result = campaign_of_algebras(index, 2, 10, 7, True, 20).as_dict()
    assert result["named"] == result["agreeing"] == 10


# ---- numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [("1/16", F(1, 16)), ("-3/5", F(-3, 5)), ("0.0625", F(1, 16)), ("0.333333", F(1, 3)), ("\u22121/5", F(-1, 5))],
)
def test_numbers_that_are_exact(text, value):
    assert read_number(text, "here") == exactly(value)


def test_a_decimal_of_few_digits_is_an_interval():
    assert read_number("0.0667", "here") == Interval(F(6665, 100000) + F(0), F(6675, 100000))
    assert simplest_between(F(6665, 100000), F(6675, 100000)) == F(1, 15)


def test_decimals_of_four_digits_identify_z3_parafermions(index):
    levels = [read_number(text, "") for text in ("0", "0.0667", "0.4", "0.6667")]
    assert "Z_3 parafermions" in {
        n.text for n in identify(index, query_of(levels, F(4, 5))).answers[0].factors[0].names
    }


@pytest.mark.parametrize("text", ["x", "1/0", "1/2/3", ""])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(UserError, match="here"):
        read_number(text, "here")


# ---- files and the command


def test_files_with_and_without_a_header(tmp_path):
    plain, table = tmp_path / "plain.txt", tmp_path / "table.csv"
    plain.write_text("# Ising\n0 1/16\n1/2\n")
    table.write_text("field,h\n1,0\n2,0.0625\n3,1/2\n")
    expected = (exactly(0), exactly(F(1, 16)), exactly(F(1, 2)))
    assert read_file(plain) == (expected, None)
    assert read_file(table) == (expected, False)


def test_the_command_answers_in_words_and_json(tmp_path, capsys):
    table = tmp_path / "energies.csv"
    table.write_text("E\n-1/48\n1/24\n23/48\n")
    assert main([str(table)]) == 0
    assert "M(4,3), c = 1/2, these are all its weights" in capsys.readouterr().out
    assert main(["0", "-1/5", "--c", "-22/5", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["found"], answer["answers"][0]["name"]) == (True, "M(5,2)")
    assert main(["0", "1000", "2001"]) == 1
    assert "none up to c = 24" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "cannot read nowhere.csv"),
        (["0", "1/0"], "number 2: '1/0' has denominator 0"),
        (["0"], "one level is given"),
        (["0", "1/2", "--factors", "4"], "products have 1, 2 or 3 factors"),
        (["0", "1/2", "--max-c=-1"], "--max-c -1: it bounds the factors' central charges; give one above 0"),
        (["0", "1/2", "--c", "half"], "--c: 'half' is no number"),
        (["0", "0.51", "0.512"], "cannot be told apart"),
    ],
)
def test_mistakes_get_one_message(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
