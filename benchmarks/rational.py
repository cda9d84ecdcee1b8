"""The exact engine on the paper's 20 data sets, and on every family: CPU seconds, formulas, certificates.

    python benchmarks/rational.py              both
    python benchmarks/rational.py paper        the paper's data sets
    python benchmarks/rational.py families     every family's c, h and E at 100 theories and the lowest 30%

Every formula is compared with the closed form. A data set that is not identified, or identified with another formula,
is said so, with the certificate's reasons. The sum over the families includes making the data.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from cftsr.data.generate import generate  # noqa: E402
from cftsr.data.tasks import TASKS  # noqa: E402
from cftsr.engines import get_engine  # noqa: E402
from cftsr.engines.base import (  # noqa: E402
    Assignment,
    Progress,
    problem_of,
)
from cftsr.families import family_names, get_family  # noqa: E402
from cftsr.fronts.verdict import judge_front  # noqa: E402
from cftsr.sweep.plan import Sweep  # noqa: E402

FAMILY_TASKS = ("central_charge", "conformal_weight", "energy")
JUDGING_SECONDS = 20


def configured() -> Sweep:
    return Sweep(yaml.safe_load((ROOT / "config.yaml").read_text()) | {"engines": ["rational"], "seeds": [0]})


def fitted(problem, options) -> tuple[Progress, float]:
    """The engine's answer, and its CPU seconds."""
    start = time.process_time()
    progress = get_engine("rational")().advance(Assignment(problem, options, log=lambda line: None), Progress())
    return progress, time.process_time() - start


def memory() -> float:
    """Peak memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def paper() -> None:
    sweep = configured()
    options = sweep.options("rational", "conformal_weight")
    problems = []
    for cell in sweep.cells:
        data, held_out = generate(**sweep.request(cell.family, cell.task, cell.dataset))
        problems.append((cell, data, held_out, problem_of(data, "free")))
    before = memory()
    answers = [fitted(problem, options) for _, _, _, problem in problems]
    after = memory()
    right = 0
    for (cell, data, held_out, problem), (progress, spent) in zip(problems, answers, strict=True):
        front = problem.front(list(progress.candidates))
        verdict = judge_front(front, data, held_out, sweep.closed_form(cell.family, cell.task), JUDGING_SECONDS)
        outcome = progress.extra["certificate"]["outcome"]
        right += outcome == "identified" and verdict["recovered"] == "yes"
        print(
            f"{cell.family:8} {cell.task:16} {cell.dataset:9} {len(data):6} rows {spent:7.3f} s {outcome}, "
            f"recovered: {verdict['recovered']}, {front[-1].complexity:2} nodes: {front[-1].text}"
        )
    print(f"identified and identical to the closed form: {right} of {len(problems)}")
    total = sum(spent for _, spent in answers)
    print(f"CPU of the fits: {total:.2f} s; peak memory {after:.0f} MB, {before:.0f} MB of it before the fits")


def families() -> None:
    options = configured().options("rational", "conformal_weight")
    making = fitting = 0.0
    right = cells = 0
    print(f"{'family':18} {'':2} {'rows':>7} {'data s':>7} {'fit s':>7}  outcome, identical to the closed form")
    for name in family_names():
        for task in FAMILY_TASKS:
            start = time.process_time()
            asked = {"pool": 300} if task == "central_charge" else {"fraction": "0.3"}
            data, _ = generate(name, {}, task, 100, 0, **asked)
            made = time.process_time() - start
            problem = problem_of(data, "free")
            progress, spent = fitted(problem, options)
            making, fitting, cells = making + made, fitting + spent, cells + 1
            certificate = progress.extra["certificate"]
            front = problem.front(list(progress.candidates))
            closed_form = TASKS[task].closed_form(get_family(name))
            judged = judge_front(front, data, data, closed_form, JUDGING_SECONDS)["equations"][-1]
            identical = judged["identical_to_closed_form"]
            right += certificate["outcome"] == "identified" and identical == "yes"
            print(
                f"{name:18} {TASKS[task].symbol:2} {len(data):7} {made:7.2f} {spent:7.2f}  {certificate['outcome']}, "
                f"{identical}" + "".join(f"\n    {reason}" for reason in certificate["reasons"]),
                flush=True,
            )
    print(f"identified and identical to the closed form: {right} of {cells}; the others have a certificate why not")
    print(f"CPU seconds: {making:.1f} for the data, {fitting:.1f} for the fits, {making + fitting:.1f} together")


if __name__ == "__main__":
    parts = {"paper": paper, "families": families}
    for part in sys.argv[1:] or parts:
        if part not in parts:
            sys.exit(f"error: there is no part {part!r}; choose from {', '.join(parts)}")
        parts[part]()
