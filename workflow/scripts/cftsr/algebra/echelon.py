"""Exact linear algebra over the rationals, by FLINT."""

from __future__ import annotations

from fractions import Fraction

import flint


def reduced_echelon(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """The reduced row echelon form, without zero rows."""
    entries = [flint.fmpq(value.numerator, value.denominator) for row in rows for value in row]
    matrix, rank = flint.fmpq_mat(len(rows), len(rows[0]), entries).rref()
    return [[Fraction(int(value.p), int(value.q)) for value in row] for row in matrix.tolist()[:rank]]
