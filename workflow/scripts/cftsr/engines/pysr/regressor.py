"""PySRRegressor's side: its keywords, its names for columns, the files and the state that it leaves.

Written for PySR 1.5 and 2.x. Every setting that decides the search is passed explicitly, because defaults have moved:
batching (False -> "auto"), annealing (False -> True), crossover_probability (0.0259 -> 0.2), input_stream ("stdin" ->
None), batch_size (50 -> None) and every weight_* (numbers -> None, a set of the version's own). Of the keywords that
only 2.x has, the mutations weight_mutate_feature and weight_backsolve are set to 0, so that both lines search alike;
`guesses` restarts a chunk from the front where a state cannot be restored; the others keep their defaults (no
plugins, no tracing, no type_spec).
"""

from __future__ import annotations

import csv
import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cftsr.algebra.expressions import Expression, substitute
from cftsr.algebra.formula import ParseError, parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.data.sampling import sample_rows
from cftsr.engines.base import Problem
from cftsr.engines.options import boolean, choice, integer, number
from cftsr.engines.schedule import BANDS, entries, input_columns, inputs_of
from cftsr.errors import UserError
from cftsr.fronts.front import Candidate

# Options that are PySRRegressor's keywords, passed as they are.
KEYWORDS = {
    "populations": integer(1),
    "population_size": integer(2),
    "ncycles_per_iteration": integer(1),
    "maxsize": integer(7),
    "maxdepth": integer(1),
    "precision": choice(32, 64),
    "parsimony": number(0.0),
    "adaptive_parsimony_scaling": number(0.0),
    "use_frequency": boolean(),
    "use_frequency_in_tournament": boolean(),
    "alpha": number(0.0),
    "annealing": boolean(),
    "batching": boolean(),
    "batch_size": integer(1),
    "crossover_probability": number(0.0, 1.0),
    "fraction_replaced": number(0.0, 1.0),
    "fraction_replaced_hof": number(0.0, 1.0),
    "migration": boolean(),
    "hof_migration": boolean(),
    "topn": integer(1),
    "tournament_selection_n": integer(1),
    "tournament_selection_p": number(0.0, 1.0),
    "should_simplify": boolean(),
    "skip_mutation_failures": boolean(),
    "should_optimize_constants": boolean(),
    "optimizer_algorithm": choice("BFGS", "NelderMead"),
    "optimizer_iterations": integer(0),
    "optimizer_nrestarts": integer(0),
    "optimize_probability": number(0.0, 1.0),
    "perturbation_factor": number(0.0),
    "probability_negate_constant": number(0.0, 1.0),
    "loss_scale": choice("log", "linear"),
    "fast_cycle": boolean(),
    "turbo": boolean(),
    "bumper": boolean(),
    "weight_add_node": number(0.0),
    "weight_insert_node": number(0.0),
    "weight_delete_node": number(0.0),
    "weight_do_nothing": number(0.0),
    "weight_mutate_constant": number(0.0),
    "weight_mutate_operator": number(0.0),
    "weight_swap_operands": number(0.0),
    "weight_rotate_tree": number(0.0),
    "weight_randomize": number(0.0),
    "weight_simplify": number(0.0),
    "weight_optimize": number(0.0),
}
# Only in 2.x: mutations that 1.x does not have.
KEYWORDS_OF_2 = {"weight_mutate_feature": 0.0, "weight_backsolve": 0.0}

# The objective `scaled`, compiled once by `make julia` (workflow/julia). A function written out here would be a new
# one, to be compiled, in every fit.
SCALED_LOSS = "CftsrSearch.scaled_loss"


def keywords(
    problem: Problem, options: dict[str, Any], regressor: Callable, early_stop_loss: float | None
) -> dict[str, Any]:
    """Every keyword of PySRRegressor that decides the search, but for iterations, random state and places.

    regressor   the class (or its signature's twin in a test): decides which of the 2.x keywords exist
    """
    threads = int(os.environ.get("PYTHON_JULIACALL_THREADS", "1"))
    values = {name: options[name] for name in KEYWORDS}
    values |= {
        "binary_operators": list(problem.binary_operators),
        "unary_operators": list(problem.unary_operators),
        "complexity_of_constants": (options["constant_complexity"] if problem.setting.constant_complexity > 1 else 1),
        "nested_constraints": (
            {"square": {"square": 0}}
            if "square" in problem.unary_operators and not problem.setting.nested_square
            else None
        ),
        "early_stop_condition": early_stop_loss,
        "loss_function": SCALED_LOSS if options["objective"] == "scaled" else None,
        "model_selection": "best",
        # Serial and deterministic unless the rule has several threads, which no seed can make reproducible.
        "parallelism": "serial" if threads == 1 else "multithreading",
        "deterministic": threads == 1,
        "progress": False,
        "verbosity": 0,
        "input_stream": "devnull",
        "temp_equation_file": False,
        "delete_tempfiles": True,
        "update": False,
    }
    known = inspect.signature(regressor.__init__).parameters
    return values | {name: value for name, value in KEYWORDS_OF_2.items() if name in known}


