"""Coefficients of the epsilon expansion at the O(N) Wilson-Fisher point, exact, each with its source.

The numbers are not taken from the closed forms that judge a fit. Those of phi, phi^2 and phi^4 are computed for each N
from the renormalisation group functions, by solving for the fixed point as a power series in epsilon; those of the
weakly broken currents from crossing; those of C_T and C_J from the one contraction of couplings that there is at this
order, and the limit of large N.

Conventions: the potential is (16 pi^2 g/4!) (phi^2)^2, and

    beta(g)   = -epsilon g + (N+8)/3 g^2 - (3N+14)/3 g^3
    gamma_phi = (N+2)/36 g^2 - (N+2)(N+8)/432 g^3          (Delta_phi = d/2 - 1 + gamma_phi)
    gamma_S   = (N+2)/3 g - 5(N+2)/18 g^2                  (Delta_S = d - 2 + gamma_S, the singlet phi^2)
    gamma_T   = 2/3 g - (N+10)/18 g^2                      (the symmetric traceless phi_i phi_j)

(Brezin, Le Guillou, Zinn-Justin, in Phase Transitions and Critical Phenomena 6 (1976), for beta, gamma_phi and gamma_S;
all are collected by Henriksson, Phys. Rep. 1002 (2023) 1.) phi^4 has Delta = d + beta'(g*). To two loops all of
them follow from one formula for any potential (Machacek, Vaughn, Nucl. Phys. B 249 (1985) 70): the tests evaluate it.

A current of spin l is bilinear in phi: Delta = d - 2 + l + gamma, and at order epsilon^2 its gamma is 2 gamma_phi less
what the exchange of phi^2 in the crossed channel contributes, a constant of the O(N) representation over l(l+1). The
constants are in the ratios of the sums over the exchanged representations of crossing matrix times free coefficient
times gamma^2, and the stress tensor, l = 2 in the singlet, has gamma = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

Series = tuple[Fraction, ...]  # coefficients of epsilon^0, epsilon^1, ...
ORDER = 4


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of one quantity.

    name         in paths and on the command line
    symbol       what it is
    order        of epsilon
    labels       N, or N and the spin l
    value        the exact value at the labels
    closed_form  the literature's formula in the labels; it judges a fit, and never makes one
    smallest_n   the smallest N for which the quantity exists
    spins        first spin and step; None where there is no spin
    source       where the closed form is printed
    """

    name: str
    symbol: str
    order: int
    labels: tuple[str, ...]
    value: Callable[..., Fraction]
    closed_form: str
    source: str
    smallest_n: int = 1
    spins: tuple[int, int] | None = None

    def rows(self, largest_n: int, largest_spin: int = 24) -> list[tuple[int, ...]]:
        """The labels of all data up to a size, N first."""
        numbers = range(self.smallest_n, largest_n + 1)
        if self.spins is None:
            return [(n,) for n in numbers]
        first, step = self.spins
        return [(n, l) for n in numbers for l in range(first, largest_spin + 1, step)]


# ---- power series in epsilon


def _times(a: Series, b: Series) -> Series:
    return tuple(sum((a[i] * b[k - i] for i in range(k + 1)), Fraction(0)) for k in range(ORDER))


def _scaled(a: Series, factor: Fraction | int) -> Series:
    return tuple(factor * value for value in a)


def _plus(*terms: Series) -> Series:
    return tuple(sum(values, Fraction(0)) for values in zip(*terms, strict=True))


def fixed_point(n: int) -> Series:
    """g* to order epsilon^2 (what the next order of beta changes is epsilon^3): the zero of beta(g)/g."""
    epsilon = (Fraction(0), Fraction(1), *(Fraction(0),) * (ORDER - 2))
    g = (Fraction(0),) * ORDER
    for _ in range(ORDER):
        g = _scaled(_plus(epsilon, _scaled(_times(g, g), Fraction(3 * n + 14, 3))), Fraction(3, n + 8))
    return g[:3] + (Fraction(0),) * (ORDER - 3)


def gamma_phi(n: int) -> Series:
    """To order epsilon^3."""
    g = fixed_point(n)
    squared = _times(g, g)
    return _plus(_scaled(squared, Fraction(n + 2, 36)), _scaled(_times(squared, g), -Fraction((n + 2) * (n + 8), 432)))


