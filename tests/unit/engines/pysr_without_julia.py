"""Drive the installed PySR's Python side through the adapter, with a stand-in for Julia; run by test_pysr.py.

Real: everything in the package pysr, sklearn's checks of data and names, the pickles, from_file, warm_start, and the
call that PySR would make into Julia. Stand-in: Julia itself, which writes a hall of fame and returns a state.
Prints, as JSON, what Julia would have been asked for.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np

juliacall = types.ModuleType("juliacall")
juliacall.Main = MagicMock()
juliacall.Main.VERSION.major, juliacall.Main.VERSION.minor, juliacall.Main.VERSION.patch = 1, 10, 4
juliacall.Main.seval = lambda code: code  # operators, constraints and conditions arrive in Julia as this text
juliacall.AnyValue = juliacall.VectorValue = juliacall.ArrayValue = MagicMock
juliacall.JuliaError = type("JuliaError", (Exception,), {})
juliacall.convert = lambda kind, value: value
sys.modules["juliacall"] = juliacall

import pysr.sr as sr  # noqa: E402

from cftsr.data.generate import generate  # noqa: E402
from cftsr.engines import get_engine  # noqa: E402
from cftsr.engines.base import (  # noqa: E402
    Assignment,
    Progress,
    problem_of,
)

asked: list[dict] = []


def equation_search(x, y, *, niterations, options, saved_state, run_id, **rest):
    state = 0 if saved_state is None else saved_state
    folder = Path(options["output_directory"], run_id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hall_of_fame.csv").write_text(f'Complexity,Loss,Equation\n1,0.5,"p"\n3,0.1,"p * {state}.5"\n')
    plain = {key: value for key, value in options.items() if value is None or isinstance(value, str | int | float)}
    operators = {key: list(options[key]) for key in ("binary_operators", "unary_operators")}
    names = list(rest["variable_names"])
    shape, kind = np.shape(x), str(np.asarray(x).dtype)
    call = {"niterations": niterations, "state": state, "names": names, "shape": shape, "dtype": kind}
    asked.append(plain | operators | call | {"parallelism": rest["parallelism"]})
    return state + 1


sr.SymbolicRegression = types.SimpleNamespace(
    Options=lambda **settings: settings,
    MutationWeights=lambda **weights: weights,
    equation_search=equation_search,
)
sr.jl_is_function = lambda value: True
sr.jl_serialize = lambda value: np.array([value if isinstance(value, int) else 0])
sr.jl_deserialize = lambda stream: None if stream is None else int(stream[0])
sr.load_required_packages = lambda **settings: None


def main(options: dict, setting: str, folder: Path) -> None:
    problem = problem_of(generate("minimal", {}, "conformal_weight", 12, 1, "0.5")[0], setting)
    lines: list[str] = []
    engine, assignment = get_engine("pysr")(), Assignment(problem, options, 3, lines.append, folder)
    engine.start(assignment)
    warm_up = asked.pop()
    *_, progress = engine.chunks(assignment, Progress())
    print("RESULT " + json.dumps({"warm_up": warm_up, "asked": asked, "restored": progress.extra["restored"]}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
