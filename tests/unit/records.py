"""Real verdicts on a small spectrum, filed under a cell of the paper's grid; for tests of tables and figures."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache

import numpy as np

from cftsr.data.generate import drawn_theories, lowest_levels
from cftsr.data.tasks import TASKS
from cftsr.families import get_family
from cftsr.fronts.front import Candidate, pareto_front
from cftsr.fronts.verdict import judge_front


@cache
def small_spectrum(family, task):
    if not TASKS[task].per_state:
        return drawn_theories(get_family(family), TASKS[task], 12, 24, 0, 4)
    return lowest_levels(get_family(family), TASKS[task], 12, Fraction(1, 2), next_theories=4)


@cache
def verdict_text(family, task, equations):
    data, held_out = small_spectrum(family, task)
    columns = {label: data.x[:, i].astype(np.float64) for i, label in enumerate(data.labels)}
    front = pareto_front([Candidate(text) for text in equations], columns, data.target)
    return json.dumps(judge_front(front, data, held_out, TASKS[task].closed_form(get_family(family)), 20))


def cell(**keys):
    place = {
        "family": "wzw_su2",
        "task": "conformal_weight",
        "theories": 100,
        "fraction": "0.1",
        "setting": "any",
        "engine": "rational",
        "seed": 0,
    } | keys
    return place | ({} if TASKS[place["task"]].per_state else {"fraction": None})
