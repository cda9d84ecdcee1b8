"""The families beside the paper's two: against the literature, against one another, and against characters."""

from __future__ import annotations

import keyword
from collections import Counter, defaultdict
from fractions import Fraction as F
from functools import cache
from itertools import islice, product
from math import gcd, pi, prod, sin, sqrt

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.algebra.expressions import apply_operator, fold
from cftsr.algebra.formula import parse
from cftsr.data.generate import drawn_theories, lowest_levels
from cftsr.data.tasks import TASKS
from cftsr.engines.base import Assignment, Progress, problem_of
from cftsr.engines.rational.engine import Rational
from cftsr.families import Family, get_family
from cftsr.fronts.verdict import judge_front

NAMES = (
    "coset_su2",
    "n1_superconformal",
    "n2_superconformal",
    "parafermions",
    "so_n_level1",
    "u1_boson",
    "w3_minimal",
    "wzw_g2",
    "wzw_so_vector",
    "wzw_sp4",
    "wzw_su3",
    "wzw_sun",
)
COSET, N1, N2, PARAFERMIONS, SO1, U1, W3, G2, SO, SP4, SU3, SUN = map(get_family, NAMES)
MINIMAL, SU2 = get_family("minimal"), get_family("wzw_su2")
KNOWN = ("central_charge", "conformal_weight", "energy")  # for the other tasks see test_theory_tasks.py
UNITARY = (COSET, N2, PARAFERMIONS, SO1, U1, G2, SO, SP4, SU3, SUN)


def weights(family: Family, theory: tuple[int, ...], chosen=lambda state: True) -> list[F]:
    return sorted(family.conformal_weight(theory, state) for state in family.states(theory) if chosen(state))


def fractions(text: str) -> list[F]:
    return sorted(map(F, text.split()))


every_family = pytest.mark.parametrize("family", [get_family(name) for name in NAMES], ids=NAMES)


# ---- the literature; none of these numbers is from the formulas under test


@pytest.mark.parametrize(
    ("family", "theory", "central_charge", "spectrum"),
    [
        pytest.param(N1, (4, 2), "0", "0 0", id="N=1 trivial"),
        pytest.param(N1, (5, 3), "7/10", "0 1/10 7/16 3/80", id="N=1 tricritical Ising"),
        pytest.param(N1, (6, 4), "1", "0 1/16 1/6 1 1/24 1/16 3/8 9/16", id="N=1 c=1"),
        pytest.param(N1, (8, 2), "-21/4", "0 -1/4 -3/32 -7/32", id="N=1 Lee-Yang"),
        pytest.param(N2, (1,), "1", "0 1/6 1/6 1/24 1/24 3/8", id="N=2 k=1"),
        pytest.param(N2, (2,), "3/2", "0 1/8 1/8 1/4 1/4 1/2 1/16 1/16 1/16 5/16 9/16 9/16", id="N=2 k=2"),
        pytest.param(PARAFERMIONS, (2,), "1/2", "0 1/16 1/2", id="Z_2: Ising"),
        pytest.param(PARAFERMIONS, (3,), "4/5", "0 1/15 1/15 2/5 2/3 2/3", id="Z_3: Potts"),
        pytest.param(PARAFERMIONS, (4,), "1", "0 1/16 1/16 1/12 1/3 9/16 9/16 3/4 3/4 1", id="Z_4: orbifold"),
        pytest.param(SU3, (1,), "2", "0 1/3 1/3", id="su(3)_1"),
        pytest.param(SU3, (2,), "16/5", "0 4/15 4/15 3/5 2/3 2/3", id="su(3)_2"),
        pytest.param(SUN, (2, 3), "9/5", "0 3/20 2/5 3/4", id="su(2)_3"),
        pytest.param(SUN, (4, 1), "3", "0 3/8 1/2 3/8", id="su(4)_1"),
        pytest.param(SUN, (5, 1), "4", "0 2/5 3/5 3/5 2/5", id="su(5)_1"),
        pytest.param(SO1, (1,), "1/2", "0 1/16 1/2", id="so(1)_1: Ising"),
        pytest.param(SO1, (2,), "1", "0 1/8 1/8 1/2", id="so(2)_1: Dirac"),
        pytest.param(SO1, (7,), "7/2", "0 7/16 1/2", id="so(7)_1"),
        pytest.param(SO1, (8,), "4", "0 1/2 1/2 1/2", id="so(8)_1: triality"),
        pytest.param(SO1, (16,), "8", "0 1/2 1 1", id="so(16)_1: E_8 has the current of weight 1"),
        pytest.param(SO, (5, 2), "4", "0 2/5 1", id="so(5)_2"),
        pytest.param(SP4, (1,), "5/2", "0 5/16 1/2", id="sp(4)_1"),
        pytest.param(SP4, (2,), "4", "0 1/4 2/5 3/5 3/4 1", id="sp(4)_2: metaplectic"),
        pytest.param(G2, (1,), "14/5", "0 2/5", id="(G_2)_1: Fibonacci"),
        pytest.param(G2, (2,), "14/3", "0 1/3 2/3 7/9", id="(G_2)_2"),
        pytest.param(W3, (4, 3), "0", "0", id="W_3 trivial"),
        pytest.param(W3, (5, 4), "4/5", "0 1/15 1/15 2/5 2/3 2/3", id="W_3: Potts"),
        pytest.param(W3, (5, 3), "-22/5", "0 -1/5", id="W_3: Lee-Yang"),
        pytest.param(U1, (1,), "1", "0 1/4", id="u(1)_1: su(2)_1"),
        pytest.param(U1, (2,), "1", "0 1/8 1/8 1/2", id="u(1)_2: Dirac"),
        pytest.param(U1, (3,), "1", "0 1/12 1/12 1/3 1/3 3/4", id="u(1)_3"),
        pytest.param(COSET, (1, 1), "1/2", "0 1/16 1/2", id="coset: Ising"),
        pytest.param(COSET, (2, 1), "7/10", "0 3/80 1/10 7/16 3/5 3/2", id="coset: tricritical Ising"),
        pytest.param(COSET, (1, 2), "7/10", "0 3/80 1/10 7/16", id="coset: tricritical Ising as N=1"),
    ],
)
def test_theory_is_that_of_the_literature(family, theory, central_charge, spectrum):
    assert family.central_charge(theory) == F(central_charge)
    assert weights(family, theory) == fractions(spectrum)


