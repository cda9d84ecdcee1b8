"""data/examples/ising_3d.csv: dimensions with errors, and what a fit may conclude from nine of them."""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv as pc

from cftsr.answers.fit_file import default_options, fit_file
from cftsr.data.user_file import SpectrumRequest, read_spectrum
from cftsr.epsilon.coefficients import COEFFICIENTS

FILE = Path(__file__).parents[3] / "data" / "examples" / "ising_3d.csv"
REQUEST = SpectrumRequest("ising_3d", FILE, "twist", ("l", "z2", "n"), sigma="sigma")


def rows() -> list[dict]:
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    names, *entries = [line.split(",") for line in lines]
    return [dict(zip(names, entry, strict=True)) for entry in entries]


def test_twist_is_dimension_less_spin_and_the_stress_tensor_is_exact():
    for row in rows():
        assert abs(float(row["delta"]) - float(row["l"]) - float(row["twist"])) < 1e-9
    [tensor] = [row for row in rows() if row["operator"] == "T"]
    assert (tensor["delta"], tensor["sigma"]) == ("3", "0")
    assert pc.read_csv(FILE, read_options=pc.ReadOptions(skip_rows=5)).num_rows == 9


def test_the_errors_reach_the_data_set():
    spectrum = read_spectrum(REQUEST)
    sigmas = {float(value) for part in (spectrum.data, spectrum.held_out) for value in part.sigma}
    assert sigmas == {float(row["sigma"]) for row in rows()}


def test_nine_dimensions_identify_no_formula():
    answer = fit_file(REQUEST, default_options())
    assert not answer.identified
    assert any("more rows allow more coefficients" in reason for reason in answer.certificate["reasons"])


def test_the_second_order_of_the_epsilon_expansion_alone_is_not_the_twist_of_spin_four():
    [spin_four] = [row for row in rows() if row["operator"] == "C"]
    anomalous, sigma = float(spin_four["twist"]) - 1, float(spin_four["sigma"])
    second_order = float(COEFFICIENTS["current_singlet_2"].value(1, 4))
    assert 0 < second_order < anomalous
    assert anomalous - second_order > 100 * sigma
