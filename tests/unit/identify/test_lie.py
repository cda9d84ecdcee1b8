"""The Wess-Zumino-Witten models of all simple algebras against the families, and against laws of Lie algebras."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from cftsr.errors import UserError
from cftsr.families import get_family
from cftsr.identify.lie import Algebra

ALL = [
    *(Algebra("A", n) for n in range(1, 7)),
    *(Algebra("B", n) for n in range(2, 7)),
    *(Algebra("C", n) for n in range(2, 7)),
    *(Algebra("D", n) for n in range(3, 8)),
    *(Algebra("E", n) for n in (6, 7, 8)),
    Algebra("F", 4),
    Algebra("G", 2),
]


@pytest.mark.parametrize("algebra", ALL, ids=lambda a: f"{a.kind}{a.rank}")
def test_comarks_and_the_strange_formula(algebra):
    assert sum(algebra.comarks) + 1 == algebra.dual_coxeter
    # Freudenthal and de Vries: the square of rho is g dim/12, with long roots of length squared 2.
    assert sum(map(sum, algebra.form)) == F(algebra.dual_coxeter * algebra.dimension, 12)


@pytest.mark.parametrize(
    ("family", "algebra"),
    [
        ("wzw_su2", Algebra("A", 1)),
        ("wzw_su3", Algebra("A", 2)),
        ("wzw_sp4", Algebra("C", 2)),
        ("wzw_sp4", Algebra("B", 2)),
        ("wzw_g2", Algebra("G", 2)),
    ],
)
def test_families_that_list_all_primaries_agree(family, algebra):
    family = get_family(family)
    for k in range(1, 7):
        weights = sorted(family.conformal_weight((k,), state) for state in family.states((k,)))
        assert sorted(algebra.conformal_weights(k)) == weights
        assert algebra.central_charge(k) == family.central_charge((k,))


@pytest.mark.parametrize(("family", "kind", "ranks"), [("wzw_sun", "A", (2, 3, 4)), ("wzw_so_vector", "D", (4, 5))])
def test_families_that_list_a_part_are_a_part(family, kind, ranks):
    family = get_family(family)
    for rank in ranks:
        for k in range(1, 4):
            theory = (rank + 1 if kind == "A" else 2 * rank, k)
            rows = {family.conformal_weight(theory, state) for state in family.states(theory)}
            assert rows <= set(Algebra(kind, rank).conformal_weights(k))


def test_e8_at_level_two_is_ising_like():
    # Three primaries of weights 0, 15/16, 3/2: Kac, Wakimoto, Adv. Math. 70 (1988) 156.
    assert sorted(Algebra("E", 8).conformal_weights(2)) == [0, F(15, 16), F(3, 2)]


@pytest.mark.parametrize(("kind", "rank"), [("E", 5), ("H", 2), ("D", 2), ("G", 3)])
def test_what_is_no_simple_algebra_is_refused(kind, rank):
    with pytest.raises(UserError, match="no simple Lie algebra"):
        Algebra(kind, rank)
