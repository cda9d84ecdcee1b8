"""Spectra without labels: the quantum number is found, not given.

In: theories, by their labels or by nothing, and the energies of each, sorted, without multiplicities. Out: a shift s, a
denominator D of the theory and one or two hidden integers, so that every E + s is exactly lambda^2/D, or a binary
quadratic form over D, or a difference of two squares over denominators of their own; and what speaks for it.

The package stands above the engines: `rational` finds D and s as formulas of the theory labels. Nothing of a family is
known here.
"""