def test_sectors_of_the_superconformal_models():
    assert weights(N1, (5, 3), lambda state: state[2] == 0) == fractions("0 1/10")
    assert weights(N1, (5, 3), lambda state: state[2] == 1) == fractions("3/80 7/16")
    assert weights(N1, (6, 4), lambda state: state[2] == 0) == fractions("0 1/16 1/6 1")
    assert weights(N2, (1,), lambda state: state[2] == 0) == fractions("0 1/6 1/6")
    assert weights(N2, (1,), lambda state: state[2] == 1) == fractions("1/24 1/24 3/8")


@pytest.mark.parametrize(
    ("family", "theories", "charges"),
    [
        (N1, [(m + 2, m) for m in (3, 4, 5, 6)], "7/10 1 81/70 5/4"),
        (N2, [(k,) for k in (1, 2, 3, 4)], "1 3/2 9/5 2"),
        (PARAFERMIONS, [(k,) for k in (2, 3, 4, 5, 6)], "1/2 4/5 1 8/7 5/4"),
        (W3, [(5, 4), (6, 5), (7, 6), (7, 3)], "4/5 6/5 10/7 -114/7"),
        (SUN, [(n, 1) for n in (2, 3, 4, 10)], "1 2 3 9"),
        (SU3, [(5,), (9,), (21,)], "5 6 7"),  # conformal embeddings into su(6)_1, (E_6)_1, (E_7)_1
        (COSET, [(2, 3), (1, 4)], "81/70 6/7"),  # N=1 with m = 5; tricritical Potts
    ],
)
def test_central_charges_of_the_literature(family, theories, charges):
    assert [family.central_charge(theory) for theory in theories] == list(map(F, charges.split()))


@pytest.mark.parametrize(
    ("family", "first"),
    [
        (N1, [(4, 2), (5, 3), (6, 4), (7, 3), (8, 2), (7, 5)]),
        (W3, [(4, 3), (5, 3), (5, 4), (7, 3), (6, 5), (7, 4)]),
        (COSET, [(1, 1), (2, 1), (1, 2), (3, 1), (2, 2), (1, 3)]),
        (SUN, [(2, 1), (2, 2), (3, 1), (2, 3), (3, 2), (4, 1)]),
        (SO, [(3, 1), (3, 2), (4, 1)]),
        (PARAFERMIONS, [(2,), (3,)]),
        (SO1, [(1,), (2,)]),
    ],
)
def test_theories_come_in_the_documented_order(family, first):
    assert list(islice(family.theories(), len(first))) == first


