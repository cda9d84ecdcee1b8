"""Genetic programming with Operon (pyoperon), for machines without Julia and as a second opinion.

A fit is a series of short, seeded runs ("restarts"), each on a small sample of the rows. After each, the structures of
its best equations are given exact coefficients (`cftsr.refinement`); the fit stops at the first that is exact on every
row. What the restarts found without that is kept as well, its constants polished in float64.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from cftsr.engines.base import INTEGER_COLUMNS, Availability, Engine, Option, Problem, Progress
from cftsr.expressions import Expression, binary, constant, constants, evaluate, parse, substitute, variable
from cftsr.forms import shortest
from cftsr.integers import write_with_integer_columns
from cftsr.interpolation import Rows
from cftsr.refinement import Refiner, supports, terms_of
from cftsr.selection import REFINED, Candidate, pareto_front

MEMBERS_REFINED = 60  # best equations of a run whose structures are solved exactly
POLISH_ROWS = 2_000
POLISH_STEPS = 50


class Operon(Engine):
    """Multi-objective genetic programming on error and length.

    An option that is a list is taken in turn by the restarts: restart n uses entry n modulo the list's length.
    """

    name = "operon"
    packages = ("pyoperon", "scipy", "python-flint")
    options = {
        "restarts": Option(int, 1),
        "refine": Option(bool),
        "support_limit": Option(int, 2),
        "population": Option(int, 2, listed=True),
        "generations": Option(int, 1, listed=True),
        "integer_generations": Option(int, 1, listed=True),
        "rows": Option(int, 2, listed=True),
        "lower_quantile": Option(float, 0.0, maximum=0.9, listed=True),
        "objective": Option(str, allowed=("r2", "mae", "mse"), listed=True),
        "inputs": Option(str, allowed=("labels", "products", "ratios"), listed=True),
        "max_length": Option(int, 3, listed=True),
        "max_depth": Option(int, 2),
        "tournament": Option(int, 2),
        "mutation": Option(float, 0.0, maximum=1.0),
        "integer_mutation": Option(float, 0.0, maximum=1.0),
        "local_iterations": Option(int, 0),
        "integer_columns": Option(int, 1, maximum=10),
    }

    @classmethod
    def availability(cls) -> Availability:
        if importlib.util.find_spec("pyoperon") is None:
            return Availability(
                False, "the package pyoperon is not installed", "pip install pyoperon, or make .venv anew with make"
            )
        return Availability(True)

    def advance(
        self, problem: Problem, options: dict[str, Any], seed: int, progress: Progress, log: Callable[[str], None]
    ) -> Progress:
        """One restart. Its random numbers depend on the seed and the restart's number only."""
        restart = progress.chunk
        expressions, evaluations = run_once(problem, options, seed, restart)
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
        log(f"restart {restart + 1} of {options['restarts']}: " + (f"exact: {exact}" if exact else "no exact formula"))
        return Progress(
            chunk=restart + 1,
            candidates=tuple(kept),
            evaluations=progress.evaluations + evaluations,
            stop_reason=stop_reason,
        )


def run_once(problem: Problem, options: dict[str, Any], seed: int, restart: int) -> tuple[list[Expression], int]:
    """The complete equations of one run, best on its sample first, and how many evaluations they took."""
    from cftsr.engines.operon_search import Run, RunOptions, input_columns, sample_rows

    setting = problem.setting

    def turn(name: str) -> Any:
        value = options[name]
        return value[restart % len(value)] if isinstance(value, list) else value

    integer = setting.integer_columns
    chosen = RunOptions(
        population=turn("population"),
        generations=turn("integer_generations" if integer else "generations"),
        rows=turn("rows"),
        lower_quantile=turn("lower_quantile"),
        objective=turn("objective"),
        inputs=turn("inputs"),
        max_length=turn("max_length"),
        max_depth=options["max_depth"],
        tournament=options["tournament"],
        mutation=options["integer_mutation" if integer else "mutation"],
        local_iterations=options["local_iterations"],
        real_constants=not integer,
        integer_columns=tuple(range(1, options["integer_columns"] + 1)) if integer else (),
    )
    random = np.random.default_rng([seed, restart])
    sample = sample_rows(problem.target, chosen.rows, chosen.lower_quantile, random)
    columns = input_columns(problem.labels, problem.x[sample], chosen)
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