@dataclass(frozen=True)
class ShownProblem:
    """What a restart shows PySR of a problem.

    inputs   how each column is printed, by PySR's name for it
    columns  float64 columns by PySR's names, shape (rows,)
    target   float64, shape (rows,)
    """

    inputs: dict[str, Expression]
    columns: dict[str, np.ndarray]
    target: np.ndarray

    def table(self) -> tuple[Any, np.ndarray]:
        """The inputs as a DataFrame, whose column names PySR prints, and the target."""
        import pandas as pd

        return pd.DataFrame(self.columns), self.target

    def first(self, rows: int) -> ShownProblem:
        return ShownProblem(
            self.inputs, {name: column[:rows] for name, column in self.columns.items()}, self.target[:rows]
        )


def shown_problem(problem: Problem, options: Mapping[str, Any], seed: int, restart: int) -> ShownProblem:
    """Rows and inputs of a restart; they depend on the seed and the restart's number only.

    The first restart's rows are those of a fit without restarts.
    """
    offered, band = entries(restart, options["inputs"], options["bands"])
    random = np.random.default_rng([seed, restart] if restart else seed)
    rows = sample_rows(problem.target, options["rows"] or len(problem), random, BANDS[band])
    columns_of_setting = len(INTEGER_COLUMNS) if problem.setting.integer_columns else 0
    inputs = inputs_of(offered, columns_of_setting)
    named = {
        _name(printed, number): (printed, values)
        for number, (printed, values) in enumerate(
            input_columns(problem.labels, problem.points[rows], inputs, problem.setting.integer_columns)
        )
    }
    return ShownProblem(
        inputs={name: printed for name, (printed, _) in named.items()},
        columns={name: values for name, (_, values) in named.items()},
        target=problem.target[rows],
    )


def _name(printed: Expression, number: int) -> str:
    """PySR's name for an input; a label's never ends in a digit after one of these words."""
    if printed.kind == "variable":
        return pysr_name(printed.value)
    return f"{ {'*': 'product', '/': 'ratio'}.get(printed.kind, 'number') }{number}"


def pysr_name(name: str) -> str:
    """What PySR calls a label. It refuses names that SymPy or itself has a meaning for (N, S, beta, inv)."""
    return name if name in INTEGER_COLUMNS or re.fullmatch("[a-z]", name) else f"v_{name}"


def in_pysr_names(text: str) -> str:
    """An equation of ours as PySR would print it."""
    # Not within a number: the e of 1e-5 is no name.
    return re.sub(
        r"(?<![\w.])[A-Za-z_]\w*", lambda match: match[0] if match[0] == "square" else pysr_name(match[0]), text
    )


def read_equation(text: str, inputs: Mapping[str, Expression]) -> Expression:
    """An equation in PySR's names as one in ours. Raises ParseError where our grammar does not have it."""
    return substitute(parse(text, inputs), lambda node: inputs.get(node.value, node))


def read_hall_of_fame(
    path: Path, inputs: Mapping[str, Expression], log: Callable[[str], None] = print
) -> list[Candidate]:
    """The equations of a hall_of_fame.csv as PySR wrote it, with PySR's own losses.

    Equations that are undefined (inf, nan) are kept: the front leaves them out. One that our grammar does not have is
    named in the log and left out.

    Raises UserError where the file is missing or damaged.
    """
    equations = []
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                try:
                    equation = read_equation(row["Equation"], inputs)
                except ParseError as error:
                    log(f"left out: {error}")
                    continue
                equations.append(Candidate(str(equation), float(row["Loss"])))
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise UserError(f"{path} is not a hall of fame of PySR, or is damaged ({error!r}); run it again") from error
    return equations


def read_members(texts: Iterable[str], inputs: Mapping[str, Expression]) -> list[Expression]:
    """Equations of PySR's populations; those outside our grammar (an infinite constant, say) are left out."""
    members = []
    for text in texts:
        try:
            members.append(read_equation(text, inputs))
        except ParseError:
            continue
    return members
