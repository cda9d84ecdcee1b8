"""The epsilon expansion: closed forms against the renormalisation group, special cases, and the exact engine."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from cftsr.algebra.expressions import exact_value_at
from cftsr.algebra.formula import parse
from cftsr.epsilon.coefficients import COEFFICIENTS, data, gamma_current, gamma_phi, gamma_singlet, gamma_traceless
from cftsr.hidden.formulas import fit_formula
from cftsr.vocabulary import IDENTIFIED


def value(name: str, *labels: int) -> F:
    return COEFFICIENTS[name].value(*labels)


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_the_closed_form_is_what_is_computed(name):
    labels, rows, values = data(name, 30)
    form = parse(COEFFICIENTS[name].closed_form, labels)
    assert [exact_value_at(form, dict(zip(labels, row, strict=True))) for row in rows] == values


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # The Ising model: Wilson, Kogut, Phys. Rep. 12 (1974) 75 and the reviews since.
        ("gamma_phi_2", F(1, 108)),
        ("gamma_phi_3", F(109, 11664)),
        ("gamma_singlet_1", F(1, 3)),
        ("gamma_singlet_2", F(19, 162)),
        ("delta_phi4_2", F(-17, 27)),
        ("c_t_2", F(-5, 324)),
    ],
)
def test_ising(name, expected):
    assert value(name, 1) == expected


def test_what_is_conserved_has_no_anomalous_dimension():
    for n in range(2, 30):
        assert gamma_current(n, 2, "S") == 0  # the stress tensor
        assert gamma_current(n, 1, "A") == 0  # the current of O(N)
        assert gamma_current(n, 2, "T") != 0


def test_at_large_spin_every_current_is_two_fields():
    for representation in "STA":
        assert abs(gamma_current(5, 10**6, representation) / (2 * gamma_phi(5)[2]) - 1) < F(1, 10**11)


def test_at_large_n_the_singlet_has_dimension_two_and_charges_follow_eta():
    n = 10**7
    # Delta_S = 2 + O(1/N); C_J = 1 - 8(d-1)/(d(d-2)) gamma_phi, C_T = 1 - 5/12 epsilon^2/N: Petkou, hep-th/9506116.
    assert abs(gamma_singlet(n)[1] - 1) < F(10, n)
    assert abs(gamma_singlet(n)[2]) < F(10, n)
    assert abs(n * value("c_j_2", n) + 3 * n * value("gamma_phi_2", n)) < F(100, n)
    assert abs(n * value("c_t_2", n) + F(5, 12)) < F(100, n)
    # Delta_T = d - 2 + 4 eta/(4-d), with eta = epsilon^2/2 - epsilon^3/8 at order 1/N.
    assert abs(n * gamma_traceless(n)[1] - 2) < F(100, n)
    assert abs(n * gamma_traceless(n)[2] + F(1, 2)) < F(100, n)


def test_the_traceless_field_has_charge_two_in_o2():
    # Delta of the charge-q field of O(2) at epsilon^2 is a cubic in q without constant, -(2 q^3 - 8 q^2)/100 + a q
    # (Badel, Cuomo, Monin, Rattazzi, JHEP 11 (2019) 110, arXiv:1909.01269); q = 1 is phi itself.
    linear = gamma_phi(2)[2] + F(2 - 8, 100)
    assert gamma_traceless(2)[2] == -F(2 * 8 - 8 * 4, 100) + 2 * linear


def test_n_minus_two_is_free():
    # Balian, Toulouse, Phys. Rev. Lett. 30 (1973) 544: eta = 0 and nu = 1/2.
    assert gamma_phi(-2)[2:] == (0, 0)
    assert gamma_singlet(-2)[1:3] == (0, 0)


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_the_exact_engine_identifies_the_coefficient(name):
    labels, rows, values = data(name, 30)
    formula = fit_formula(labels, rows, values)
    assert formula.outcome == IDENTIFIED
    form = parse(COEFFICIENTS[name].closed_form, labels)
    for row in COEFFICIENTS[name].rows(34, 30):  # held out: larger N and spin
        assert formula(row) == exact_value_at(form, dict(zip(labels, row, strict=True)))
