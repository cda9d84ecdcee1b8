"""Spectra without labels of fields: the theories and their distinct energies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from cftsr.data.dataset import Dataset


@dataclass(frozen=True)
class BareTheory:
    """A theory and its distinct energies, lowest first.

    labels   the theory labels; () where they are not to be used
    levels   its energies
    key      identifies the theory: its labels, or a name
    """

    labels: tuple[int, ...]
    levels: tuple[Fraction, ...]
    key: tuple = ()

    def __len__(self) -> int:
        return len(self.levels)

    def lowest(self, count: int) -> BareTheory:
        return replace(self, levels=self.levels[:count])


@dataclass(frozen=True)
class BareSpectrum:
    """Theories with energies and no label of a field.

    labels     names of the theory labels; () where the theories have none
    theories   in the order of the data
    """

    labels: tuple[str, ...]
    theories: tuple[BareTheory, ...]

    @property
    def levels(self) -> int:
        return sum(map(len, self.theories))


def bare_spectrum(labels: Iterable[str], rows: Iterable[tuple[tuple, Fraction]]) -> BareSpectrum:
    """The bare spectrum of rows (theory, energy), in any order; theories keep the order in which they first occur.

    labels   names of the theory labels, as many as a theory has; or none, and theories are only told apart
    """
    labels, levels = tuple(labels), {}
    for theory, energy in rows:
        levels.setdefault(theory, set()).add(energy)
    return BareSpectrum(
        labels,
        tuple(
            BareTheory(theory if labels else (), tuple(sorted(levels_of_theory)), theory)
            for theory, levels_of_theory in levels.items()
        ),
    )


def together(data: BareSpectrum, held_out: BareSpectrum | None) -> BareSpectrum:
    """The union of two spectra: a theory in both has the levels of both."""
    theories = [*data.theories, *(held_out.theories if held_out else ())]
    labels = {theory.key: theory.labels for theory in theories}
    whole = bare_spectrum((), ((theory.key, level) for theory in theories for level in theory.levels))
    return BareSpectrum(data.labels, tuple(replace(theory, labels=labels[theory.key]) for theory in whole.theories))


def without_state_labels(spectrum: Dataset) -> BareSpectrum:
    """A data set without its state labels and multiplicities. Targets must be exact."""
    width = spectrum.theory_labels
    rows = zip(spectrum.x[:, :width].tolist(), spectrum.numerator.tolist(), spectrum.denominator.tolist(), strict=True)
    return bare_spectrum(spectrum.labels[:width], ((tuple(x), Fraction(a, b)) for x, a, b in rows))
