"""data/on_epsilon and configs/on_epsilon.yaml: what they hold is what the coefficients are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cftsr.algebra.expressions import exact_value_at
from cftsr.algebra.formula import parse
from cftsr.answers.fit_file import default_options, fit_file
from cftsr.data.tasks import GIVEN
from cftsr.data.user_file import read_spectrum
from cftsr.epsilon.coefficients import COEFFICIENTS
from cftsr.epsilon.tables import FOLDER, text_of, write_tables
from cftsr.fronts.exactness import function_of
from cftsr.sweep.config import read_config, spectrum_request
from cftsr.sweep.plan import Sweep

ROOT = Path(__file__).parents[3]
CONFIG = read_config(ROOT / "configs" / "on_epsilon.yaml")
SPECTRA = {entry["name"]: entry for entry in CONFIG["spectra"]}
SWEEP = Sweep(read_config(ROOT / "config.yaml") | CONFIG | {"engines": ["rational"]})


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_the_file_in_the_repository_is_what_is_computed(name):
    assert (ROOT / FOLDER / f"{name}.csv").read_text(encoding="utf-8") == text_of(name)


def test_every_coefficient_is_a_spectrum_of_the_configuration():
    assert list(SPECTRA) == [f"on_{name}" for name in COEFFICIENTS]
    assert [entry["file"] for entry in SPECTRA.values()] == [f"{FOLDER}/{name}.csv" for name in COEFFICIENTS]


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_the_literatures_formula_judges_the_fits_of_a_sweep(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    chosen = COEFFICIENTS[name]
    formula = parse(SWEEP.closed_form(f"on_{name}", GIVEN), chosen.labels)
    assert all(
        exact_value_at(formula, dict(zip(chosen.labels, row, strict=True))) == chosen.value(*row)
        for row in chosen.rows(9, 7)
    )


def test_files_are_written_where_they_are_wanted(tmp_path):
    assert [path.read_text(encoding="utf-8") for path in write_tables(tmp_path)] == [
        text_of(name) for name in COEFFICIENTS
    ]


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_the_formula_that_a_sweep_finds_is_the_literatures(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    request = spectrum_request(SPECTRA[f"on_{name}"])
    spectrum = read_spectrum(request)
    chosen = COEFFICIENTS[name]
    assert spectrum.data.labels == chosen.labels
    parts = (spectrum.data, spectrum.held_out)
    for part in parts:
        assert [chosen.value(*x) for x in part.x.tolist()] == [part.exact_target(row) for row in range(len(part))]
    answer = fit_file(request, default_options())
    assert answer.identified
    assert answer.judgement.exact_on_held_out == "yes"
    for text in (answer.judgement.equation, chosen.closed_form):
        formula = function_of(parse(text, chosen.labels), chosen.labels)
        assert not any(len(part.wrong_rows(formula)) for part in parts)
