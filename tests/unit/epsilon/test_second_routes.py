"""The renormalisation group functions and charges of the O(N) model by second routes.

To two loops every beta function of scalars follows from one formula for the potential (Machacek, Vaughn, Nucl. Phys. B
249 (1985) 70; units with 16 pi^2 = 1):

    beta_V = V_ab V_ab/2 - V_ab V_acd V_bcd/2 + gamma_ab phi_a V_b,     gamma_ab = lambda_acde lambda_bcde/12.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import gamma, pi, sin

import numpy as np
import pytest
import sympy
from scipy.special import digamma

from cftsr.epsilon.coefficients import C_J_LARGE_N, C_T_LARGE_N, COEFFICIENTS, charge

G, M = sympy.symbols("g m")


def beta_of(potential: sympy.Expr, fields: list[sympy.Symbol]) -> sympy.Expr:
    """The two-loop beta function of a potential in d = 4."""
    size = range(len(fields))
    first = [sympy.diff(potential, a) for a in fields]
    second = [[sympy.expand(sympy.diff(one, b)) for b in fields] for one in first]
    third = [[[sympy.diff(second[a][b], c) for c in fields] for b in size] for a in size]
    fourth = [[[[sympy.diff(third[a][b][c], d) for d in fields] for c in size] for b in size] for a in size]
    one_loop = sum(second[a][b] ** 2 for a, b in product(size, size)) / 2
    two_loops = (
        -sum(second[a][b] * third[a][c][d] * third[b][c][d] for a, b, c, d in product(size, size, size, size)) / 2
    )
    waves = [
        [sum(fourth[a][c][d][e] * fourth[b][c][d][e] for c, d, e in product(size, size, size)) / 12 for b in size]
        for a in size
    ]
    wave = sum(waves[a][b] * fields[a] * first[b] for a, b in product(size, size))
    return sympy.expand(one_loop + two_loops + wave)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_beta_gamma_phi_gamma_singlet_and_gamma_traceless_follow_from_the_general_potential(n):
    fields = list(sympy.symbols(f"x0:{n}"))
    square = sum(x**2 for x in fields)
    quartic = G * square**2 / 24
    at_x0 = dict.fromkeys(fields[1:], 0) | {fields[0]: 1}
    found = beta_of(quartic, fields).subs(at_x0) * 24
    assert sympy.expand(found - (sympy.Rational(n + 8, 3) * G**2 - sympy.Rational(3 * n + 14, 3) * G**3)) == 0
    perturbations = {"singlet": square}
    if n > 1:
        perturbations["traceless"] = fields[0] ** 2 - fields[1] ** 2
    expected = {
        "singlet": sympy.Rational(n + 2, 3) * G - sympy.Rational(5 * (n + 2), 18) * G**2,
        "traceless": sympy.Rational(2, 3) * G - sympy.Rational(n + 10, 18) * G**2,
    }
    for name, mass in perturbations.items():
        linear = beta_of(quartic + M * mass / 2, fields).coeff(M, 1).subs(at_x0)
        # What is quadratic in the fields: the quartic part of the linear term is of a higher operator, and absent.
        assert sympy.expand(linear * 2 - expected[name]) == 0


def coupling(n: int) -> np.ndarray:
    """lambda_ijkl/g, in thirds: three times the tensor is whole."""
    delta = np.eye(n, dtype=int)
    pairs = ("ij,kl->ijkl", "ik,jl->ijkl", "il,jk->ijkl")
    return sum(np.einsum(pair, delta, delta) for pair in pairs)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_one_contraction_of_the_couplings_enters_the_charges(n):
    tensor = coupling(n)
    assert np.array_equal(np.einsum("iklm,jklm->ij", tensor, tensor), 3 * (n + 2) * np.eye(n, dtype=int))
    generator = np.zeros((n, n), dtype=int)
    generator[0, 1], generator[1, 0] = 1, -1
    between = np.einsum("iklm,jkln,mn->ij", tensor, tensor, generator)
    assert np.array_equal(between, (n + 2) * generator)


def large_n(dimension: float) -> tuple[float, float]:
    """C_T1 and C_J1 over eta_1 in any dimension: Petkou, Phys. Lett. B 359 (1995) 101."""
    mu = dimension / 2
    c = digamma(3 - mu) + digamma(2 * mu - 1) - digamma(1) - digamma(mu)
    c_t = -(2 * c / (mu + 1) + (mu * mu + 3 * mu - 2) / (mu * (mu * mu - 1)))
    return c_t, -8 * (dimension - 1) / (dimension * (dimension - 2))


def test_large_n_fixes_the_factor():
    c_t, c_j = large_n(4 - 1e-7)
    assert c_t / 4 == pytest.approx(float(C_T_LARGE_N), rel=1e-6)
    assert c_j / 4 == pytest.approx(float(C_J_LARGE_N), rel=1e-6)
    # In three dimensions, with eta_1 = 4/(3 pi^2): -40/(9 pi^2) and -64/(9 pi^2).
    c_t, c_j = large_n(3)
    assert c_t * 4 / (3 * pi**2) == pytest.approx(-40 / (9 * pi**2))
    assert c_j * 4 / (3 * pi**2) == pytest.approx(-64 / (9 * pi**2))


def test_gamma_phi_is_that_of_large_n():
    # 1/N term in any dimension (Vasiliev, Pismak, Honkonen, Theor. Math. Phys. 46 (1981) 104); 4/(3 pi^2) in three.
    def first_term(d: float) -> float:
        return 2 ** (d - 3) * (d - 4) * gamma((d - 1) / 2) * sin(pi * d / 2) / (pi**1.5 * gamma(d / 2 + 1))

    assert first_term(3) == pytest.approx(4 / (3 * pi**2))
    large, step = 10**9, 1e-3
    second, third = (float(large * COEFFICIENTS[name].value(large)) for name in ("gamma_phi_2", "gamma_phi_3"))
    assert first_term(4 - step) == pytest.approx(second * step**2 + third * step**3, rel=3 * step**2)
    assert first_term(4 - step) != pytest.approx(second * step**2, rel=3 * step**2)


def test_charges_have_the_literatures_values():
    # C_T of the Ising model: -5/324 (Gopakumar, Kaviraj, Sen, Sinha, Phys. Rev. Lett. 118 (2017) 081601).
    assert charge(1, C_T_LARGE_N) == F(-5, 324)
    assert COEFFICIENTS["c_j_2"].value(2) == F(-3, 100)
    for name in ("c_t_2", "c_j_2"):  # N = -2 is free
        assert COEFFICIENTS[name].value(-2) == 0


def test_what_was_not_seen_in_print_says_so():
    for name in ("gamma_traceless_1", "gamma_traceless_2", "c_t_2", "c_j_2"):
        assert "was not seen" in COEFFICIENTS[name].source
