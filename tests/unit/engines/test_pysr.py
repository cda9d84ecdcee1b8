"""The PySR adapter, as far as it can be tested without Julia; tests/test_real_pysr.py does the rest where Julia is."""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
import pickle
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import pytest
import yaml

from cftsr.algebra.expressions import constants, evaluate
from cftsr.algebra.formula import parse
from cftsr.data.dataset import write_dataset
from cftsr.data.generate import generate
from cftsr.engines import get_engine
from cftsr.engines.base import Progress, problem_of
from cftsr.engines.options import for_task
from cftsr.engines.pysr import engine as adapter
from cftsr.engines.pysr import julia
from cftsr.engines.pysr.regressor import keywords, read_hall_of_fame, shown_problem
from cftsr.engines.refinement import has_nested_square
from cftsr.engines.scaling import best_scaling
from cftsr.errors import UserError
from cftsr.fronts.front import read_front
from cftsr.jobs.checkpoints import Workspace
from cftsr.jobs.fit_cell import FitRequest, fit_cell
from cftsr.sweep.plan import Sweep
from cftsr.vocabulary import SETTINGS

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
SIGNATURE_OF_2 = json.loads((ROOT / "tests/data/pysr-signatures/2.7.2.json").read_text(encoding="utf-8"))


def installed_signature() -> dict[str, str]:
    """Keyword -> default as source text, from the installed package, which cannot be imported without Julia."""
    source = Path(importlib.util.find_spec("pysr").origin).with_name("sr.py").read_text(encoding="utf-8")
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    regressor = next(node for node in classes if node.name == "PySRRegressor")
    init = next(node for node in regressor.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    positional = dict(zip([a.arg for a in init.args.args[-len(init.args.defaults) :]], init.args.defaults, strict=True))
    named = dict(zip([a.arg for a in init.args.kwonlyargs], init.args.kw_defaults, strict=True))
    return {name: ast.unparse(default) for name, default in (positional | named).items()}


LINES = {"installed": installed_signature(), "2.7.2": SIGNATURE_OF_2}


def options(budget: str = "paper", **changed):
    return resolved(budget) | changed


def resolved(budget: str, task: str = "conformal_weight") -> dict:
    merged = CONFIG["engine_options"]["pysr"] | (CONFIG["budgets"][budget].get("pysr") or {})
    return {key: for_task(value, task) for key, value in merged.items()}


def regressor_like(signature: dict[str, str]):
    """A class whose __init__ has these keywords."""
    scope: dict = {}
    exec(f"class Like:\n    def __init__(self, {', '.join(f'{name}=None' for name in signature)}): pass", scope)
    return scope["Like"]


def problem(setting: str = "free", family: str = "minimal", theories: int = 12):
    return problem_of(generate(family, {}, "conformal_weight", theories, 1, "0.5")[0], setting)


# ---- keywords


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_keyword_exists_in_both_supported_lines(line, setting):
    passed = keywords(problem(setting), options(), regressor_like(LINES[line]), 1e-9)
    passed |= dict.fromkeys(("niterations", "random_state", "timeout_in_seconds", "output_directory", "run_id"))
    assert set(passed) | {"warm_start"} <= set(LINES[line])


def test_every_default_that_moved_between_the_lines_is_passed_or_decides_nothing():
    passed = set(keywords(problem(), options(), regressor_like(SIGNATURE_OF_2), None))
    one, two = LINES["installed"], SIGNATURE_OF_2
    moved = {name for name in set(one) | set(two) if one.get(name) != two.get(name)}
    assert {"batching", "annealing", "crossover_probability", "weight_optimize"} <= moved
    # Additions of 2.x that are off by default, and places for operators that we give in the older form.
    neutral = {"default_mutations", "default_plugins", "mutations", "plugins", "operators", "type_spec", "use_tracing"}
    neutral |= {"tracing_file", "worker_imports", "worker_timeout", "guesses", "fraction_replaced_guesses"}
    assert moved - passed <= neutral


def test_what_decides_the_search_is_passed_explicitly():
    searching = {
        name for name in LINES["installed"] if name.startswith(("weight_", "tournament", "optimiz", "fraction"))
    }
    searching |= {"populations", "population_size", "ncycles_per_iteration", "maxsize", "parsimony", "batching"}
    searching -= {"optimizer_f_calls_limit"}  # None: no limit, in both lines
    assert searching <= set(keywords(problem(), options(), regressor_like(LINES["installed"]), None))


def test_the_papers_settings():
    assert resolved("paper", "central_charge")["iterations"] == 400
    assert resolved("paper", "conformal_weight")["iterations"] == 600
    passed = keywords(problem("free"), options("paper"), regressor_like(LINES["installed"]), None)
    assert passed["populations"] == 20
    assert passed["batching"] is False
    assert passed["binary_operators"] == ["+", "-", "*", "/"]
    assert passed["unary_operators"] == ["square"]
    assert passed["complexity_of_constants"] == 1
    assert passed["nested_constraints"] is None
    assert passed["deterministic"] is True
    assert passed["parallelism"] == "serial"


def test_the_integer_settings_offer_columns_penalise_constants_and_forbid_nested_squares():
    integer = keywords(problem("integer"), options(), regressor_like(LINES["installed"]), None)
    flat = keywords(problem("integer_flat"), options(), regressor_like(LINES["installed"]), None)
    assert integer["complexity_of_constants"] == flat["complexity_of_constants"] == 10
    assert integer["nested_constraints"] is None
    assert flat["nested_constraints"] == {"square": {"square": 0}}
    columns, target = shown_problem(problem("integer"), options(), 0, 0).table()
    assert list(columns) == ["p", "q", "r", "s", *(f"i{n}" for n in range(1, 11))]
    assert (columns["i10"] == 10).all()
    assert len(columns) == len(target)
    wzw = keywords(problem("integer_flat", "wzw_su2"), options(), regressor_like(LINES["installed"]), None)
    assert wzw["unary_operators"] == []
    assert wzw["nested_constraints"] is None


def test_several_threads_give_up_determinism_and_one_does_not(monkeypatch):
    monkeypatch.setenv("PYTHON_JULIACALL_THREADS", "4")
    passed = keywords(problem(), options(), regressor_like(LINES["installed"]), None)
    assert (passed["parallelism"], passed["deterministic"]) == ("multithreading", False)


# ---- reading PySR's files


def read(path: Path, shown, log=print):
    return read_hall_of_fame(path, shown_problem(shown, options(), 0, 0).inputs, log)


def hall_of_fame(folder: Path, *rows: tuple[int, str, str]) -> Path:
    path = folder / "hall_of_fame.csv"
    lines = [f'{complexity},{loss},"{equation}"' for complexity, loss, equation in rows]
    path.write_text("\n".join(["Complexity,Loss,Equation", *lines]) + "\n", encoding="utf-8")
    return path


def test_equations_are_read_with_pysrs_own_losses(tmp_path):
    path = hall_of_fame(
        tmp_path,
        (1, "0.5", "i10"),
        (3, "9.867645e-5", "i1 / p"),
        (5, "1.0e-8", "square(-1.2e-3 * q) - 4.0"),
        (6, "NaN", "p / NaN"),
        (7, "Inf", "(q - -Inf) + r"),
    )
    found = read(path, problem("integer"))
    assert [candidate.text for candidate in found[:3]] == ["i10", "i1/p", "square(-0.0012*q)-4"]
    assert [candidate.engine_loss for candidate in found[:3]] == [0.5, 9.867645e-5, 1e-8]
    assert len(found) == 5
    front = problem("integer").front(found)
    assert {equation.text for equation in front} <= {"i10", "i1/p", "square(-0.0012*q)-4"}


SAMPLES = sorted((ROOT / "tests/data/pysr-samples").glob("*/*.hall_of_fame.csv"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name.split('.')[0]}")
def test_the_fronts_that_real_pysr_wrote_are_read_whole(path):
    parts = path.name.split(".")[0].split("-")  # family, task, data set, setting; or chunked-3x8
    asked = problem(parts[-1], parts[0]) if len(parts) == 4 else problem()
    with open(path, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    lines: list[str] = []
    found = read(path, asked, lines.append)
    assert lines == []
    assert [candidate.engine_loss for candidate in found] == [float(row["Loss"]) for row in rows]
    for candidate, row in zip(found, rows, strict=True):
        expression = parse(candidate.text, asked.columns)
        # PySR counts a constant ten times in the integer settings; we count nodes as printed.
        weight = 9 * len(constants(expression)) if asked.setting.integer_columns else 0
        assert expression.complexity + weight == int(row["Complexity"])


def test_an_equation_outside_the_grammar_is_named_and_left_out(tmp_path):
    lines: list[str] = []
    path = hall_of_fame(tmp_path, (1, "0.5", "p"), (2, "0.4", "exp(p)"), (2, "0.3", "__import__('os')"))
    assert [c.text for c in read(path, problem(), lines.append)] == ["p"]
    assert len(lines) == 2
    assert "exp(p)" in lines[0]


@pytest.mark.parametrize("text", ["", "Complexity,Loss\n1,2\n", "Complexity,Loss,Equation\n1,abc,p\n"])
def test_a_damaged_hall_of_fame_is_named(tmp_path, text):
    path = tmp_path / "hall_of_fame.csv"
    path.write_text(text)
    if text:
        with pytest.raises(UserError, match=r"hall_of_fame\.csv is not a hall of fame"):
            read(path, problem())
    else:
        assert read(path, problem()) == []
    with pytest.raises(UserError, match="absent"):
        read_hall_of_fame(tmp_path / "absent.csv", problem())


# ---- chunks, with a stand-in that keeps state in a pickle and writes a hall of fame, as PySR does


class Stand(SimpleNamespace):
    """Not PySR: a deterministic stand-in with its files, its state and its way of resuming."""

    log: list[dict] = []
    saves_state = True

    def __init__(self, **settings):
        super().__init__(**settings)
        self.settings = settings

    def set_params(self, **settings):
        self.__dict__.update(settings)
        self.settings = self.settings | settings

    def fit(self, columns, target):
        before = getattr(self, "julia_state_stream_", None) or []
        state = [*before, (self.settings["random_state"], self.settings["niterations"])]
        if self.settings["run_id"] != "warmup":
            Stand.log.append(self.settings)
        folder = Path(self.settings["output_directory"], self.settings["run_id"])
        folder.mkdir(parents=True, exist_ok=True)
        # The equation depends on everything that went before: a lost state would show.
        constant = sum(seed * n for n, (seed, _) in enumerate(state, 1)) % 997 / 1000
        rows = "\n".join(f'{2 * n + 1},{1 / n},"{constant} * p + {n}"' for n in range(1, len(state) + 1))
        (folder / "hall_of_fame.csv").write_text("Complexity,Loss,Equation\n" + rows + "\n")
        with open(folder / "checkpoint.pkl", "wb") as stream:
            pickle.dump({"settings": self.settings, "state": state if Stand.saves_state else None}, stream)

    @classmethod
    def from_file(cls, run_directory):
        with open(Path(run_directory, "checkpoint.pkl"), "rb") as stream:
            saved = pickle.load(stream)
        model = cls(**saved["settings"])
        model.julia_state_stream_ = saved["state"]
        return model


@pytest.fixture
def stand(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Stand.log, Stand.saves_state = [], True
    monkeypatch.setattr(julia, "import_pysr", lambda offline=True: SimpleNamespace(PySRRegressor=Stand))
    monkeypatch.setattr(julia, "proof", lambda: {"julia": "stand-in"})
    monkeypatch.setattr(julia, "broken_proof", lambda: None)
    monkeypatch.setattr(adapter.PySR, "_compiled", set())
    write_dataset("data.parquet", generate("minimal", {}, "conformal_weight", 12, 1, "0.5")[0])
    return Stand


SMALL = options("paper", iterations=50, chunk_iterations=15, early_stop=False)


class KilledError(BaseException):
    """What a kill looks like from inside."""


def run(stop_after: int | None = None, name: str = "fit", settings: dict = SMALL) -> None:
    lines: list[str] = []

    def log(text):
        lines.append(text)
        if stop_after is not None and ", iteration " in text and len(Stand.log) == stop_after:
            raise KilledError

    request = FitRequest(
        "data.parquet", "pysr", "free", 3, settings, f"{name}.parquet", f"{name}.json", f"{name}.cost", "side"
    )
    fit_cell(request, log)


def test_iterations_go_in_chunks_with_a_random_state_each(stand):
    run()
    assert [settings["niterations"] for settings in stand.log] == [15, 15, 15, 5]
    seeds = [settings["random_state"] for settings in stand.log]
    assert seeds[0] == 3
    assert len(set(seeds)) == 4
    details = json.loads(Path("fit.json").read_text())
    assert details["engine_details"]["restored"] == ["fresh", "state", "state", "state"]
    assert details["engine_details"]["settings"]["populations"] == 20
    assert details["stop_reason"] == "exhausted"
    assert set(json.loads(Path("fit.cost").read_text())["engine_startup_seconds"]) == {"import", "compile"}
    assert not Path("side").exists()


@pytest.mark.parametrize("killed_in", [1, 2, 3, 4])
def test_a_fit_killed_in_any_chunk_resumes_to_the_same_bytes(stand, killed_in):
    run(name="whole")
    stand.log.clear()
    with pytest.raises(KilledError):
        run(stop_after=killed_in)
    assert not Path("fit.parquet").exists()
    run()
    assert Path("fit.parquet").read_bytes() == Path("whole.parquet").read_bytes()
    assert Path("fit.json").read_bytes() == Path("whole.json").read_bytes()
    assert len(stand.log) == 5, "only the chunk in flight was done twice"


def test_a_state_that_cannot_be_restored_is_recorded(stand):
    stand.saves_state = False
    run()
    assert json.loads(Path("fit.json").read_text())["engine_details"]["restored"] == ["fresh", "lost", "lost", "lost"]
    assert len(read_front("fit.parquet")) >= 1


def test_a_version_with_guesses_goes_on_from_the_front(stand, monkeypatch):
    class WithGuesses(Stand):
        def __init__(self, guesses=None, **settings):
            super().__init__(**settings)
            self.guesses = guesses
            if guesses is not None:
                settings_seen.append(guesses)

    settings_seen: list = []
    monkeypatch.setattr(julia, "import_pysr", lambda offline=True: SimpleNamespace(PySRRegressor=WithGuesses))
    stand.saves_state = False
    run()
    details = json.loads(Path("fit.json").read_text())["engine_details"]
    assert details["restored"] == ["fresh", "guesses", "guesses", "guesses"]
    assert len(settings_seen) == 3
    assert all(parse(text, problem().columns) for guesses in settings_seen for text in guesses)


def test_a_pickle_that_others_can_write_is_not_loaded(stand):
    with pytest.raises(KilledError):
        run(stop_after=2)
    Path("side/chunk1").chmod(0o777)
    with pytest.raises(UserError, match="its state is not loaded"):
        run()


def test_a_chunk_that_takes_too_long_ends_the_job_and_keeps_what_is_finished(stand, monkeypatch):
    with pytest.raises(KilledError):
        run(stop_after=3)
    clock = iter(range(0, 10**6, 1000))
    monkeypatch.setattr(adapter.time, "monotonic", lambda: next(clock))
    with pytest.raises(UserError, match="chunk_minutes = 5"):
        run(settings=SMALL | {"chunk_minutes": 5})
    monkeypatch.undo()


def test_an_early_stop_needs_a_proof_on_every_row(stand, monkeypatch):
    exact = "(square(p*r - q*s) - square(p - q)) / ((4.0 * p) * q)"

    def fit(self, columns, target):
        Stand.log.append(self.settings)
        folder = Path(self.settings["output_directory"], self.settings["run_id"])
        folder.mkdir(parents=True, exist_ok=True)
        last = exact if len(Stand.log) > 2 else "p * 0.5"
        (folder / "hall_of_fame.csv").write_text(f'Complexity,Loss,Equation\n1,0.5,"p"\n19,1e-20,"{last}"\n')
        (folder / "checkpoint.pkl").write_bytes(pickle.dumps({"settings": self.settings, "state": [1]}))

    monkeypatch.setattr(Stand, "fit", fit)
    run(settings=SMALL | {"early_stop": True})
    details = json.loads(Path("fit.json").read_text())
    assert details["stop_reason"] == "exact"
    assert details["chunks"] == 2  # the warm-up was the first call
    assert stand.log[-1]["early_stop_condition"] > 0


# ---- restarts, the scaled objective, refinement

RESTARTS = SMALL | {
    "iterations": 30,
    "restarts": 3,
    "rows": 10,
    "inputs": ["products", "labels"],
    "bands": ["upper", "whole"],
}


def test_the_first_restart_sees_what_a_fit_without_restarts_sees():
    alone, first = (
        shown_problem(problem(), SMALL | {"rows": 10}, 3, 0),
        shown_problem(problem(), RESTARTS | {"inputs": "labels"}, 3, 0),
    )
    assert list(alone.columns) == list(first.columns) == ["p", "q", "r", "s"]
    whole = shown_problem(problem(), SMALL, 3, 0)
    assert len(whole.target) == len(problem())
    assert (whole.target == problem().target).all()


def test_each_restart_has_inputs_and_rows_of_its_own():
    shown = [shown_problem(problem(), RESTARTS, 3, restart) for restart in range(4)]
    products = ["p", "q", "r", "s", "product4", "product5", "product6", "product7", "product8", "product9"]
    assert [list(seen.columns) for seen in shown] == [products, products, ["p", "q", "r", "s"], ["p", "q", "r", "s"]]
    assert all(len(seen.target) == 10 for seen in shown)
    assert (shown[0].columns["product4"] == shown[0].columns["p"] * shown[0].columns["q"]).all()
    assert str(shown[0].inputs["product4"]) == "p*q"
    assert min(shown[0].target) > min(shown[1].target), "the upper half, and the whole"
    assert len({tuple(seen.target) for seen in shown}) == 4
    again = shown_problem(problem(), RESTARTS, 3, 2)
    assert (again.target == shown[2].target).all()


def test_integer_columns_are_those_of_the_setting_unless_the_inputs_say_how_many():
    assert list(shown_problem(problem("integer"), RESTARTS, 3, 2).columns)[4:] == [f"i{n}" for n in range(1, 11)]
    few = shown_problem(problem("integer"), RESTARTS | {"inputs": "labels+3"}, 3, 0)
    assert list(few.columns)[4:] == ["i1", "i2", "i3"]


def test_an_equation_is_read_in_the_labels_whatever_pysr_calls_its_inputs(tmp_path):
    inputs = shown_problem(problem(), RESTARTS | {"inputs": "ratios"}, 3, 0).inputs
    path = hall_of_fame(tmp_path, (3, "0.1", "product4 - square(ratio10)"))
    (candidate,) = read_hall_of_fame(path, inputs)
    assert parse(candidate.text, problem().columns) == parse("p*q-square(p/q)", problem().columns)


def test_restarts_begin_afresh_and_keep_what_was_found(stand):
    run(settings=RESTARTS)
    details = json.loads(Path("fit.json").read_text())
    assert details["chunks"] == 6
    assert details["engine_details"]["restored"] == ["fresh", "state"] * 3
    assert [settings["niterations"] for settings in stand.log] == [15] * 6
    assert len({settings["random_state"] for settings in stand.log}) == 6


@pytest.mark.parametrize("killed_in", range(1, 7))
def test_a_fit_killed_in_any_chunk_of_any_restart_resumes_to_the_same_bytes(stand, killed_in):
    run(name="whole", settings=RESTARTS)
    stand.log.clear()
    with pytest.raises(KilledError):
        run(stop_after=killed_in, settings=RESTARTS)
    run(settings=RESTARTS)
    assert Path("fit.parquet").read_bytes() == Path("whole.parquet").read_bytes()
    assert Path("fit.json").read_bytes() == Path("whole.json").read_bytes()
    assert len(stand.log) == 7, "only the chunk in flight was done twice"


def finds(monkeypatch, *rows: tuple[int, float, str]) -> None:
    """Let the stand-in for PySR find these equations."""

    def fit(self, columns, target):
        if self.settings["run_id"] != "warmup":
            Stand.log.append(self.settings)
        folder = Path(self.settings["output_directory"], self.settings["run_id"])
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(f'{complexity},{loss},"{equation}"\n' for complexity, loss, equation in rows)
        (folder / "hall_of_fame.csv").write_text("Complexity,Loss,Equation\n" + text)
        (folder / "checkpoint.pkl").write_bytes(pickle.dumps({"settings": self.settings, "state": [1]}))

    monkeypatch.setattr(Stand, "fit", fit)


def test_the_objective_is_passed_as_a_function_that_is_compiled_once():
    passed = keywords(problem(), RESTARTS | {"objective": "scaled"}, regressor_like(LINES["installed"]), None)
    assert passed["loss_function"] == "CftsrSearch.scaled_loss"
    assert keywords(problem(), RESTARTS, regressor_like(LINES["installed"]), None)["loss_function"] is None


def test_what_is_found_up_to_scale_and_offset_is_completed(stand, monkeypatch):
    finds(monkeypatch, (1, 0.9, "p"), (9, 1e-20, "square(p * r - q * s) / (p * q)"))
    run(settings=RESTARTS | {"objective": "scaled", "restarts": 1})
    front = read_front("fit.parquet")
    # h = (pr-qs)^2/(4pq) - (p-q)^2/(4pq) needs more than a scale and an offset, which are the best there are.
    assert front[-1].engine_loss == 1e-20
    assert "square(p*r-q*s)" in front[-1].text
    values = evaluate(parse(front[-1].text, problem().columns), problem().columns)
    best = best_scaling(values, problem().target)
    assert (best.scale, best.offset) == pytest.approx((1.0, 0.0), abs=1e-6)


def test_a_member_of_the_populations_is_given_exact_coefficients_and_marked(stand, monkeypatch):
    finds(monkeypatch, (1, 0.9, "p"))
    seen = []

    def best_members(model, count):
        seen.append(count)
        return ["Inf * p", "(0.2 * square(p * r - q * s) + 0.1 * (square(p) + q * q)) / (p * q)"]

    monkeypatch.setattr(julia, "best_members", best_members)
    run(settings=RESTARTS | {"objective": "scaled", "refine": True, "early_stop": True, "inputs": "labels"})
    details = json.loads(Path("fit.json").read_text())
    assert details["stop_reason"] == "exact"
    assert details["chunks"] == 1
    assert seen
    front = read_front("fit.parquet")
    assert front[-1].origin == "refined"
    assert front[-1].loss < 1e-25
    assert {equation.origin for equation in front[:-1]} <= {"search"}


def test_in_integer_flat_a_refined_formula_has_integer_columns_and_no_square_in_a_square(stand, monkeypatch):
    finds(monkeypatch, (1, 0.9, "p"))
    member = "(0.2 * square(p * r - q * s) + 0.1 * (square(p) + q * q)) / (p * q)"
    monkeypatch.setattr(julia, "best_members", lambda model, count: [member])
    settings = RESTARTS | {"objective": "scaled", "refine": True, "early_stop": True, "inputs": "labels"}
    request = FitRequest("data.parquet", "pysr", "integer_flat", 3, settings, "f.parquet", "f.json", "f.cost", "side")
    fit_cell(request, lambda line: None)
    formula = parse(read_front("f.parquet")[-1].text, problem("integer_flat").columns)
    assert not constants(formula)
    assert not has_nested_square(formula)


# ---- Julia: the decision of `auto`, and what is said where it is missing


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A working folder without a proof, on a machine without Julia."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(julia.EXECUTABLE, raising=False)
    monkeypatch.setattr(julia.shutil, "which", lambda name: name if name == "/bin/sh" else None)
    return tmp_path


def proved(folder: Path) -> None:
    (folder / ".julia").mkdir()
    content = {"julia": "1.10.4", "julia_project": str(folder), "environment": {julia.EXECUTABLE: "/bin/sh"}}
    (folder / ".julia/proof.json").write_text(json.dumps(content))


def test_auto_takes_pysr_exactly_where_the_proof_is(nowhere):
    assert "pysr" not in Sweep(CONFIG).engines
    assert "Run `make julia` once" in Sweep(CONFIG).describe()
    proved(nowhere)
    assert "pysr" in Sweep(CONFIG).engines


@pytest.mark.parametrize("text", ["{", "{}", '{"julia_project": "x"}', "[]"])
def test_a_proof_that_cannot_be_read_is_none(nowhere, text):
    proved(nowhere)
    (nowhere / ".julia/proof.json").write_text(text)
    assert julia.proof() is None
    assert "pysr" not in Sweep(CONFIG).engines


def test_a_julia_that_was_moved_after_the_proof_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(julia.EXECUTABLE, raising=False)
    proved(tmp_path)
    assert julia.broken_proof() is None
    content = json.loads(Path(".julia/proof.json").read_text())
    Path(".julia/proof.json").write_text(json.dumps(content | {"environment": {julia.EXECUTABLE: "/gone/julia"}}))
    assert "Julia was at /gone/julia when `make julia` ran, and is not there now" in Sweep(CONFIG).describe()
    Path(".julia/proof.json").write_text(json.dumps(content | {"julia_project": str(tmp_path / "gone")}))
    with pytest.raises(UserError, match=r"the Julia project that `make julia` made, .*, is gone"):
        Sweep(CONFIG | {"engines": ["pysr"]})


def test_the_proof_gives_later_processes_their_julia_and_fits_no_path(nowhere):
    proved(nowhere)
    assert julia.executable() == "/bin/sh"
    assert julia.provenance() == {"julia": "1.10.4"}


def test_auto_ignores_a_julia_that_is_not_proved_and_a_list_takes_it(nowhere, monkeypatch):
    monkeypatch.setattr(julia, "executable", lambda: "/somewhere/julia")
    assert "pysr" not in Sweep(CONFIG).engines
    assert Sweep(CONFIG | {"engines": ["pysr"]}).engines == ["pysr"]


def test_asked_for_without_julia_it_says_what_to_do(nowhere):
    with pytest.raises(UserError) as caught:
        Sweep(CONFIG | {"engines": ["pysr"]})
    assert "pysr cannot run here: Julia has not been set up here. Run `make julia` once" in str(caught.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (URLError("no address"), ("could not be downloaded", "PYTHON_JULIAPKG_EXE")),
        (Exception("could not find Julia 1.10.3 - 1.11"), ("Julia is not there", "make julia")),
        (Exception("juliapkg_exe=/x is not a Julia executable."), ("Correct or unset PYTHON_JULIAPKG_EXE",)),
        (ImportError("No module named 'pysr'"), ("requirements.lock",)),
        (MemoryError(), ("out of memory",)),
        (Exception("OutOfMemoryError()"), ("out of memory", "rows")),
        (Exception("Unsatisfiable requirements detected for package"), ("1.10.3",)),
        (Exception("Failed to precompile SymbolicRegression"), ("make julia` again",)),
        (Exception("SystemError: opening file: Permission denied"), ("JULIA_DEPOT_PATH",)),
        (PermissionError(13, "Permission denied", "/depot"), ("JULIA_DEPOT_PATH",)),
        (Exception("PythonCall.jl did not start properly"), ("JULIA_DEPOT_PATH", "make julia` again", "in the log")),
    ],
)
def test_each_way_to_fail_says_what_happened_and_what_to_do(error, words):
    with pytest.raises(UserError) as caught, julia.explained("starting Julia"):
        raise error
    assert str(caught.value).startswith("starting Julia: ")
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_without_julia_the_proof_fails_at_once_and_leaves_nothing(nowhere, monkeypatch):
    # An executable that is no Julia: the same on machines with and without one, and without the network.
    monkeypatch.setenv("PYTHON_JULIAPKG_EXE", "/bin/false")
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(nowhere / "project"))
    with pytest.raises(UserError, match="Correct or unset PYTHON_JULIAPKG_EXE"):
        julia.prove(nowhere / "proof.json", minutes=1)
    assert not (nowhere / "proof.json").exists()


def test_a_fit_without_julia_says_so(nowhere):
    write_dataset("data.parquet", generate("wzw_su2", {}, "conformal_weight", 12, 1, "0.5")[0])
    with pytest.raises(UserError, match="engine pysr cannot run here: Julia has not been set up"):
        run()


def test_the_engine_resumes_by_the_common_checkpoints():
    assert Workspace.FILE == "state.json"
    assert get_engine("pysr")().startup_seconds == {}
    assert Progress().chunk == 0


@pytest.mark.parametrize("extension", [True, False])
def test_where_julia_cannot_start_python_our_package_is_made_without_its_part_for_python(
    tmp_path, monkeypatch, extension
):
    """Else every process would try to compile it again, and fail."""
    steps, package = [], tmp_path / ".julia" / "CftsrSearch"

    def step(program, deadline, *arguments, offline=True):
        sections = tomllib.loads((package / "Project.toml").read_text(encoding="utf-8"))
        steps.append((program, "extensions" in sections, package.joinpath("ext").exists()))
        if program is julia.TRACE:
            Path(arguments[0]).write_text("precompile(Tuple{typeof(sum), Int})\nprecompile(Tuple{Main.f})\n")
        return {julia.PRECOMPILE: "EXTENSION\n" * extension, julia.TRIAL: 'PROOF {"julia": "1.10.8"}\n'}.get(
            program, ""
        )

    monkeypatch.setattr(julia, "_step", step)
    julia.prove(tmp_path / ".julia" / "proof.json")
    whole = [(program, True, True) for program in (julia.RESOLVE, julia.TRACE, julia.PRECOMPILE)]
    again = [(program, False, False) for program in (julia.RESOLVE, julia.PRECOMPILE)]
    assert steps == [*whole, *([] if extension else again), (julia.TRIAL, extension, extension)]
    assert (package / "src/statements.jl").read_text(encoding="utf-8") == "precompile(Tuple{typeof(sum), Int})\n"
    sections = tomllib.loads((package / "Project.toml").read_text(encoding="utf-8"))
    assert set(sections["deps"]) == {"PrecompileTools", "SymbolicRegression"}
    assert sections["compat"] == {"julia": "1.10"}


# ---- the installed PySR's own Python side, with a stand-in for Julia


@pytest.mark.parametrize("setting", ["free", "integer_flat"])
def test_the_installed_pysr_passes_our_settings_on_and_resumes_its_state(tmp_path, setting):
    settings = options("paper", iterations=50, chunk_iterations=15)
    command = [sys.executable, str(Path(__file__).with_name("pysr_without_julia.py"))]
    done = subprocess.run(
        [*command, json.dumps(settings), setting, "side"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "workflow/scripts"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    calls = result["asked"]
    assert [call["niterations"] for call in calls] == [15, 15, 15, 5]
    assert [call["state"] for call in calls] == [0, 1, 2, 3], "each chunk goes on from the state of the one before"
    assert result["restored"] == ["fresh", "state", "state", "state"]
    assert len({call["seed"] for call in calls}) == 4
    labels = ["p", "q", "r", "s"]
    columns = labels if setting == "free" else [*labels, *(f"i{n}" for n in range(1, 11))]
    for call in calls:
        assert call["names"] == columns
        assert call["shape"][0] == len(columns)
        assert call["dtype"] == "float32"
        assert call["binary_operators"] == ["+", "-", "*", "/"]
        assert call["unary_operators"] == ["square"]
        assert (call["npopulations"], call["npop"], call["maxsize"], call["batching"]) == (20, 27, 40, False)
        assert (call["deterministic"], call["parallelism"]) == (True, "serial")
        assert call["complexity_of_constants"] == (1 if setting == "free" else 10)
        nested = call["nested_constraints"]
        assert nested is None if setting == "free" else nested == "Dict((square) => Dict((square) => 0, ), )"
        assert call["input_stream"] == "devnull"
    assert result["warm_up"]["npopulations"] == 2
    assert not (tmp_path / "side" / "warmup").exists()
