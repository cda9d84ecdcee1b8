"""Genetic programming with Operon (pyoperon), for machines without Julia and as a second opinion.

A fit is a series of short, seeded runs ("restarts"), each on a small sample of the rows. After each, the structures of
its best equations are given exact coefficients (`cftsr.engines.refinement`); the fit stops at the first that is exact
on every row. What the restarts found without that is kept as well, its constants polished in float64.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cftsr.algebra.expressions import Expression, constant, constants, evaluate, substitute
from cftsr.algebra.formula import parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.data.sampling import sample_rows
from cftsr.engines.base import Assignment, Availability, Engine, Needs, Problem, Progress
from cftsr.engines.options import boolean, choice, integer, number, one_or_more
from cftsr.engines.refinement import has_nested_square, refine, simplest
from cftsr.engines.scaling import Scaling, scaled
from cftsr.engines.schedule import BANDS, INPUTS, Inputs, entries, input_columns, inputs_of
from cftsr.fronts.front import Candidate
from cftsr.vocabulary import REFINED

MEMBERS_REFINED = 60  # best equations of a run whose structures are solved exactly
POLISH_ROWS = 2_000
POLISH_STEPS = 50


class Operon(Engine):
    """Multi-objective genetic programming on error and length, in restarts that differ by a fixed schedule."""

    name = "operon"
    title = "operon"
    colour, dash = "#B84E00", (6, 3)
    packages = ("pyoperon", "scipy", "python-flint")
    options = {
        "restarts": integer(1),
        "refine": boolean(),
        "support_limit": integer(2),
        "weights": choice("mixed", "real"),
        "bands": one_or_more(choice(*BANDS)),
        "objectives": one_or_more(choice("r2", "mae", "mse")),
        "inputs": one_or_more(choice(*INPUTS)),
        "first_population": integer(2),
        "first_generations": integer(1),
        "real_population": integer(2),
        "real_generations": integer(1),
        "real_rows": integer(2),
        "real_mutation": number(0.0, 1.0),
        "local_iterations": integer(0),
        "unit_population": integer(2),
        "unit_generations": integer(1),
        "unit_rows": integer(2),
        "unit_mutation": number(0.0, 1.0),
        "max_length": integer(3),
        "max_depth": integer(2),
        "tournament": integer(2),
    }

    @classmethod
    def availability(cls, named: bool = False) -> Availability:
        if importlib.util.find_spec("pyoperon") is None:
            return Availability(
                False, "the package pyoperon is not installed", "pip install pyoperon, or delete .venv and run make"
            )
        return Availability(True)

    @classmethod
    def needs(cls, task: str, rows: int, options: Mapping[str, Any]) -> Needs:
        """2 to 104 CPU seconds where a formula was found; the restarts of a fit that finds none take 5 to 15 s each."""
        return Needs(mem_mb=300 + rows / 100, minutes=options["restarts"] * 0.25)

    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        """One restart. Its random numbers depend on the seed and the restart's number only."""
        problem, options, restart = assignment.problem, assignment.options, progress.chunk
        expressions, evaluations = run_once(problem, options, assignment.seed, restart)
        candidates = [Candidate(str(expression)) for expression in expressions]
        exact = refine(problem, expressions, options["support_limit"]) if options["refine"] else None
        kept = simplest(problem, [*progress.candidates, *candidates])
        stop_reason = ""
        if exact is not None:
            kept, stop_reason = [*kept, Candidate(str(exact), origin=REFINED)], "exact"
        elif restart + 1 == options["restarts"]:
            stop_reason = "exhausted"
        if stop_reason and not problem.setting.integer_columns:
            kept = [polish(problem, candidate) for candidate in kept]
        assignment.log(
            f"restart {restart + 1} of {options['restarts']}: " + (f"exact: {exact}" if exact else "no exact formula")
        )
        return Progress(
            chunk=restart + 1,
            candidates=tuple(kept),
            evaluations=progress.evaluations + evaluations,
            stop_reason=stop_reason,
        )


