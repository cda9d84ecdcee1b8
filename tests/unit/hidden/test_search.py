"""Hidden quantum numbers: planted ones are recovered, random spectra have none, and the families give the literature's.

The right values are those of the closed forms: E = (pr-qs)^2/(4pq) - 1/24 and its like, and s = dim(g)/24 for a WZW
model, by the strange formula of Freudenthal and de Vries.
"""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction as F
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.algebra.expressions import exact_value_at
from cftsr.algebra.formula import parse
from cftsr.data.generate import generate
from cftsr.data.unlabelled import CLOSED_FORMS
from cftsr.families import family_names
from cftsr.hidden.bare import BareSpectrum, BareTheory, bare_spectrum, without_state_labels
from cftsr.hidden.chance import random_theory
from cftsr.hidden.findings import FORM, ONE_INTEGER, SECTORS, SPLIT_FORM, THEORY_SHIFT, TWO_DENOMINATORS, Finding
from cftsr.hidden.occurrence import occurrence
from cftsr.hidden.search import find_hidden
from cftsr.vocabulary import FITS, IDENTIFIED, NONE

PLANTED = settings(max_examples=15)


def cell(family: str, theories: int, fraction: str, task: str = "energy") -> tuple[BareSpectrum, BareSpectrum]:
    data, held_out = generate(family, {}, task, theories, 6, fraction)
    return without_state_labels(data), without_state_labels(held_out)


def finding_for(family: str, theories: int, fraction: str = "0.3", task: str = "energy", **more) -> Finding:
    data, held_out = cell(family, theories, fraction, task)
    return find_hidden(data, held_out, complete=True, draws=3, **more)


def planted(denominators, shift: F, numbers) -> BareSpectrum:
    rows = [((i,), F(n * n) / d - shift) for i, d in enumerate(denominators) for n in numbers[i]]
    return bare_spectrum((), rows)


# ---- planted and random


@PLANTED
@given(
    st.lists(st.integers(2, 400), min_size=6, max_size=8),
    st.builds(F, st.integers(-300, 300), st.integers(1, 210)).filter(lambda s: abs(s) <= 3),
    st.integers(0, 10**6),
)
def test_random_denominators_shift_and_integers_are_recovered(denominators, shift, seed):
    source = random.Random(seed)
    numbers = [[1, 2, *source.sample(range(3, 40), 5)] for _ in denominators]
    answer = find_hidden(planted(denominators, shift, numbers), draws=3)
    assert (answer.kind, answer.sectors[0].shift) == (ONE_INTEGER, shift)
    assert answer.denominators == tuple(map(F, denominators))
    assert [[n for (n,) in theory] for theory in answer.hidden] == [sorted(theory) for theory in numbers]


@settings(max_examples=2)
@given(st.integers(0, 10**6))
def test_random_spectra_of_the_same_denominators_have_no_hidden_integer(seed):
    source = random.Random(seed)
    data, _ = cell("minimal", 20, "0.4")
    spectrum = BareSpectrum(data.labels, tuple(random_theory(theory, source) for theory in data.theories))
    assert find_hidden(spectrum, draws=3).kind == NONE


def test_one_level_that_does_not_belong_is_named():
    data, _ = cell("wzw_su2", 40, "0.3")
    last = data.theories[-1]
    wrong = BareTheory(last.labels, (*last.levels, last.levels[-1] + F(1, 7)), last.key)
    spectrum = BareSpectrum(data.labels, (*data.theories[:-1], wrong))
    answer = find_hidden(spectrum, draws=3)
    assert (answer.kind, answer.outcome, answer.equations()) == (
        ONE_INTEGER,
        FITS,
        ("E = square(lambda_)/(4*(k+2))-1/8",),
    )
    assert answer.reasons == (f"1 of {spectrum.levels} levels are not explained: {wrong.levels[-1]} (k=40)",)
    assert answer.data.levels == spectrum.levels - 1


def test_one_level_a_theory_says_nothing():
    answer = find_hidden(bare_spectrum(("k",), [((k,), F(1, k)) for k in range(1, 30)]))
    assert (answer.kind, answer.reasons) == (NONE, ("every theory has one level: any shift explains it",))


def test_two_levels_of_few_theories_leave_many_shifts():
    source = random.Random(1)
    rows = [((i,), F(n * n, 4 * i + 3) - F(1, 8)) for i in range(2) for n in source.sample(range(1, 9), 2)]
    assert find_hidden(bare_spectrum((), rows), draws=3).outcome != IDENTIFIED


