"""Spectra without labels of fields: the search for their hidden quantum numbers.

Input: theories, with or without labels, and the energies of each, sorted, without multiplicities. Output: a shift s, a
denominator D of the theory and one or two hidden integers such that every E + s is exactly lambda^2/D, or a binary
quadratic form over D, or a sum or difference of two squares over different denominators; and the evidence for it.

The package is above the engines: `rational` finds D and s as formulas in the theory labels. No family is known here.
"""