def schedule(options: dict[str, Any], integer: bool, restart: int) -> dict[str, Any]:
    """What a restart does, as keywords of `RunOptions`; `integer` where the setting has integer columns.

    Weights are either real, fitted by Levenberg-Marquardt, or fixed to 1 with small integers offered as inputs. The
    first restart has the bare labels. Those that follow go through the options' lists in order, the bands fastest;
    with free constants they have real and unit weights in turn (`weights: mixed`) or real ones only.
    """
    common = {key: options[key] for key in ("max_length", "max_depth", "tournament", "local_iterations")}
    real = {
        **common,
        "population": options["real_population"],
        "generations": options["real_generations"],
        "rows": options["real_rows"],
        "mutation": options["real_mutation"],
        "real_constants": True,
    }
    unit = {
        **common,
        "population": options["unit_population"],
        "generations": options["unit_generations"],
        "rows": options["unit_rows"],
        "mutation": options["unit_mutation"],
        "real_constants": False,
    }
    if restart == 0:
        integers = len(INTEGER_COLUMNS) if integer else 0
        plain = {"inputs": Inputs("labels", integers), "band": BANDS["whole"], "objective": "r2"}
        if integer:
            return unit | plain
        first = {"population": options["first_population"], "generations": options["first_generations"]}
        return real | plain | first | {"rows": options["unit_rows"]}
    mixed = not integer and options["weights"] == "mixed"
    turn, odd = divmod(restart - 1, 2) if mixed else (restart - 1, 0)
    if integer or odd:
        inputs, band = entries(turn, options["inputs"], options["bands"])
        return unit | {"inputs": inputs_of(inputs), "band": BANDS[band], "objective": "r2"}
    objective, band = entries(turn, options["objectives"], options["bands"])
    return real | {"inputs": Inputs("ratios", 0), "band": BANDS[band], "objective": objective}


def run_once(problem: Problem, options: dict[str, Any], seed: int, restart: int) -> tuple[list[Expression], int]:
    """The complete equations of one restart, best on its sample first, and how many evaluations they took."""
    from cftsr.engines.operon.search import Run, RunOptions

    setting = problem.setting
    integer = setting.integer_columns
    chosen = RunOptions(**schedule(options, integer, restart))
    random = np.random.default_rng([seed, restart])
    sample = sample_rows(problem.target, chosen.rows, random, chosen.band)
    columns = input_columns(problem.labels, problem.points[sample], chosen.inputs, integer)
    squares = "square" in problem.unary_operators
    run = Run(columns, problem.target[sample], squares, chosen, int(random.integers(1, 2**31)))
    members = [member for member in run.members() if setting.nested_square or not has_nested_square(member.expression)]
    front, smallest = [], np.inf
    for member in sorted(members, key=lambda member: (member.length, member.error)):
        if member.error < smallest:
            smallest = member.error
            front.append(member)
    best = members[:MEMBERS_REFINED]
    chosen_members = best + [member for member in front if member not in best]
    completed = [
        scaled(member.expression, Scaling(member.scale, member.offset, member.error), integer)
        for member in chosen_members
    ]
    return completed, run.evaluations


def polish(problem: Problem, candidate: Candidate) -> Candidate:
    """The candidate with its real constants refitted in float64 (Operon works in float32), if that is better.

    Integers are left alone: they are part of the formula's structure.
    """
    from scipy.optimize import least_squares

    expression = parse(candidate.text, problem.columns)
    start = [value for value in constants(expression) if not float(value).is_integer()]
    if not start:
        return candidate
    rows = problem.spread(POLISH_ROWS)
    columns = {name: column[rows] for name, column in problem.columns.items()}
    target = problem.target[rows]

    def with_constants(values: np.ndarray) -> Expression:
        remaining = iter(values)
        return substitute(
            expression,
            lambda leaf: (
                constant(float(next(remaining)))
                if leaf.kind == "constant" and not float(leaf.value).is_integer()
                else leaf
            ),
        )

    def residual(values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            error = evaluate(with_constants(values), columns) - target
        return np.nan_to_num(np.broadcast_to(error, target.shape), nan=1e6, posinf=1e6, neginf=-1e6)

    before = np.array(start)
    fitted = least_squares(residual, before, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=POLISH_STEPS)
    if not np.sum(fitted.fun**2) < np.sum(residual(before) ** 2):
        return candidate
    return replace(candidate, text=str(with_constants(fitted.x)))