# ---- what every family promises


@every_family
def test_labels_are_names_that_every_engine_takes(family):
    names = family.theory_labels + family.state_labels
    assert len(set(names)) == len(names)
    for name in names:
        assert name.isidentifier()
        assert name == name.lower()
        assert not keyword.iskeyword(name)
        assert name not in vars(sympy)  # PySR refuses these
        assert name not in {f"i{number}" for number in range(1, 11)} | {"rank", "numerator", "denominator", "target"}


@every_family
def test_theories_and_states_come_once_in_order_with_one_number_a_label(family):
    theories = list(islice(family.theories(), 300))
    assert len(set(theories)) == 300
    assert all(len(theory) == len(family.theory_labels) for theory in theories)
    for theory in theories[:40]:
        states = list(family.states(theory))
        assert states == sorted(set(states))
        assert all(len(state) == len(family.state_labels) for state in states)


@every_family
def test_every_theory_has_an_identity_of_weight_zero(family):
    for theory in islice(family.theories(), 60):
        assert 0 in weights(family, theory)


@pytest.mark.parametrize("family", UNITARY, ids=lambda family: family.name)
def test_unitary_theories_have_no_negative_weight_and_positive_c(family):
    for theory in islice(family.theories(), 40):
        assert weights(family, theory)[0] == 0
        assert family.central_charge(theory) > 0


@every_family
@pytest.mark.parametrize("task", [TASKS[name] for name in KNOWN], ids=KNOWN)
@settings(max_examples=15)
@given(data=st.data())
def test_closed_forms_are_the_exact_values(family, task, data):
    labels = task.labels(family)
    formula = parse(task.closed_form(family), labels)
    theory = data.draw(st.sampled_from(_first(family.name)))
    states = list(family.states(theory))
    for state in data.draw(st.lists(st.sampled_from(states), max_size=20)) if task.per_state else [()]:
        point = dict(zip(labels, theory + state, strict=True))
        value = fold(
            formula, lambda node, at=point: F(at[node.value] if node.kind == "variable" else node.value), apply_operator
        )
        assert value == task.target(family, theory, state)


@cache
def _first(name: str) -> list[tuple[int, ...]]:
    return list(islice(get_family(name).theories(), 60))


# ---- how many fields, and each of them once


