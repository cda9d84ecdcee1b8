"""Genetic programming with Operon (pyoperon), for machines without Julia and as a second opinion.

A fit is a series of short, seeded runs ("restarts"), each on a small sample of the rows. After each, the structures of
its best equations are given exact coefficients (`cftsr.engines.refinement`); the fit stops at the first that is exact
on every row. What the restarts found without that is kept as well, its constants polished in float64.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from cftsr.algebra.expressions import Expression, binary, constant, constants, evaluate, parse, substitute, variable
from cftsr.algebra.integer_columns import INTEGER_COLUMNS, write_with_integer_columns
from cftsr.algebra.interpolation import Rows
from cftsr.algebra.shortest_form import shortest
from cftsr.data.sampling import sample_rows
from cftsr.engines.base import Assignment, Availability, Engine, Option, Problem, Progress
from cftsr.engines.refinement import Refiner, supports, terms_of
from cftsr.fronts.front import Candidate, pareto_front
from cftsr.vocabulary import REFINED

MEMBERS_REFINED = 60  # best equations of a run whose structures are solved exactly
POLISH_ROWS = 2_000
POLISH_STEPS = 50


BANDS = {"whole": (0.0, 1.0), "upper": (0.5, 1.0), "lower": (0.0, 0.5), "middle": (0.25, 0.75)}
INPUTS = ("labels", "products", "ratios")


class Operon(Engine):
    """Multi-objective genetic programming on error and length, in restarts that differ by a fixed schedule."""

    name = "operon"
    packages = ("pyoperon", "scipy", "python-flint")
    options = {
        "restarts": Option(int, 1),
        "refine": Option(bool),
        "support_limit": Option(int, 2),
        "weights": Option(str, allowed=("mixed", "real")),
        "bands": Option(str, allowed=tuple(BANDS), listed=True),
        "objectives": Option(str, allowed=("r2", "mae", "mse"), listed=True),
        "inputs": Option(str, allowed=tuple(f"{kind}+{n}" for kind in INPUTS for n in range(11)), listed=True),
        "first_population": Option(int, 2),
        "first_generations": Option(int, 1),
        "real_population": Option(int, 2),
        "real_generations": Option(int, 1),
        "real_rows": Option(int, 2),
        "real_mutation": Option(float, 0.0, maximum=1.0),
        "local_iterations": Option(int, 0),
        "unit_population": Option(int, 2),
        "unit_generations": Option(int, 1),
        "unit_rows": Option(int, 2),
        "unit_mutation": Option(float, 0.0, maximum=1.0),
        "max_length": Option(int, 3),
        "max_depth": Option(int, 2),
        "tournament": Option(int, 2),
    }

    @classmethod
    def availability(cls, asked: bool = False) -> Availability:
        if importlib.util.find_spec("pyoperon") is None:
            return Availability(
                False, "the package pyoperon is not installed", "pip install pyoperon, or make .venv anew with make"
            )
        return Availability(True)

    def advance(self, assignment: Assignment, progress: Progress) -> Progress:
        """One restart. Its random numbers depend on the seed and the restart's number only."""
        problem, options, restart = assignment.problem, assignment.options, progress.chunk
        expressions, evaluations = run_once(problem, options, assignment.seed, restart)
        found = [Candidate(str(expression)) for expression in expressions]
        exact = refine(problem, expressions, options["support_limit"]) if options["refine"] else None
        kept = simplest(problem, [*progress.candidates, *found])
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
        "integers": 0,
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
        plain = {"inputs": "labels", "band": BANDS["whole"], "objective": "r2"}
        if integer:
            return unit | plain | {"integers": len(INTEGER_COLUMNS)}
        first = {"population": options["first_population"], "generations": options["first_generations"]}
        return real | plain | first | {"rows": options["unit_rows"]}
    bands, objectives, inputs = (_listed(options[key]) for key in ("bands", "objectives", "inputs"))
    turn, unit_turn = restart - 1, integer
    if not integer and options["weights"] == "mixed":
        turn, unit_turn = divmod(restart - 1, 2)
    if unit_turn:
        offered, band = _entry(turn, inputs, bands)
        kind, _, integers = offered.partition("+")
        return unit | {"inputs": kind, "integers": int(integers), "band": BANDS[band], "objective": "r2"}
    objective, band = _entry(turn, objectives, bands)
    return real | {"inputs": "ratios", "band": BANDS[band], "objective": objective}


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _entry(turn: int, slow: list, fast: list) -> tuple[Any, Any]:
    return slow[turn // len(fast) % len(slow)], fast[turn % len(fast)]


def run_once(problem: Problem, options: dict[str, Any], seed: int, restart: int) -> tuple[list[Expression], int]:
    """The complete equations of one restart, best on its sample first, and how many evaluations they took."""
    from cftsr.engines.operon.search import Run, RunOptions, input_columns

    setting = problem.setting
    integer = setting.integer_columns
    chosen = RunOptions(**schedule(options, integer, restart))
    random = np.random.default_rng([seed, restart])
    sample = sample_rows(problem.target, chosen.rows, random, chosen.band)
    columns = input_columns(problem.labels, problem.x[sample], chosen, integer)
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
    return [complete(member, integer) for member in chosen_members], run.evaluations


def complete(member, integer: bool) -> Expression:
    """The equation with the scale and offset that Operon fits beside each tree.

    In the integer settings both are rounded to quotients of integer columns, so that no real constant is left.
    """
    scale, offset, body = member.scale, member.offset, member.expression
    if not integer:
        scaled = body if scale == 1 else binary("*", constant(scale), body)
        return scaled if offset == 0 else binary("+", scaled, constant(offset))
    scaled = _times(quotient_near(scale), body)
    if abs(offset) < 1e-6:
        return scaled
    return binary("-" if offset < 0 else "+", scaled, _quotient(quotient_near(abs(offset))))


QUOTIENTS = sorted({(a / b, a, b) for a in range(1, 11) for b in range(1, 11)}, key=lambda item: (item[0], item[2]))


def quotient_near(value: float) -> tuple[int, int]:
    """The nearest quotient of two integers of 1..10, signed."""
    _, a, b = min(QUOTIENTS, key=lambda item: (abs(item[0] - abs(value)), item[2]))
    return (-a if value < 0 else a), b


def _quotient(quotient: tuple[int, int]) -> Expression:
    above, below = quotient
    return variable(f"i{above}") if below == 1 else binary("/", variable(f"i{above}"), variable(f"i{below}"))


def _times(quotient: tuple[int, int], body: Expression) -> Expression:
    above, below = quotient
    if quotient == (1, 1):
        return body
    if above < 0:
        body = binary("*", binary("-", variable("i1"), variable("i2")), body)
    return body if (abs(above), below) == (1, 1) else binary("*", _quotient((abs(above), below)), body)


def has_nested_square(expression: Expression, inside: bool = False) -> bool:
    here = expression.kind == "square"
    return (here and inside) or any(has_nested_square(item, inside or here) for item in expression.arguments)


def refine(problem: Problem, expressions: Iterable[Expression], limit: int) -> Expression | None:
    """The first exact formula among the structures of these equations, printed as the setting wants it, or None."""
    rows = Rows(problem.x, problem.numerator, problem.denominator)
    sample = problem.x[rows.sample(200)].astype(float)
    plain = [
        substitute(
            expression,
            lambda leaf: constant(INTEGER_COLUMNS[leaf.value]) if leaf.value in INTEGER_COLUMNS else leaf,
        )
        for expression in expressions
    ]
    terms = [found for expression in plain if (found := terms_of(expression, problem.labels, sample)) is not None]
    function = Refiner(rows).first_exact(supports(terms, limit))
    if function is None:
        return None
    formula = shortest(*function, problem.labels, problem.unary_operators)
    if not problem.setting.nested_square and has_nested_square(formula):
        formula = shortest(*function, problem.labels, ())
    return write_with_integer_columns(formula) if problem.setting.integer_columns else formula


def simplest(problem: Problem, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates on the Pareto front over all rows."""
    front = pareto_front(candidates, problem.columns, problem.target)
    return [Candidate(equation.text, equation.engine_loss, equation.origin) for equation in front]


def polish(problem: Problem, candidate: Candidate) -> Candidate:
    """The candidate with its real constants refitted in float64 (Operon works in float32), if that is better.

    Integers are left alone: they are part of the formula's structure.
    """
    from scipy.optimize import least_squares

    expression = parse(candidate.text, problem.columns)
    start = [value for value in constants(expression) if not float(value).is_integer()]
    if not start:
        return candidate
    rows = Rows(problem.x, problem.numerator, problem.denominator).sample(POLISH_ROWS)
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
