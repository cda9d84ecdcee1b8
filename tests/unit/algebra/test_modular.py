"""Linear algebra modulo primes, and the way back to the rationals."""

from __future__ import annotations

from fractions import Fraction as F
from math import gcd, isqrt, lcm

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Matrix, isprime

from cftsr.algebra import modular

SMALL_PRIMES = (2, 3, 7, 101)
primes = st.sampled_from((*SMALL_PRIMES, modular.PRIMES[0], modular.PRIMES[-1]))


@st.composite
def matrices(draw):
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    prime = draw(primes)
    entries = draw(
        st.lists(
            st.integers(0, min(prime - 1, 10)) | st.integers(0, prime - 1),
            min_size=rows * columns,
            max_size=rows * columns,
        )
    )
    return np.array(entries, dtype=np.int64).reshape(rows, columns), prime


def test_the_primes_are_distinct_primes_whose_squares_fit_into_int64():
    assert all(isprime(prime) for prime in modular.PRIMES)
    assert len(set(modular.PRIMES)) == len(modular.PRIMES)
    assert max(modular.PRIMES) ** 2 < 2**63


def reference_null_space(matrix, prime):
    """The same by elimination with Python's integers: (free columns, basis)."""
    rows = [[int(value) % prime for value in row] for row in matrix]
    columns, pivots = matrix.shape[1], []
    for column in range(columns):
        done = len(pivots)
        index = next((i for i in range(done, len(rows)) if rows[i][column]), None)
        if index is None:
            continue
        rows[done], rows[index] = rows[index], rows[done]
        inverse = pow(rows[done][column], -1, prime)
        rows[done] = [value * inverse % prime for value in rows[done]]
        for i in range(len(rows)):
            if i != done and rows[i][column]:
                scale = rows[i][column]
                rows[i] = [(a - scale * b) % prime for a, b in zip(rows[i], rows[done], strict=True)]
        pivots.append(column)
    free = tuple(column for column in range(columns) if column not in pivots)
    basis = []
    for column in free:
        vector = [0] * columns
        vector[column] = 1
        for row, pivot in enumerate(pivots):
            vector[pivot] = -rows[row][column] % prime
        basis.append(vector)
    return free, basis


@given(matrices())
def test_the_null_space_is_that_of_plain_elimination(case):
    matrix, prime = case
    before = matrix.copy()
    free, basis = modular.null_space(matrix, prime)
    assert (free, basis.tolist()) == reference_null_space(matrix, prime)
    assert modular.rank(matrix, prime) == matrix.shape[1] - len(basis)
    assert np.array_equal(matrix, before)


def test_a_matrix_without_rows_has_every_vector_in_its_null_space():
    free, basis = modular.null_space(np.zeros((0, 3), dtype=np.int64), 7)
    assert free == (0, 1, 2)
    assert basis.tolist() == np.eye(3, dtype=int).tolist()


@given(matrices())
def test_null_space_is_annihilated_complete_and_normalised(case):
    matrix, prime = case
    free, basis = modular.null_space(matrix, prime)
    rank = modular.rank(matrix, prime)
    columns = matrix.shape[1]
    assert len(free) == len(basis) == columns - rank
    for vector in basis:
        assert [sum(int(a) * int(b) for a, b in zip(row, vector, strict=True)) % prime for row in matrix] == [0] * len(
            matrix
        )
    assert basis[:, list(free)].tolist() == np.eye(len(free), dtype=int).tolist()


def test_the_null_space_of_a_large_system_is_that_of_plain_elimination():
    generator = np.random.default_rng(0)
    prime = modular.PRIMES[0]
    tall = generator.integers(0, prime, (60, 20)) % prime
    matrix = np.hstack([tall, tall[:, :5] * 3 % prime])
    free, basis = modular.null_space(matrix, prime)
    assert free == (20, 21, 22, 23, 24)
    assert (free, basis.tolist()) == reference_null_space(matrix, prime)


@given(st.lists(st.lists(st.integers(-9, 9), min_size=4, max_size=4), min_size=1, max_size=5))
def test_the_rank_modulo_a_large_prime_is_the_rank(rows):
    matrix = np.array(rows, dtype=np.int64)
    # Minors of such small matrices are smaller than the prime.
    assert modular.rank(matrix % modular.PRIMES[0], modular.PRIMES[0]) == Matrix(rows).rank()


@given(
    st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=5),
    primes,
)
def test_monomials_modulo_a_prime(points, exponents, prime):
    found = modular.monomial_values(np.array(points, dtype=np.int64), exponents, prime)
    assert found.tolist() == [[pow(x, a, prime) * pow(y, b, prime) % prime for a, b in exponents] for x, y in points]


# ---- back to the rationals


@given(st.integers(0, 2**31), st.integers(0, 2**31), st.sampled_from(modular.PRIMES[1:]))
def test_chinese_remainder(a, b, prime):
    modulus = modular.PRIMES[0]
    combined = modular.combine(a % modulus, modulus, b % prime, prime)
    assert combined % modulus == a % modulus
    assert combined % prime == b % prime
    assert 0 <= combined < modulus * prime


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9), st.integers(1, 4))
def test_a_fraction_is_reconstructed_from_its_residue(numerator, denominator, count):
    value = F(numerator, denominator)
    modulus = 1
    for prime in modular.PRIMES[:count]:
        modulus *= prime
    residue = value.numerator * pow(value.denominator, -1, modulus) % modulus
    found = modular.reconstruct(residue, modulus)
    bound = isqrt(modulus // 2)
    if abs(value.numerator) <= bound and value.denominator <= bound:
        assert found == value
    else:
        assert found != value


@given(st.integers(2, 10**6), st.integers(0, 10**6))
def test_a_reconstruction_is_congruent_small_and_in_lowest_terms_or_there_is_none(modulus, residue):
    found = modular.reconstruct(residue % modulus, modulus)
    bound = isqrt(modulus // 2)
    if found is not None:
        assert (found.numerator - residue * found.denominator) % modulus == 0
        assert abs(found.numerator) <= bound
        assert found.denominator <= bound


@pytest.mark.parametrize("modulus", [97, 101, 210])
def test_none_means_that_no_small_fraction_has_the_residue(modulus):
    bound = isqrt(modulus // 2)
    small = {
        F(n, d).limit_denominator(d)
        for d in range(1, bound + 1)
        for n in range(-bound, bound + 1)
        if gcd(d, modulus) == 1
    }
    residues = {value.numerator * pow(value.denominator, -1, modulus) % modulus: value for value in small}
    for residue in range(modulus):
        assert modular.reconstruct(residue, modulus) == residues.get(residue)


@given(st.lists(st.fractions(max_denominator=1000), min_size=1, max_size=6))
def test_cleared_denominators_leave_a_primitive_vector_on_the_same_line(vector):
    cleared = modular.clear_denominators(vector)
    scale = lcm(*(value.denominator for value in vector))
    content = gcd(*(int(value * scale) for value in vector))
    assert gcd(*cleared) == (1 if any(vector) else 0)
    assert [value * content for value in cleared] == [value * scale for value in vector] or not content