@pytest.mark.parametrize(
    ("family", "count"),
    [
        (SU3, lambda k: (k + 1) * (k + 2) // 2),
        (SP4, lambda k: (k + 1) * (k + 2) // 2),
        (G2, lambda k: (k + 2) ** 2 // 4),
        (PARAFERMIONS, lambda k: k * (k + 1) // 2),
        (N2, lambda k: (k + 1) * (k + 2)),
        (U1, lambda k: 2 * k),
        (SO1, lambda n: 3 + (n % 2 == 0)),
        (SUN, lambda n, k: 1 + k * (n - 1)),
        (SO, lambda n, k: k + 1),
        (W3, lambda p, q: (p - 1) * (p - 2) * (q - 1) * (q - 2) // 12),
        (N1, lambda p, q: ((p - 1) * (q - 1) + 1) // 2),
        (COSET, lambda k, m: ((k + 1) * (k + m + 1) + 1) // 2),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_number_of_fields(family, count):
    for theory in islice(family.theories(), 50):
        assert len(list(family.states(theory))) == count(*theory)


def one_of_each_class(states, names, other_names) -> None:
    """Exactly one state in each class of `names` that `other_names` makes equal."""
    kept = Counter(states)
    for name in names:
        assert sum(kept[other] for other in {name, *other_names(name)}) == 1


@given(st.integers(2, 25))
def test_parafermion_fields_are_kept_once(k):
    # m modulo 2k, represented in 0..2k-1
    states = [(l, m % (2 * k)) for l, m in PARAFERMIONS.states((k,))]
    names = [(l, m) for l in range(k + 1) for m in range(2 * k) if (l - m) % 2 == 0]
    one_of_each_class(states, names, lambda name: [(k - name[0], (name[1] + k) % (2 * k))])
    assert all(abs(m) <= l for l, m in PARAFERMIONS.states((k,)))


@given(st.integers(1, 25))
def test_n2_fields_are_kept_once(k):
    # A primary of the N=2 algebra and its superpartner differ by 2 in s: s modulo 2 names the family.
    states = [(l, m % (2 * k + 4), s) for l, m, s in N2.states((k,))]
    names = [(l, m, s) for l in range(k + 1) for m in range(2 * k + 4) for s in (0, 1) if (l + m + s) % 2 == 0]
    one_of_each_class(states, names, lambda name: [(k - name[0], (name[1] + k + 2) % (2 * k + 4), name[2])])
    assert all(abs(m - s) <= l for l, m, s in N2.states((k,)))


small_coprime = st.sampled_from([(p, q) for p in range(4, 12) for q in range(3, p) if gcd(p, q) == 1])


@given(small_coprime)
def test_w3_fields_are_kept_once_and_all_three_names_have_one_weight(theory):
    p, q = theory

    def turned(name):
        r1, r2, s1, s2 = name
        return q - r1 - r2, r1, p - s1 - s2, s1

    pairs = product(range(1, q - 1), range(1, q - 1), range(1, p - 1), range(1, p - 1))
    names = [name for name in pairs if name[0] + name[1] < q and name[2] + name[3] < p]
    one_of_each_class(W3.states(theory), names, lambda name: [turned(name), turned(turned(name))])
    assert all(W3.conformal_weight(theory, name) == W3.conformal_weight(theory, turned(name)) for name in names)
    assert sorted(names) == list(get_family("w3_minimal", {"identify_fields": False}).states(theory))


@given(st.integers(1, 12), st.integers(1, 12))
def test_coset_fields_are_kept_once_and_both_names_have_one_weight(k, m):
    def other(name):
        r, s, t = name
        return k + 2 - r, k + m + 2 - s, -t % m

    names = [(r, s, (r - s) % m) for r in range(1, k + 2) for s in range(1, k + m + 2)]
    one_of_each_class(COSET.states((k, m)), names, lambda name: [other(name)])
    assert all(COSET.conformal_weight((k, m), name) == COSET.conformal_weight((k, m), other(name)) for name in names)


@given(st.sampled_from(list(islice(N1.theories(), 60))))
def test_n1_fields_are_kept_once_and_both_names_have_one_weight(theory):
    p, q = theory

    def other(name):
        return q - name[0], p - name[1], name[2]

    names = [(r, s, (r - s) % 2) for r in range(1, q) for s in range(1, p)]
    one_of_each_class(N1.states(theory), names, lambda name: [other(name)])
    assert all(N1.conformal_weight(theory, name) == N1.conformal_weight(theory, other(name)) for name in names)
    assert names == list(get_family("n1_superconformal", {"identify_fields": False}).states(theory))


def test_conventions_change_what_is_enumerated():
    assert next(get_family("n1_superconformal", {"smallest_q": 3}).theories()) == (5, 3)
    assert next(get_family("w3_minimal", {"smallest_q": 4}).theories()) == (5, 4)
    assert next(get_family("wzw_su3", {"first_level": 4}).theories()) == (4,)
    assert next(get_family("so_n_level1", {"smallest_n": 5}).theories()) == (5,)
    assert next(get_family("wzw_sun", {"smallest_n": 3, "first_level": 2}).theories()) == (3, 2)
    halved = get_family("coset_su2", {"both_orders": False})
    assert list(islice(halved.theories(), 4)) == [(1, 1), (2, 1), (3, 1), (2, 2)]


# ---- c and all h at once: Gauss sums. Sum d^2 exp(2 pi i h) = D exp(2 pi i c/8) in every unitary theory, with quantum
# dimensions d from Weyl's formula. A wrong c, a wrong h, a missing or a repeated field would spoil it.


def _weyl(products, at_rho, height):
    return prod(sin(pi * x / height) / sin(pi * y / height) for x, y in zip(products, at_rho, strict=True))


def _su3(height, x, y):
    return _weyl((x, y, x + y), (1, 1, 2), height)


def _sp4(height, x, y):
    return _weyl((x / 2, y, x / 2 + y, x + y), (1 / 2, 1, 3 / 2, 2), height)


def _g2(height, x, y):
    products = (x, y / 3, x + y / 3, x + 2 * y / 3, x + y, 2 * x + y)
    return _weyl(products, (1, 1 / 3, 4 / 3, 5 / 3, 2, 3), height)


QUANTUM_DIMENSIONS = {
    SU2: lambda theory, state: _weyl((state[0] + 1,), (1,), theory[0] + 2),
    SU3: lambda theory, state: _su3(theory[0] + 3, state[0] + 1, state[1] + 1),
    SP4: lambda theory, state: _sp4(theory[0] + 3, state[0] + 1, state[1] + 1),
    G2: lambda theory, state: _g2(theory[0] + 4, state[0] + 1, state[1] + 1),
    PARAFERMIONS: lambda theory, state: _weyl((state[0] + 1,), (1,), theory[0] + 2),
    U1: lambda theory, state: 1,
    SO1: lambda theory, state: sqrt(2) if theory[0] % 2 and state[1] else 1,
}
COMPLETE = [(family, theory) for family in QUANTUM_DIMENSIONS for theory in islice(family.theories(), 20)]


def gauss_sums_agree(family, theory, dimension) -> bool:
    terms = [(dimension(theory, state) ** 2, family.conformal_weight(theory, state)) for state in family.states(theory)]
    total = sum(square * _phase(h) for square, h in terms)
    size = sum(square for square, _ in terms)
    # The terms cancel down to the square root of their size: what rounding leaves is relative to the terms.
    return abs(total - sqrt(size) * _phase(family.central_charge(theory) / 8)) < 1e-12 * size


def _phase(turns: F) -> complex:
    # The whole turns are taken off exactly, before anything is rounded.
    angle = 2 * pi * float(turns % 1)
    return complex(sin(angle + pi / 2), sin(angle))


@pytest.mark.parametrize(("family", "theory"), COMPLETE, ids=lambda value: getattr(value, "name", str(value)))
def test_gauss_sum(family, theory):
    assert gauss_sums_agree(family, theory, QUANTUM_DIMENSIONS[family])


@pytest.mark.parametrize("q", range(3, 9))
def test_gauss_sum_of_the_unitary_w3_models(q):
    def dimension(theory, state):
        p, q = theory
        return _su3(q, *state[:2]) * _su3(p, *state[2:])

    assert gauss_sums_agree(W3, (q + 1, q), dimension)


@pytest.mark.parametrize("n", range(2, 12))
def test_gauss_sum_of_su_n_at_level_1(n):
    assert gauss_sums_agree(SUN, (n, 1), lambda theory, state: 1)


def test_gauss_sum_catches_a_wrong_weight_and_a_missing_field():
    class Wrong(type(SU3)):
        def conformal_weight(self, theory, state):
            return super().conformal_weight(theory, state) + F(state == (1, 0), 3)

    class Missing(type(SU3)):
        def states(self, theory):
            return list(super().states(theory))[:-1]

    for family in (Wrong(), Missing()):
        assert not gauss_sums_agree(family, (3,), QUANTUM_DIMENSIONS[SU3])


# ---- one theory as another

level = st.integers(1, 40)


@given(level)
def test_coset_with_m_1_is_virasoro(k):
    minimal, coset = (k + 3, k + 2), (k, 1)
    assert COSET.central_charge(coset) == MINIMAL.central_charge(minimal)
    assert [state[:2] for state in COSET.states(coset)] == list(MINIMAL.states(minimal))
    for r, s, t in COSET.states(coset):
        assert COSET.conformal_weight(coset, (r, s, t)) == MINIMAL.conformal_weight(minimal, (r, s))


@given(level)
def test_coset_with_m_2_is_n1(k):
    n1, coset = (k + 4, k + 2), (k, 2)
    assert COSET.central_charge(coset) == N1.central_charge(n1)
    assert list(COSET.states(coset)) == list(N1.states(n1))
    for state in COSET.states(coset):
        assert COSET.conformal_weight(coset, state) == N1.conformal_weight(n1, state)


@given(level)
def test_coset_with_m_4_is_the_spin_4_3_algebra_of_fateev_and_zamolodchikov(k):
    # Phys. Lett. A 109 (1985) 217: with p = k + 2, the cosine is that of pi (r-s)/4.
    p = k + 2
    assert COSET.central_charge((k, 4)) == 2 * (1 - F(12, p * (p + 4)))
    fourth_power = {0: F(1), 1: F(1, 4), 2: F(0), 3: F(1, 4)}
    for r, s, t in COSET.states((k, 4)):
        expected = F((r * (p + 4) - s * p) ** 2 - 16, 16 * p * (p + 4)) + (1 - fourth_power[(r - s) % 4]) / 12
        assert COSET.conformal_weight((k, 4), (r, s, t)) == expected


@given(level, level)
def test_coset_charges_are_differences_and_symmetric_in_k_and_m(k, m):
    assert COSET.central_charge((k, m)) == sum(
        sign * SU2.central_charge((level,)) for sign, level in ((1, k), (1, m), (-1, k + m))
    )
    assert COSET.central_charge((k, m)) == COSET.central_charge((m, k))


@given(st.integers(3, 9))
def test_unitary_w3_models_are_the_coset_of_su3(q):
    # c, and h modulo integers: h(r) + h(level 1) - h(s), the level-1 weight fixed by triality.
    assert W3.central_charge((q + 1, q)) == sum(
        sign * F(8 * level, level + 3) for sign, level in ((1, q - 3), (1, 1), (-1, q - 2))
    )
    for r1, r2, s1, s2 in W3.states((q + 1, q)):
        triality = (r1 + 2 * r2 - s1 - 2 * s2) % 3
        numerator = SU3.conformal_weight((q - 3,), (r1 - 1, r2 - 1)) + F(bool(triality), 3)
        coset = numerator - SU3.conformal_weight((q - 2,), (s1 - 1, s2 - 1))
        assert (W3.conformal_weight((q + 1, q), (r1, r2, s1, s2)) - coset).denominator == 1


def test_potts_is_w3_z3_and_a_part_of_m65():
    assert weights(W3, (5, 4)) == weights(PARAFERMIONS, (3,))
    assert set(weights(W3, (5, 4))) < set(weights(MINIMAL, (6, 5)))


@given(level)
def test_n2_is_parafermions_and_a_boson(k):
    # Gepner; in NS h = h_PF + m^2/(2k(k+2)), where h_PF holds for |m| <= l as well on the edge that is not kept.
    k += 1
    assert N2.central_charge((k,)) == PARAFERMIONS.central_charge((k,)) + 1
    for l, m, s in N2.states((k,)):
        if s == 0:
            expected = PARAFERMIONS.conformal_weight((k,), (l, m)) + F(m * m, 2 * k * (k + 2))
            assert N2.conformal_weight((k,), (l, m, s)) == expected


@given(level)
def test_n2_chiral_primaries_and_ramond_ground_states(k):
    # Lerche, Vafa, Warner: k+1 each; h = |charge|/2 with charge m/(k+2), and h = c/24.
    states = list(N2.states((k,)))
    chiral = [state for state in states if state[2] == 0 and state[0] == state[1]]
    assert [N2.conformal_weight((k,), state) for state in chiral] == [F(m, 2 * (k + 2)) for m in range(k + 1)]
    ground = [state for state in states if N2.conformal_weight((k,), state) == N2.central_charge((k,)) / 24]
    assert len([state for state in ground if state[2] == 1]) == k + 1
    assert weights(N2, (k,), lambda state: state[2] == 1)[0] == N2.central_charge((k,)) / 24


def test_n2_at_level_1_is_a_boson():
    # All primaries of N=2 at k = 1 are vertex operators m = 0..3 of u(1)_6.
    assert set(weights(N2, (1,))) == {U1.conformal_weight((6,), (m,)) for m in range(4)}


@given(level)
def test_su_n_at_n_2_is_su2_with_all_fields(k):
    assert SUN.central_charge((2, k)) == SU2.central_charge((k,))
    assert weights(SUN, (2, k)) == weights(SU2, (k,))


@given(level)
def test_su_n_at_n_3_is_a_part_of_su3(k):
    assert SUN.central_charge((3, k)) == SU3.central_charge((k,))
    for j, a in SUN.states((3, k)):
        assert SUN.conformal_weight((3, k), (j, a)) == SU3.conformal_weight((k,), (a * (j == 1), a * (j == 2)))


@given(st.integers(2, 30))
def test_su_n_at_level_1(n):
    assert SUN.central_charge((n, 1)) == n - 1
    assert weights(SUN, (n, 1)) == sorted(F(j * (n - j), 2 * n) for j in range(n))


@given(st.integers(2, 15), st.integers(2, 15))
def test_level_rank_duality(n, k):
    # su(n)_k x su(k)_n x u(1) in nk complex fermions: transposed diagrams share the weight of their boxes.
    assert SUN.central_charge((n, k)) + SUN.central_charge((k, n)) + 1 == n * k
    for j, a in product(range(1, n), range(1, k)):
        pair = SUN.conformal_weight((n, k), (j, a)) + SUN.conformal_weight((k, n), (a, j))
        assert pair == F(a * j, 2) - F((a * j) ** 2, 2 * n * k)


@given(level)
def test_so_n_at_small_n(k):
    # so(3)_k = su(2)_2k, so(4)_k = su(2)_k x su(2)_k, so(5)_k = sp(4)_k, so(6)_k = su(4)_k
    assert SO.central_charge((3, k)) == SU2.central_charge((2 * k,))
    assert SO.central_charge((4, k)) == 2 * SU2.central_charge((k,))
    assert SO.central_charge((5, k)) == SP4.central_charge((k,))
    assert SO.central_charge((6, k)) == SUN.central_charge((4, k))
    for (j,) in SO.states((3, k)):
        assert SO.conformal_weight((3, k), (j,)) == SU2.conformal_weight((2 * k,), (2 * j,))
        assert SO.conformal_weight((4, k), (j,)) == 2 * SU2.conformal_weight((k,), (j,))
        assert SO.conformal_weight((5, k), (j,)) == SP4.conformal_weight((k,), (0, j))
        assert SO.conformal_weight((6, k), (j,)) == SUN.conformal_weight((4, k), (2, j) if j else (0, 0))


@given(st.integers(3, 60), st.integers(1, 30))
def test_so_n_at_level_1_and_its_products(n, m):
    assert SO.central_charge((n, 1)) == SO1.central_charge((n,))
    assert weights(SO, (n, 1)) == [0, F(1, 2)]
    # so(n)_1 x so(m)_1 in so(n+m)_1: spinors add up.
    assert SO1.central_charge((n + m,)) == SO1.central_charge((n,)) + SO1.central_charge((m,))
    assert SO1.conformal_weight((n + m,), (0, 1)) == sum(SO1.conformal_weight((x,), (0, 1)) for x in (n, m))
    assert SO1.conformal_weight((2 * n,), (0, 1)) == SO1.conformal_weight((2 * n,), (1, 1)) == F(n, 8)


def test_conformal_embeddings():
    # so(7)_1 > (G_2)_1 x tricritical Ising; (G_2)_1 > su(3)_1 x Potts; (G_2)_1 > su(2)_28; sp(4)_1 > su(2)_10
    assert SO1.central_charge((7,)) == G2.central_charge((1,)) + MINIMAL.central_charge((5, 4))
    assert G2.central_charge((1,)) == SU3.central_charge((1,)) + MINIMAL.central_charge((6, 5))
    assert G2.central_charge((1,)) == SU2.central_charge((28,))
    assert SP4.central_charge((1,)) == SU2.central_charge((10,))
    seven = G2.conformal_weight((1,), (0, 1))
    assert SO1.conformal_weight((7,), (1, 0)) == seven + F(1, 10)
    assert SO1.conformal_weight((7,), (0, 1)) == seven + F(3, 80)
    assert seven == SU3.conformal_weight((1,), (1, 0)) + F(1, 15)
    assert seven == SU2.conformal_weight((28,), (6,))
    assert weights(SP4, (1,)) == [SU2.conformal_weight((10,), (l,)) for l in (0, 3, 4)]


@given(level)
def test_the_adjoint_has_the_weight_of_the_dual_coxeter_number(k):
    assert SU3.conformal_weight((k,), (1, 1)) == F(3, k + 3)
    assert SP4.conformal_weight((k,), (2, 0)) == F(3, k + 3)
    assert G2.conformal_weight((k,), (1, 0)) == F(4, k + 4)


@given(small_coprime)
def test_effective_central_charge_of_w3(theory):
    p, q = theory
    assert W3.central_charge(theory) - 24 * weights(W3, theory)[0] == 2 - F(24, p * q)


@given(st.sampled_from(list(islice(N1.theories(), 60))))
def test_effective_central_charge_of_n1(theory):
    p, q = theory
    lowest = weights(N1, theory, lambda state: state[2] == 0)[0]
    assert N1.central_charge(theory) - 24 * lowest == F(3, 2) - F(12, p * q)


@given(st.integers(1, 15).map(lambda half: 2 * half + 2))
def test_n1_ramond_ground_state_of_unitary_models_with_even_p(q):
    theory, state = (q + 2, q), (q // 2, q // 2 + 1, 1)
    assert state in set(N1.states(theory))
    assert N1.conformal_weight(theory, state) == N1.central_charge(theory) / 24


# ---- the coset's weights from characters: nothing but the Weyl-Kac formula goes in


def _numerator(k: int, l: int, depth: int) -> dict[tuple[int, int], int]:
    """The Weyl-Kac numerator of su(2)_k, highest weight l, as {(power of q, power of z): coefficient}."""
    terms = defaultdict(int)
    for n in range(-depth - 1, depth + 2):
        power = (k + 2) * n * n + (l + 1) * n
        if power <= depth:
            terms[power, l + 2 * n * (k + 2)] += 1
            terms[power, -l - 2 - 2 * n * (k + 2)] -= 1
    return terms


def _product(left: dict, right: dict, depth: int) -> dict[tuple[int, int], int]:
    terms = defaultdict(int)
    for (a, x), c in left.items():
        for (b, y), d in right.items():
            if a + b <= depth:
                terms[a + b, x + y] += c * d
    return {key: value for key, value in terms.items() if value}


@cache
def _inverse_denominator(depth: int) -> dict[tuple[int, int], int]:
    total = {(0, 0): 1}
    for n in range(1, depth + 1):
        for z in (0, 2, -2):
            total = _product(total, {(n * i, z * i): 1 for i in range(depth // n + 1)}, depth)
    return total


def _character(k: int, l: int, depth: int) -> dict[tuple[int, int], int]:
    """The character of su(2)_k up to q^depth: numerator / (1 - z^-2) / the rest of the denominator."""
    by_power = defaultdict(dict)
    for (power, z), value in _product(_numerator(k, l, depth), _inverse_denominator(depth), depth).items():
        by_power[power][z] = value
    character = {}
    for power, row in by_power.items():
        total = 0
        for z in range(max(row), min(row) - 1, -2):
            total += row.get(z, 0)
            character[power, z] = total
        assert total == 0
    return character


@pytest.mark.parametrize(
    ("k", "m"), [(1, 1), (3, 1), (1, 2), (2, 2), (1, 3), (2, 3), (3, 3), (4, 3), (2, 4), (3, 4), (1, 5), (2, 5), (3, 6)]
)
def test_coset_weights_are_those_of_the_branching_functions(k, m):
    # chi(r) * numerator(l) = sum over s of branching(r, l, s) * numerator(s), and numerator(s) alone has z^(s-1) within
    # 0 <= s-1 <= k+m: the lowest power of q there is the grade at which s appears in the product of r and l.
    depth = 10
    for r, s, t in COSET.states((k, m)):
        l = t if (r - s - t) // m % 2 == 0 else m - t
        terms = _product(_character(k, r - 1, depth), _numerator(m, l, depth), depth)
        grade = min(power for power, z in terms if z == s - 1)
        difference = (
            SU2.conformal_weight((k,), (r - 1,))
            + SU2.conformal_weight((m,), (l,))
            - SU2.conformal_weight((k + m,), (s - 1,))
        )
        assert COSET.conformal_weight((k, m), (r, s, t)) == difference + grade


# ---- the exact engine finds the closed forms

FOUND = [
    *((name, "central_charge", 100, None) for name in NAMES),
    ("n1_superconformal", "conformal_weight", 60, 30),
    ("n2_superconformal", "conformal_weight", 25, 30),
    ("parafermions", "conformal_weight", 30, 30),
    ("so_n_level1", "conformal_weight", 100, 100),
    ("u1_boson", "conformal_weight", 40, 30),
    ("w3_minimal", "conformal_weight", 100, 30),
    ("wzw_g2", "conformal_weight", 30, 30),
    ("wzw_so_vector", "conformal_weight", 100, 30),
    ("wzw_sp4", "conformal_weight", 25, 30),
    ("wzw_su3", "conformal_weight", 25, 30),
    ("wzw_sun", "conformal_weight", 100, 30),
]


@pytest.mark.parametrize(("name", "task", "theories", "percent"), FOUND, ids=lambda value: str(value))
def test_the_exact_engine_finds_the_closed_form(name, task, theories, percent):
    pytest.importorskip("flint")
    family, task = get_family(name), TASKS[task]
    if percent is None:
        data, held_out = drawn_theories(family, task, theories, 300, 0)
    else:
        data, held_out = lowest_levels(family, task, theories, F(percent, 100), next_theories=5)
    options = {"max_degree": 12, "max_unknowns": 300, "spare_rows": 12, "refit_without": 0.2}
    problem = problem_of(data, "free")
    progress = Rational().advance(Assignment(problem, options, log=lambda line: None), Progress())
    verdict = judge_front(problem.front(list(progress.candidates)), data, held_out, task.closed_form(family), 60)
    assert verdict["recovered"] == "yes"
    assert progress.extra["certificate"]["outcome"] == "identified"
