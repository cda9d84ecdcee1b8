"""Laws of the search for hidden quantum numbers: planted ones are found; random spectra have none."""

from __future__ import annotations

import random
from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.data.generate import generate
from cftsr.hidden.bare import BareSpectrum, BareTheory, bare_spectrum, without_state_labels
from cftsr.hidden.chance import random_theory
from cftsr.hidden.findings import FORM, ONE_INTEGER, SECTORS, THEORY_SHIFT
from cftsr.hidden.forms import FORMS
from cftsr.hidden.search import find_hidden
from cftsr.vocabulary import IDENTIFIED, NONE

GRID_SHIFTS = st.builds(F, st.integers(-40, 60), st.sampled_from([8, 12, 16, 24, 48])).filter(lambda s: abs(s) <= 2)
ANY_SHIFTS = st.builds(F, st.integers(-300, 300), st.integers(1, 210)).filter(lambda s: abs(s) <= 3)
SEEDS = st.integers(0, 10**6)
QUICK = (ONE_INTEGER, THEORY_SHIFT)  # the kinds whose search takes well under a second


def numbers(source: random.Random) -> list[int]:
    return [1, 2, *source.sample(range(3, 40), 5)]


@settings(max_examples=8)
@given(st.integers(1, 12), st.integers(0, 9), ANY_SHIFTS, SEEDS)
def test_a_denominator_that_is_a_formula_of_the_label_is_found_as_that_formula(scale, offset, shift, seed):
    source = random.Random(seed)
    rows = [((k,), F(n * n, scale * (k + offset)) - shift) for k in range(1, 25) for n in numbers(source)]
    held_out = [((k,), F(n * n, scale * (k + offset)) - shift) for k in range(25, 30) for n in numbers(source)]
    answer = find_hidden(bare_spectrum(("k",), rows), bare_spectrum(("k",), held_out), draws=3)
    assert (answer.kind, answer.outcome, answer.sectors[0].shift) == (ONE_INTEGER, IDENTIFIED, shift)
    assert all(answer.sectors[0].denominator((k,)) == scale * (k + offset) for k in range(1, 60))
    assert answer.held_out.exact


@settings(max_examples=8)
@given(ANY_SHIFTS, SEEDS)
def test_the_order_and_repetition_of_levels_say_nothing(shift, seed):
    source = random.Random(seed)
    rows = [((k,), F(n * n, 4 * (k + 2)) - shift) for k in range(1, 12) for n in numbers(source)]
    again = [*rows, *source.sample(rows, 20)]
    source.shuffle(again)
    one, other = (find_hidden(bare_spectrum(("k",), chosen), draws=3) for chosen in (rows, again))
    assert one.equations() == other.equations()
    assert one.data == other.data


@settings(max_examples=3)
@given(st.sampled_from([key for key in FORMS if key < 0][:3]), GRID_SHIFTS, SEEDS)
def test_planted_values_of_a_definite_form_are_found(radicand, shift, seed):
    source, (a, b, c) = random.Random(seed), FORMS[radicand]
    rows = []
    for k in range(1, 26):
        pairs = [(1, 0), *((source.randrange(12), source.randrange(1, 12)) for _ in range(11))]
        rows += [((k,), F(a * x * x + b * x * y + c * y * y, 3 * (k + 4)) - shift) for x, y in pairs]
    answer = find_hidden(bare_spectrum(("k",), rows), draws=6)
    assert (answer.kind, answer.sectors[0].shift) == (FORM, shift)
    assert answer.data.exact


@settings(max_examples=3)
@given(
    st.lists(st.sampled_from([F(0), F(1, 16), F(1, 24), F(1, 8), F(1, 3)]), min_size=2, max_size=2, unique=True), SEEDS
)
def test_two_planted_shifts_are_found_as_sectors(shifts, seed):
    source = random.Random(seed)
    rows = [
        ((k,), F(n * n, 4 * (k + 2)) - shift)
        for k in range(1, 25)
        for shift in shifts
        for n in [1, 2, *source.sample(range(3, 24), 4)]
    ]
    answer = find_hidden(bare_spectrum(("k",), rows), draws=6)
    assert answer.kind == SECTORS
    assert [sector.shift for sector in answer.sectors] == sorted(shifts)
    assert answer.data.exact


@pytest.mark.parametrize("family", ["minimal", "wzw_su2", "u1_boson"])
@settings(max_examples=3)
@given(seed=SEEDS)
def test_random_spectra_of_a_familys_denominators_are_not_identified(family, seed):
    source = random.Random(seed)
    data = without_state_labels(generate(family, {}, "unlabelled_energy", 30, 1, "0.4")[0])
    spectrum = BareSpectrum(data.labels, tuple(random_theory(theory, source) for theory in data.theories))
    answer = find_hidden(spectrum, kinds=QUICK, draws=6)
    assert (answer.kind, answer.outcome) == (NONE, NONE)


@settings(max_examples=6)
@given(SEEDS, st.integers(1, 30))
def test_a_planted_spectrum_with_a_theory_of_random_levels_is_not_called_exact(seed, below):
    source = random.Random(seed)
    rows = [((k,), F(n * n, 4 * (k + 2)) - F(1, 8)) for k in range(1, 20) for n in numbers(source)]
    spectrum = bare_spectrum(("k",), rows)
    levels = {F(source.randrange(1, 400), 7 * below) for _ in range(6)}
    last = BareTheory((20,), tuple(sorted(levels)), (20,))
    answer = find_hidden(BareSpectrum(spectrum.labels, (*spectrum.theories, last)), kinds=QUICK, draws=3)
    assert not answer.identified