# ---- the families


@pytest.mark.parametrize("fraction", ["0.1", "0.5"])
@pytest.mark.parametrize(
    ("family", "equation"),
    [("minimal", "E = square(lambda_)/(4*p*q)-1/24"), ("wzw_su2", "E = square(lambda_)/(4*(k+2))-1/8")],
)
def test_the_two_families_of_the_paper_at_100_theories(family, equation, fraction):
    answer = finding_for(family, 100, fraction)
    assert (answer.kind, answer.outcome, answer.equations()) == (ONE_INTEGER, IDENTIFIED, (equation,))
    assert answer.data.exact
    assert answer.held_out.exact
    assert answer.identified


# Theories, kind, outcome and E of every family, from the lowest 30% of the levels: the table in docs/unlabelled.md.
OUTCOMES = {
    "minimal": (30, ONE_INTEGER, IDENTIFIED, ("E = square(lambda_)/(4*p*q)-1/24",)),
    "wzw_su2": (30, ONE_INTEGER, IDENTIFIED, ("E = square(lambda_)/(4*(k+2))-1/8",)),
    "u1_boson": (40, ONE_INTEGER, IDENTIFIED, ("E = square(lambda_)/(4*k)-1/24",)),
    "n1_superconformal": (60, SECTORS, IDENTIFIED, ("E = square(lambda_)/(8*p*q)", "E = square(lambda_)/(2*p*q)-1/16")),
    "wzw_su3": (25, FORM, IDENTIFIED, ("E = (square(lambda_)+lambda_*mu+square(mu))/(3*(k+3))-1/3",)),
    "wzw_sp4": (25, FORM, IDENTIFIED, ("E = (square(lambda_)+square(mu))/(4*(k+3))-5/12",)),
    "wzw_g2": (30, FORM, IDENTIFIED, ("E = (square(lambda_)+lambda_*mu+square(mu))/(3*(k+4))-7/12",)),
    "w3_minimal": (50, FORM, IDENTIFIED, ("E = (square(lambda_)+lambda_*mu+square(mu))/(3*p*q)-1/12",)),
    "parafermions": (
        30,
        TWO_DENOMINATORS,
        IDENTIFIED,
        ("E = square(lambda_)/(4*(k+2))-square(mu)/(4*k)-1/12",),
    ),
    "wzw_so_vector": (60, THEORY_SHIFT, IDENTIFIED, None),
    "n2_superconformal": (20, SPLIT_FORM, IDENTIFIED, ("E = lambda_*mu/(4*(k+2))", "E = lambda_*mu/(4*(k+2))-1/8")),
    "coset_su2": (
        60,
        TWO_DENOMINATORS,
        FITS,
        ("E = square(lambda_)/(4*m*(k+2)*(k+m+2))-square(mu)/(8*m*(m+2))",),
    ),
    "wzw_sun": (60, NONE, NONE, ()),
    "so_n_level1": (40, NONE, NONE, ()),
}


@lru_cache
def outcome(family: str) -> Finding:
    return finding_for(family, OUTCOMES[family][0])


def test_the_table_of_the_docs_has_every_family_and_its_outcome():
    text = (Path(__file__).parents[3] / "docs" / "unlabelled.md").read_text(encoding="utf-8")
    section = text.partition("### Which families come out")[2].partition("\n## ")[0]
    table = {row.split("|")[1].strip(): row.split("|")[3].strip() for row in section.splitlines() if row[:2] == "| "}
    rows = {family: words.partition(":")[0] for family, words in table.items() if family in family_names()}
    assert rows == {family: expected[2] for family, expected in OUTCOMES.items()}
    assert set(rows) == set(family_names())


@pytest.mark.parametrize("family", OUTCOMES)
def test_what_comes_out_of_each_family(family):
    _, kind, word, equations = OUTCOMES[family]
    answer = outcome(family)
    assert (answer.kind, answer.outcome) == (kind, word)
    if equations is not None:
        assert answer.equations() == equations
    if word == IDENTIFIED:
        assert answer.reasons == ()
    if word != NONE:
        assert answer.data.exact
        assert answer.held_out.exact


@pytest.mark.parametrize("family", ["wzw_so_vector", "n2_superconformal"])
def test_the_hidden_numbers_give_the_closed_form(family):
    answer = outcome(family)
    data, _ = cell(family, OUTCOMES[family][0], "0.3")
    for theory, hidden in zip(data.theories, answer.hidden, strict=True):
        for level, numbers in zip(theory.levels, hidden, strict=True):
            labels = dict(zip(data.labels, theory.labels, strict=True))
            labels |= dict(zip(("lambda_", "mu", "sector"), numbers, strict=False))
            assert exact_value_at(parse(CLOSED_FORMS[family], None), labels) == level


