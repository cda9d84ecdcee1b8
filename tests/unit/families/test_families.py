"""The families against the literature, and the laws that their spectra obey."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import islice, pairwise
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.expressions import apply_operator, fold
from cftsr.algebra.formula import parse
from cftsr.data.tasks import TASKS
from cftsr.errors import UserError
from cftsr.families import family_names, get_family

MINIMAL, WZW = get_family("minimal"), get_family("wzw_su2")
KNOWN = ("central_charge", "conformal_weight", "energy")  # for the other tasks see test_theory_tasks.py

coprime_pairs = (
    st.tuples(st.integers(2, 40), st.integers(2, 40))
    .map(lambda pair: (max(pair), min(pair)))
    .filter(lambda pair: pair[0] > pair[1] and gcd(*pair) == 1)
)


def weights(family, theory) -> list[F]:
    return sorted(family.conformal_weight(theory, state) for state in family.states(theory))


# The numbers of these tests are from Di Francesco, Mathieu, Senechal (1997), not from the formulas under test.


@pytest.mark.parametrize(
    ("theory", "central_charge", "spectrum"),
    [
        pytest.param((3, 2), F(0), [F(0)], id="trivial"),
        pytest.param((4, 3), F(1, 2), [F(0), F(1, 16), F(1, 2)], id="Ising"),
        pytest.param((5, 2), F(-22, 5), [F(-1, 5), F(0)], id="Lee-Yang"),
        pytest.param((5, 4), F(7, 10), [F(0), F(3, 80), F(1, 10), F(7, 16), F(3, 5), F(3, 2)], id="tricritical Ising"),
        pytest.param(
            (6, 5),
            F(4, 5),
            # The tetracritical Ising model; the Potts model has 0, 1/15, 2/5, 2/3, 7/5, 3 of these.
            [F(0), F(1, 40), F(1, 15), F(1, 8), F(2, 5), F(21, 40), F(2, 3), F(7, 5), F(13, 8), F(3)],
            id="three-state Potts",
        ),
        pytest.param((7, 2), F(-68, 7), [F(-3, 7), F(-2, 7), F(0)], id="M(7,2)"),
        pytest.param((5, 3), F(-3, 5), [F(-1, 20), F(0), F(1, 5), F(3, 4)], id="M(5,3)"),
    ],
)
def test_minimal_model_is_that_of_the_literature(theory, central_charge, spectrum):
    assert MINIMAL.central_charge(theory) == central_charge
    assert weights(MINIMAL, theory) == spectrum


@pytest.mark.parametrize(
    ("level", "central_charge", "spectrum"),
    [
        (1, F(1), [F(0), F(1, 4)]),
        (2, F(3, 2), [F(0), F(3, 16), F(1, 2)]),
        (3, F(9, 5), [F(0), F(3, 20), F(2, 5), F(3, 4)]),
        (4, F(2), [F(0), F(1, 8), F(1, 3), F(5, 8), F(1)]),
    ],
)
def test_su2_at_level_k_is_that_of_the_literature(level, central_charge, spectrum):
    assert WZW.central_charge((level,)) == central_charge
    assert weights(WZW, (level,)) == spectrum


@given(coprime_pairs)
def test_minimal_models_have_half_of_p_minus_1_times_q_minus_1_fields(theory):
    p, q = theory
    assert len(list(MINIMAL.states(theory))) == (p - 1) * (q - 1) // 2


@given(coprime_pairs, st.data())
def test_kac_symmetry(theory, data):
    p, q = theory
    r, s = data.draw(st.integers(1, q - 1)), data.draw(st.integers(1, p - 1))
    assert MINIMAL.conformal_weight(theory, (r, s)) == MINIMAL.conformal_weight(theory, (q - r, p - s))


@given(coprime_pairs)
def test_one_of_each_pair_of_kac_labels_is_kept_the_lexicographically_smaller(theory):
    p, q = theory
    kept = list(MINIMAL.states(theory))
    other = [(q - r, p - s) for r, s in kept]
    assert kept == sorted(kept)
    assert all(mine < theirs for mine, theirs in zip(kept, other, strict=True))
    assert {*kept, *other} == {(r, s) for r in range(1, q) for s in range(1, p)}


@given(coprime_pairs)
def test_the_identity_has_weight_zero_and_c_is_below_one(theory):
    assert MINIMAL.conformal_weight(theory, (1, 1)) == 0
    assert MINIMAL.central_charge(theory) < 1


@given(coprime_pairs)
def test_unitary_minimal_models_and_no_others_have_no_negative_weight(theory):
    p, q = theory
    assert (weights(MINIMAL, theory)[0] >= 0) == (p == q + 1)


@given(st.integers(2, 200))
def test_unitary_minimal_models_have_the_central_charge_of_friedan_qiu_and_shenker(m):
    assert MINIMAL.central_charge((m + 1, m)) == 1 - F(6, m * (m + 1))


@given(st.integers(3, 12))
def test_unitary_minimal_models_are_the_coset_su2_k_x_su2_1_by_su2_k_plus_1(m):
    # Goddard, Kent, Olive: c and, modulo integers, h of the coset.
    k = m - 2
    assert MINIMAL.central_charge((m + 1, m)) == sum(
        sign * WZW.central_charge((level,)) for sign, level in ((1, k), (1, 1), (-1, k + 1))
    )
    for r, s in MINIMAL.states((m + 1, m)):
        coset = (
            WZW.conformal_weight((k,), (r - 1,))
            + WZW.conformal_weight((1,), ((r - s) % 2,))
            - WZW.conformal_weight((k + 1,), (s - 1,))
        )
        assert (MINIMAL.conformal_weight((m + 1, m), (r, s)) - coset).denominator == 1


@given(st.integers(1, 300))
def test_su2_at_level_k_has_k_plus_1_fields_of_growing_weight_and_c_between_1_and_3(level):
    values = [WZW.conformal_weight((level,), state) for state in WZW.states((level,))]
    assert len(values) == level + 1
    assert values[0] == 0
    assert all(low < high for low, high in pairwise(values))
    assert values[-1] == F(level, 4)
    assert 1 <= WZW.central_charge((level,)) < 3


@pytest.mark.parametrize("name", ["minimal", "wzw_su2"])
@pytest.mark.parametrize("task", [TASKS[name] for name in KNOWN], ids=KNOWN)
def test_closed_forms_are_the_exact_values(name, task):
    family = get_family(name)
    labels = task.labels(family)
    formula = parse(task.closed_form(family), labels)
    for theory in islice(family.theories(), 25):
        for state in family.states(theory) if task.per_state else [None]:
            point = dict(zip(labels, theory + (state or ()), strict=True))
            value = fold(
                formula,
                lambda node, at=point: F(at[node.value] if node.kind == "variable" else node.value),
                apply_operator,
            )
            assert value == task.target(family, theory, state)


def test_minimal_models_come_in_the_documented_order():
    assert list(islice(MINIMAL.theories(), 12)) == [
        (3, 2),
        (4, 3),
        (5, 2),
        (5, 3),
        (5, 4),
        (7, 2),
        (7, 3),
        (6, 5),
        (7, 4),
        (8, 3),
        (9, 2),
        (7, 5),
    ]


@pytest.mark.parametrize("smallest_q", [2, 3, 5])
def test_minimal_models_are_enumerated_in_order_each_once_none_missing(smallest_q):
    theories = list(islice(get_family("minimal", {"smallest_q": smallest_q}).theories(), 200))
    assert theories == sorted(theories, key=lambda theory: (sum(theory), theory[0]))
    largest = sum(theories[-1]) - 1
    expected = {(p, q) for q in range(smallest_q, largest) for p in range(q + 1, largest - q + 1) if gcd(p, q) == 1}
    assert {theory for theory in theories if sum(theory) <= largest} == expected
    assert len(set(theories)) == len(theories)


def test_conventions_change_what_is_enumerated():
    assert next(get_family("wzw_su2", {"first_level": 4}).theories()) == (4,)
    assert next(get_family("minimal", {"smallest_q": 3}).theories()) == (4, 3)
    both = list(get_family("minimal", {"identify_fields": False}).states((4, 3)))
    assert both == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]


@pytest.mark.parametrize(
    ("family", "conventions", "message"),
    [
        ("minimall", {}, "'minimall' does not exist"),
        ("base", {}, "'base' does not exist"),
        ("../minimal", {}, "does not exist"),
        ("minimal", {"smalest_q": 2}, "conventions.minimal.smalest_q does not exist; minimal knows smallest_q"),
        ("minimal", {"smallest_q": 1}, "conventions.minimal.smallest_q is 1; the smallest that makes sense is 2"),
        ("minimal", {"smallest_q": True}, "conventions.minimal.smallest_q is True; it must be of type int"),
        ("minimal", {"smallest_q": 2.0}, "must be of type int"),
        ("minimal", {"identify_fields": 1}, "conventions.minimal.identify_fields is 1; it must be of type bool"),
        ("wzw_su2", {"first_level": 0}, "conventions.wzw_su2.first_level is 0; the smallest that makes sense is 1"),
        ("wzw_su2", {"first_level": "1"}, "must be of type int"),
    ],
)
def test_unknown_families_and_conventions_are_refused(family, conventions, message):
    with pytest.raises(UserError) as error:
        get_family(family, conventions)
    assert message in str(error.value)


def test_an_unknown_family_is_refused_with_the_known_ones():
    assert {"minimal", "wzw_su2"} <= set(family_names())
    with pytest.raises(UserError, match=f"choose from {', '.join(family_names())}"):
        get_family("su99")


def test_the_family_that_was_meant_is_suggested():
    with pytest.raises(UserError, match=r"'minimall' does not exist \(did you mean minimal\?\); choose from"):
        get_family("minimall")
