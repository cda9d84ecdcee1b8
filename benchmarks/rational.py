"""The exact engine on the paper's 20 data sets: CPU seconds of each fit, their sum, and peak memory.

    python benchmarks/rational.py

Every formula is compared with the closed form; a data set that is not identified, or identified with another formula,
is said so.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from cftsr.engines import Assignment, Progress, get_engine  # noqa: E402
from cftsr.fitting import problem_of  # noqa: E402
from cftsr.spectra import generate  # noqa: E402
from cftsr.sweep import Sweep  # noqa: E402
from cftsr.verification import judge_front  # noqa: E402


def main() -> None:
    sweep = Sweep(yaml.safe_load((ROOT / "config.yaml").read_text()) | {"engines": ["rational"], "seeds": [0]})
    engine, options = get_engine("rational")(), sweep.options("rational", "conformal_weight")
    problems = []
    for cell in sweep.cells:
        data, held_out = generate(**sweep.request(cell.family, cell.task, cell.dataset))
        problems.append((cell, data, held_out, problem_of(data, "free")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found, seconds = [], []
    for _, _, _, problem in problems:
        start = time.process_time()
        progress = engine.advance(Assignment(problem, options, log=lambda line: None), Progress())
        seconds.append(time.process_time() - start)
        found.append(progress)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    right = 0
    for (cell, data, held_out, problem), progress, spent in zip(problems, found, seconds, strict=True):
        front = problem.front(list(progress.candidates))
        verdict = judge_front(front, data, held_out, sweep.closed_form(cell.family, cell.task), 20)
        outcome = progress.extra["certificate"]["outcome"]
        right += outcome == "identified" and verdict["recovered"] == "yes"
        print(
            f"{cell.family:8} {cell.task:16} {cell.dataset:9} {len(data):6} rows {spent:7.3f} s {outcome}, "
            f"recovered: {verdict['recovered']}, {front[-1].complexity:2} nodes: {front[-1].text}"
        )
    print(f"identified and identical to the closed form: {right} of {len(problems)}")
    print(f"CPU of the fits: {sum(seconds):.2f} s; peak memory {after:.0f} MB, {before:.0f} MB of it before the fits")


if __name__ == "__main__":
    main()