def gamma_singlet(n: int) -> Series:
    """To order epsilon^2."""
    g = fixed_point(n)
    return _plus(_scaled(g, Fraction(n + 2, 3)), _scaled(_times(g, g), -Fraction(5 * (n + 2), 18)))


def gamma_traceless(n: int) -> Series:
    """To order epsilon^2."""
    g = fixed_point(n)
    return _plus(_scaled(g, Fraction(2, 3)), _scaled(_times(g, g), -Fraction(n + 10, 18)))


def slope_of_beta(n: int) -> Series:
    """beta'(g*) to order epsilon^2: omega."""
    g = fixed_point(n)
    minus_epsilon = (Fraction(0), Fraction(-1), *(Fraction(0),) * (ORDER - 2))
    return _plus(minus_epsilon, _scaled(g, Fraction(2 * (n + 8), 3)), _scaled(_times(g, g), -Fraction(3 * n + 14)))


# ---- weakly broken currents


def exchange(n: int, representation: str) -> Fraction:
    """What phi^2, singlet and traceless, contributes in the crossed channel, relative to the identity; up to a factor.

    The crossing matrix of the vector of O(N) (rows S, T, A; columns S, T): ((1/N, (N-1)(N+2)/(2N^2)), (1, (N-2)/(2N)),
    (1, -(N+2)/(2N))). The free theory has phi^2 with coefficients 2/N (S) and 2 (T).
    """
    singlet, traceless = gamma_singlet(n)[1], gamma_traceless(n)[1]
    identity, other = {
        "S": (Fraction(1, n), Fraction((n - 1) * (n + 2), 2 * n * n)),
        "T": (Fraction(1), Fraction(n - 2, 2 * n)),
        "A": (Fraction(1), Fraction(-(n + 2), 2 * n)),
    }[representation]
    return (identity * Fraction(2, n) * singlet**2 + other * 2 * traceless**2) / identity


def gamma_current(n: int, l: int, representation: str) -> Fraction:
    """At order epsilon^2; the stress tensor fixes the factor: 6 = 2*3 for the singlet."""
    constant = 6 * exchange(n, representation) / exchange(n, "S")
    return 2 * gamma_phi(n)[2] * (1 - constant / (l * (l + 1)))


# ---- C_T and C_J

# C_T1 and C_J1 in C = C_free (1 + C_1/N) at order epsilon^2, of the formulas in any dimension d = 2 mu,
# C_T1 = -(2 C(mu)/(mu+1) + (mu^2+3 mu-2)/(mu (mu^2-1))) eta_1, C(mu) = psi(3-mu) + psi(2 mu-1) - psi(1) - psi(mu),
# C_J1 = -8(d-1)/(d(d-2)) eta_1 (Petkou, hep-th/9506116), with eta_1 = epsilon^2/4, the 1/N term of gamma_phi. At mu = 2
# C(mu) is psi(3) - psi(2) = 1/2.
_ETA_1 = Fraction(1, 4)
C_T_LARGE_N = -(2 * Fraction(1, 2) / 3 + Fraction(2**2 + 3 * 2 - 2, 2 * (2**2 - 1))) * _ETA_1
C_J_LARGE_N = -Fraction(8 * 3, 4 * 2) * _ETA_1


def charge(n: int, large_n: Fraction) -> Fraction:
    """C_T or C_J over that of N free scalars, at epsilon^2.

    At order g^2 the couplings enter by one number: lambda_iklm lambda_jklm = (N+2)/3 g^2 delta_ij, and with a generator
    of O(N) between two of the lines (N+2)/9 g^2 times it. So the ratio is a (N+2) g*^2 with the same a for all N, and
    (N+2) g*^2 is 9 epsilon^2/N at large N.
    """
    return large_n * (n + 2) * fixed_point(n)[1] ** 2 / 9


# ---- the table

WILSON = "Wilson, Fisher, Phys. Rev. Lett. 28 (1972) 240; Wilson, Phys. Rev. Lett. 28 (1972) 548"
REVIEW = "Henriksson, Phys. Rep. 1002 (2023) 1, arXiv:2201.09520"
CURRENTS = "Wilson, Kogut, Phys. Rep. 12 (1974) 75; Giombi, Kirilin, JHEP 11 (2016) 068, arXiv:1601.01310"
CHARGES = (
    "Petkou, Phys. Lett. B 359 (1995) 101, arXiv:hep-th/9506116; Diab et al., arXiv:1601.07198. The dependence on N "
    "follows from the contraction of the couplings, the factor from large N; the printed formula was not seen"
)
TRACELESS = f"{REVIEW}; derived here from the two-loop beta function of any potential, the printed formula was not seen"