def test_the_n2_minimal_models_have_a_bound_and_sectors():
    neveu_schwarz, ramond = reversed(outcome("n2_superconformal").sectors)
    assert (neveu_schwarz.shift, neveu_schwarz.rule) == (F(1, 8), "lambda+mu <= 2*k+2")
    assert (ramond.shift, ramond.rule) == (0, "lambda and mu are multiples of 2; lambda+mu <= 2*k+2")


def test_the_coset_comes_out_with_its_three_readings():
    # k, m and -k-m-4 may change places in c and h: Goddard, Kent, Olive, Commun. Math. Phys. 103 (1986) 105.
    assert "4*k*(m+2)*(k+m+2), 8*k*(k+2)" in outcome("coset_su2").reasons[0]


@pytest.mark.parametrize("family", ["wzw_sun", "so_n_level1"])
def test_families_that_do_not_come_out_name_what_was_tried(family):
    assert len(outcome(family).reasons) >= 6


def test_too_few_levels_are_named_first():
    assert outcome("so_n_level1").reasons[0].startswith("no theory has more than 2 levels: any 2 are squares")


@pytest.mark.parametrize(
    ("family", "task", "equation"),
    [
        ("minimal", "conformal_weight", "E = (square(lambda_)-square(p-q))/(4*p*q)"),
        ("wzw_su2", "conformal_weight", "E = (square(lambda_)-1)/(4*(k+2))"),
        ("wzw_so_vector", "conformal_weight", "E = (square(lambda_)-square(n-2))/(8*(n+k-2))"),
    ],
)
def test_a_shift_that_depends_on_the_theory(family, task, equation):
    answer = finding_for(family, 100, "0.3", task)
    assert (answer.kind, answer.outcome, answer.equations()) == (THEORY_SHIFT, IDENTIFIED, (equation,))
    assert answer.held_out.exact


# ---- which integers occur


def test_the_range_of_su2_and_the_multiples_that_minimal_models_leave_out():
    su2 = finding_for("wzw_su2", 60).sectors[0].occurrence
    assert (su2.gapless, su2.lowest.text, su2.highest.text) == (True, "1", "k+1")
    minimal = finding_for("minimal", 60).sectors[0].occurrence
    assert not minimal.gapless
    assert {"p", "q"} <= set(minimal.avoided)


def test_residues_that_the_range_of_no_theory_reaches_are_no_rule():
    values = [list(range(1, k + 2)) for k in range(1, 15)]
    assert occurrence(("k",), [(k,) for k in range(1, 15)], values, [False] * 14).residues is None


def test_a_step_is_a_residue_in_theories_that_reach_the_others():
    values = [list(range(1, 12 + k, 3)) for k in range(30)]
    assert occurrence(("k",), [(k,) for k in range(30)], values, [False] * 30).residues == (3, (1,))


def test_three_theories_are_said_to_be_too_few_for_a_formula():
    data, _ = cell("wzw_su2", 3, "1")
    answer = find_hidden(data, draws=3)
    assert "no formula for D in k was found from 3 theories" in answer.reasons


# ---- without theory labels; the JSON form; the chance


def test_without_theory_labels_the_sequence_of_denominators_is_left():
    data, _ = cell("minimal", 40, "0.5")
    unlabelled = BareSpectrum((), tuple(replace(theory, labels=()) for theory in data.theories))
    answer = find_hidden(unlabelled, draws=3)
    assert (answer.kind, answer.outcome, answer.sectors[0].shift) == (ONE_INTEGER, IDENTIFIED, F(1, 24))
    assert answer.denominators == tuple(F(4 * p * q) for p, q in (theory.labels for theory in data.theories))
    assert answer.equations() == ()


def test_the_certificate_tells_what_was_tried_and_what_chance_gives():
    data, held_out = cell("wzw_su2", 40, "0.3")
    certificate = find_hidden(data, held_out).as_dict()["certificate"]
    assert certificate["shifts_tried"] >= 193
    assert certificate["scores"][0]["shift"] == "1/8"
    assert certificate["next_best"]["theories"] == 0
    chance = certificate["chance"]
    assert chance["draws_that_explain_all"] == 0
    assert chance["largest_share_of_levels"] < 0.6
    assert chance["log10_chance"] < -20
