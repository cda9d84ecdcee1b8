"""What is printed has the verdict that stands beside it: every formula of a sweep, and of fits to tables, is evaluated.

The verdict is of the exact function that was judged; the text is what a reader copies. They are compared on every row,
in fractions where the printed constants are.
"""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cftsr.answers.fit_file import default_options, fit_file
from cftsr.data.dataset import Dataset
from cftsr.data.generate import generate
from cftsr.data.user_file import SpectrumRequest
from cftsr.engines import get_engine
from cftsr.engines.base import Assignment, Progress, problem_of
from cftsr.fronts.exactness import width_of
from cftsr.fronts.front import Candidate
from cftsr.fronts.verdict import judge_front

RECORDED = Path(__file__).parents[3] / "data" / "recorded" / "quick.parquet"
MOST_ROWS = 400
SWEEP = [
    ("minimal", "central_charge", {"pool": 60}),
    ("minimal", "conformal_weight", {"fraction": "0.5"}),
    ("wzw_su2", "central_charge", {"pool": 60}),
    ("wzw_su2", "conformal_weight", {"fraction": "0.5"}),
    ("parafermions", "conformal_weight", {"fraction": "0.5"}),
    ("wzw_su3", "energy", {"fraction": "0.3"}),
]
SECONDS = 20


def values_of(text: str, points: list[dict[str, F]]) -> list[F | None]:
    """A formula as Python evaluates what is printed, all numbers as fractions; None where it divides by zero."""
    exact = re.sub(r"(?<![\w.])(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)(?![\w.])", r"F('\1')", text)
    code = compile(exact, "formula", "eval")
    known = {"__builtins__": {}, "F": F, "square": lambda value: value * value}
    values: list[F | None] = []
    for point in points:
        try:
            values.append(eval(code, known, point))
        except ZeroDivisionError:
            values.append(None)
    return values


def points_of(rows: Dataset) -> list[dict[str, F]]:
    return [
        {
            label: F(rows.value(column, whole))
            for column, (label, whole) in enumerate(zip(rows.labels, row, strict=True))
        }
        for row in rows.x.tolist()
    ]


def wrong_rows(text: str, rows: Dataset) -> int:
    """On how many rows a printed formula is not the target, in fractions; beyond the uncertainty where there is one."""
    width = width_of(rows)
    return sum(
        value is None or abs(value - rows.exact_target(row)) > (F(float(width[row])) if width is not None else 0)
        for row, value in enumerate(values_of(text, points_of(rows)))
    )


def check(item: dict, data: Dataset, held_out: Dataset) -> None:
    """One equation of a verdict, as JSON has it."""
    printed = item["simplified"]
    if re.search(r"\d\.|\.\d|\de", printed):
        # As it stands, rounded: it has the loss that stands beside it.
        pairs = zip(values_of(printed, points_of(data)), data.target.tolist(), strict=True)
        loss = float(np.mean([math.inf if value is None else (float(value) - target) ** 2 for value, target in pairs]))
        assert item["exact_on_data"] in ("no", "approximate"), item
        if math.isfinite(item["loss"]) and item["exact_on_data"] == "no":
            assert loss == pytest.approx(item["loss"], rel=0.03), item
        return
    for answer, count, rows in (
        (item["exact_on_data"], item["wrong_rows"], data),
        (item["exact_on_held_out"], item["wrong_held_out"], held_out),
    ):
        if answer in ("not looked at", "undecided"):
            continue
        wrong = wrong_rows(printed, rows)
        assert (wrong == 0) == (answer in ("yes", "approximate")), (item, wrong)
        if count is not None:
            assert wrong == count, item


def recorded_fits() -> list:
    fits = [fit for fit in pq.read_table(RECORDED).to_pylist() if fit["rows"] <= MOST_ROWS]
    return [
        pytest.param(fit, id=f"{fit['family']}-{fit['task']}-{fit['theories']}-{fit['fraction']}-{fit['setting']}")
        for fit in fits
    ]


@pytest.mark.parametrize("fit", recorded_fits())
def test_every_printed_formula_of_recorded_fits_has_its_verdict(fit):
    said = json.loads(fit["data"])
    asked = {"pool": int(said["pool"])} if "pool" in said else {"fraction": fit["fraction"]}
    data, held_out = generate(fit["family"], {}, fit["task"], fit["theories"], int(said.get("seed", 0)), **asked)
    problem = problem_of(data, fit["setting"])

    front = problem.front([Candidate(item["equation"]) for item in fit["front"]])
    verdict = judge_front(front, data, held_out, None, SECONDS)
    assert verdict["equations"]
    for item in verdict["equations"]:
        check(item, data, held_out)


@pytest.mark.parametrize(("family", "task", "asked"), SWEEP)
def test_every_printed_formula_of_the_exact_engine_has_its_verdict(family, task, asked):
    data, held_out = generate(family, {}, task, 25, 0, **asked)
    problem = problem_of(data, "free")
    progress = get_engine("rational")().advance(
        Assignment(problem, default_options(), log=lambda line: None), Progress()
    )
    verdict = judge_front(problem.front(list(progress.candidates)), data, held_out, None, SECONDS)
    assert verdict["equations"][-1]["exact_on_data"] == "yes"
    for item in verdict["equations"]:
        check(item, data, held_out)


@pytest.mark.parametrize(
    ("write", "verdict"),
    [
        (lambda k, l: F(l * (l + 2), 4 * (k + 2)), "yes"),
        (lambda k, l: f"{l * (l + 2) / (4 * (k + 2)):.6g}", "approximate"),
        (lambda k, l: f"{math.pi * l * (l + 2) / (k + 2):.10f}", "approximate"),
        (lambda k, l: f"{1.2345678 * l / (k + 2) + 0.7654321:.9f}", "approximate"),
    ],
)
def test_what_fit_prints_has_its_verdict(write, verdict, tmp_path):
    path = tmp_path / "table.csv"
    rows = [f"{k},{l},{write(k, l)}" for k in range(1, 13) for l in range(1, k + 1)]
    path.write_text("\n".join(["k,l,h", *rows]) + "\n")
    answer = fit_file(SpectrumRequest("table", path, "h", ("k", "l"), 1), default_options())
    assert answer.judgement.exact_on_data == verdict
    assert answer.judgement.exact_on_held_out == verdict
    for text in (answer.judgement.equation, answer.judgement.simplified):
        assert wrong_rows(text, answer.spectrum.data) == 0
        measured = "." in text
        # Coefficients that were measured may be off on rows beyond those that they were measured on.
        assert measured or wrong_rows(text, answer.spectrum.held_out) == 0