COEFFICIENTS = {
    coefficient.name: coefficient
    for coefficient in (
        Coefficient(
            "gamma_phi_2",
            "gamma_phi at epsilon^2",
            2,
            ("N",),
            lambda n: gamma_phi(n)[2],
            "(N+2)/(4*square(N+8))",
            WILSON,
        ),
        Coefficient(
            "gamma_phi_3",
            "gamma_phi at epsilon^3",
            3,
            ("N",),
            lambda n: gamma_phi(n)[3],
            "(N+2)*(272+56*N-square(N))/(16*square(square(N+8)))",
            WILSON,
        ),
        Coefficient(
            "gamma_singlet_1",
            "Delta of phi^2, singlet, less d-2, at epsilon",
            1,
            ("N",),
            lambda n: gamma_singlet(n)[1],
            "(N+2)/(N+8)",
            WILSON,
        ),
        Coefficient(
            "gamma_singlet_2",
            "the same at epsilon^2",
            2,
            ("N",),
            lambda n: gamma_singlet(n)[2],
            "(N+2)*(13*N+44)/(2*(N+8)*square(N+8))",
            WILSON,
        ),
        Coefficient(
            "gamma_traceless_1",
            "Delta of phi^2, symmetric traceless, less d-2, at epsilon",
            1,
            ("N",),
            lambda n: gamma_traceless(n)[1],
            "2/(N+8)",
            TRACELESS,
            smallest_n=2,
        ),
        Coefficient(
            "gamma_traceless_2",
            "the same at epsilon^2",
            2,
            ("N",),
            lambda n: gamma_traceless(n)[2],
            "(N+4)*(22-N)/(2*(N+8)*square(N+8))",
            TRACELESS,
            smallest_n=2,
        ),
        Coefficient(
            "delta_phi4_2",
            "Delta of phi^4, singlet, at epsilon^2",
            2,
            ("N",),
            lambda n: slope_of_beta(n)[2],
            "-3*(3*N+14)/square(N+8)",
            REVIEW,
        ),
        Coefficient(
            "current_singlet_2",
            "gamma of the singlet currents of spin l at epsilon^2",
            2,
            ("N", "l"),
            lambda n, l: gamma_current(n, l, "S"),
            "(N+2)/(2*square(N+8))*(1-6/(l*(l+1)))",
            CURRENTS,
            spins=(2, 2),
        ),
        Coefficient(
            "current_traceless_2",
            "gamma of the symmetric traceless currents of spin l at epsilon^2",
            2,
            ("N", "l"),
            lambda n, l: gamma_current(n, l, "T"),
            "(N+2)/(2*square(N+8))*(1-2*(N+6)/((N+2)*l*(l+1)))",
            CURRENTS,
            smallest_n=2,
            spins=(2, 2),
        ),
        Coefficient(
            "current_antisymmetric_2",
            "gamma of the antisymmetric currents of spin l at epsilon^2",
            2,
            ("N", "l"),
            lambda n, l: gamma_current(n, l, "A"),
            "(N+2)/(2*square(N+8))*(1-2/(l*(l+1)))",
            CURRENTS,
            smallest_n=2,
            spins=(1, 2),
        ),
        Coefficient(
            "c_t_2",
            "C_T over that of N free scalars, at epsilon^2",
            2,
            ("N",),
            lambda n: charge(n, C_T_LARGE_N),
            "-5*(N+2)/(12*square(N+8))",
            CHARGES,
        ),
        Coefficient(
            "c_j_2",
            "C_J over that of N free scalars, at epsilon^2",
            2,
            ("N",),
            lambda n: charge(n, C_J_LARGE_N),
            "-3*(N+2)/(4*square(N+8))",
            CHARGES,
            smallest_n=2,
        ),
    )
}


def data(name: str, largest_n: int, largest_spin: int = 24) -> tuple[tuple[str, ...], list[tuple[int, ...]], list]:
    """The names of the labels, the labels of each row, and the exact values."""
    chosen = COEFFICIENTS[name]
    rows = chosen.rows(largest_n, largest_spin)
    return chosen.labels, rows, [chosen.value(*row) for row in rows]
