"""Tiny fits of every kind that the sweep has: what `make julia` compiles and proves itself with."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cftsr.engines.base import Problem
from cftsr.engines.options import OTHER_TASKS
from cftsr.engines.pysr.regressor import keywords, shown_problem
from cftsr.vocabulary import SETTINGS

CONFIG = Path(__file__).parents[5] / "config.yaml"


@cache
def _options() -> dict[str, Any]:
    options = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["engine_options"]["pysr"]
    return {key: value[OTHER_TASKS] if isinstance(value, dict) else value for key, value in options.items()}


def tiny_fit(regressor: Any, squares: bool, integers: bool, precision: int, objective: str) -> Any:
    """A fitted model of a few rows of 3n + m, searched for as the sweep does."""
    x = np.array([[n, m] for n in range(1, 6) for m in range(1, 5)], dtype=np.int64)
    problem = Problem(
        labels=("n", "m"),
        theory_labels=1,
        x=x,
        numerator=3 * x[:, 0] + x[:, 1],
        denominator=np.ones(len(x), dtype=np.int64),
        unary_operators=("square",) if squares else (),
        setting=SETTINGS["integer_flat" if integers else "free"],
    )
    options = _options() | {
        "precision": precision,
        "objective": objective,
        "populations": 2,
        "ncycles_per_iteration": 20,
        "maxsize": 10,
    }
    seen = shown_problem(problem, options, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        places = {"output_directory": folder, "run_id": "tiny", "random_state": 0}
        model = regressor(**keywords(problem, options, regressor, 1e-9), niterations=2, **places)
        model.fit(*seen.table())
        # As a chunk that goes on from the one before.
        again = regressor.from_file(run_directory=str(Path(folder, "tiny")))
        again.set_params(warm_start=True)
        again.fit(*seen.table())
        from cftsr.engines.pysr.julia import best_members

        best_members(again, 5)
        return again
