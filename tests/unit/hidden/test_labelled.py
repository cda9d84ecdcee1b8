"""Data sets in the hidden quantum numbers that were found: what an engine gets, and what judges its formula."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

from cftsr.algebra.formula import parse
from cftsr.answers.fit_file import default_options, fit_rows
from cftsr.data.dataset import Dataset
from cftsr.data.generate import generate
from cftsr.data.tasks import TASKS
from cftsr.data.unlabelled import CLOSED_FORMS, FINDING, finding_of
from cftsr.engines.base import problem_of
from cftsr.families import get_family
from cftsr.fronts.exactness import function_of
from cftsr.fronts.front import Candidate
from cftsr.fronts.verdict import judge_front
from cftsr.hidden.labelled import find_labels
from cftsr.vocabulary import NO, YES

TASK = TASKS["unlabelled_energy"]


def bare(family: str, theories: int, fraction: str = "0.3") -> tuple[Dataset, Dataset]:
    return generate(family, {}, TASK.name, theories, 6, fraction)


def rows_of(part: Dataset) -> list[tuple[tuple[int, ...], F]]:
    values = zip(part.numerator.tolist(), part.denominator.tolist(), strict=True)
    return [(tuple(x), F(*value)) for x, value in zip(part.x.tolist(), values, strict=True)]


@pytest.mark.parametrize("name", ["minimal", "wzw_su2", "wzw_su3"])
def test_the_data_are_theory_labels_and_distinct_sorted_energies(name):
    data, held_out = bare(name, 12)
    family = get_family(name)
    labelled, others = generate(name, {}, "energy", 12, 6, "1")
    assert data.labels == held_out.labels == family.theory_labels
    assert data.finite_labels == ()
    width = len(family.theory_labels)
    known = {(theory[:width], level) for part in (labelled, others) for theory, level in rows_of(part)}
    assert set(rows_of(data)) | set(rows_of(held_out)) == known
    for part in (data, held_out):
        assert len(set(rows_of(part))) == len(part)
        for theory in {theory for theory, _ in rows_of(part)}:
            levels = [level for other, level in rows_of(part) if other == theory]
            assert levels == sorted(levels)


@pytest.mark.parametrize(
    ("family", "theories", "names"),
    [
        ("minimal", 30, ("lambda_",)),
        ("wzw_su2", 30, ("lambda_",)),
        ("u1_boson", 30, ("lambda_",)),
        ("n1_superconformal", 40, ("lambda_", "sector")),
        ("wzw_su3", 20, ("lambda_", "mu")),
        ("wzw_sp4", 20, ("lambda_", "mu")),
        ("wzw_g2", 24, ("lambda_", "mu")),
        ("w3_minimal", 40, ("lambda_", "mu")),
        ("parafermions", 24, ("lambda_", "mu")),
    ],
)
def test_the_closed_form_in_the_labels_found_gives_every_level(family, theories, names):
    data, held_out = bare(family, theories)
    _, fitted, others = find_labels(data, held_out, complete=True)
    assert fitted.labels == get_family(family).theory_labels + names
    assert set(fitted.finite_labels) == set(names) & {"sector"}
    form = function_of(parse(CLOSED_FORMS[family], fitted.labels), fitted.labels)
    for rows, before in ((fitted, data), (others, held_out)):
        assert len(rows) == len(before)
        assert not len(rows.wrong_rows(form))


@pytest.mark.parametrize("family", ["minimal", "wzw_su2", "n1_superconformal"])
def test_the_exact_engine_finds_the_closed_form(family):
    _, data, held_out = find_labels(*bare(family, 40), complete=True)
    answer = fit_rows(data, held_out, default_options())
    assert answer.identified
    verdict = judge_front(
        problem_of(data, "free").front([Candidate(answer.formulas[0].judgement.equation)]),
        data,
        held_out,
        TASK.closed_form(get_family(family)),
        20,
    )
    assert verdict["recovered"] == YES


def test_what_was_found_is_in_the_metadata_and_not_in_what_an_engine_sees():
    finding, data, held_out = find_labels(*bare("wzw_su2", 20), complete=True)
    assert finding_of(data.metadata) == finding_of(held_out.metadata)
    assert finding_of(data.metadata)["equations"] == list(finding.equations())
    problem = problem_of(data, "free")
    assert problem.metadata == {}
    assert problem.content() == problem_of(replace(data, metadata={FINDING: "{}"}), "free").content()
    assert finding_of({}) is None


def test_a_held_out_level_without_a_whole_number_contradicts_the_formula():
    data, held_out = bare("wzw_su2", 30)
    numerator, denominator = held_out.numerator.copy(), held_out.denominator.copy()
    value = F(int(numerator[-1]), int(denominator[-1])) + F(1, 7)
    numerator[-1], denominator[-1] = value.numerator, value.denominator
    wrong = replace(held_out, numerator=numerator, denominator=denominator)
    finding, fitted, others = find_labels(data, wrong, complete=True)
    assert not finding.identified
    assert finding.held_out.levels == finding.held_out.of_levels - 1
    answer = fit_rows(fitted, others, default_options())
    assert answer.formulas[0].judgement.exact_on_data == YES
    assert answer.formulas[0].judgement.exact_on_held_out == NO
    assert answer.formulas[0].judgement.wrong_held_out == 1


def test_where_nothing_is_found_the_theory_labels_are_left():
    data, held_out = bare("so_n_level1", 30, "1")
    finding, fitted, others = find_labels(data, held_out, complete=True)
    assert finding.kind == "none"
    assert fitted.labels == others.labels == ("n",)
    assert np.array_equal(fitted.x, data.x)
    assert finding_of(fitted.metadata)["reasons"]
