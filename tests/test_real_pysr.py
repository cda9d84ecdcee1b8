"""Real PySR on real Julia: runs wherever `make julia` has left its proof; `make test-pysr` runs just this."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from cftsr.algebra.expressions import constants
from cftsr.algebra.formula import parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.engines.pysr import julia
from cftsr.engines.refinement import has_nested_square
from cftsr.fronts.front import read_front

ROOT = Path(__file__).parents[1]
PROOF = ROOT / julia.PROOF
pytestmark = [
    pytest.mark.pysr,
    pytest.mark.skipif(not PROOF.exists(), reason="no Julia here: `make julia` has not left its proof"),
]

CELLS = {
    "families": ["wzw_su2"],
    "tasks": ["central_charge", "conformal_weight"],
    "theories": [40],
    "fractions": [0.5],
    "settings": ["free"],
    "engines": ["pysr"],
    "budget": "quick",
}
# The paper's objective, in four chunks that no early stop ends.
PLAIN = {"iterations": 40, "early_stop": False, "refine": False, "objective": "mse", "restarts": 1, "inputs": "labels"}
PLAIN |= {"bands": "whole", "rows": 0}
# Three restarts of two chunks each.
RESTARTS = {"iterations": 20, "early_stop": False, "restarts": 3}


@dataclass
class Sweep:
    """A working folder with small cells and the proof."""

    folder: Path
    options: dict
    cells: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    idle_seconds: float = 30

    def __post_init__(self) -> None:
        config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) | CELLS | self.cells
        config["budgets"]["quick"]["pysr"] |= {"chunk_iterations": 10} | self.options
        config["fit"]["idle_seconds"] = self.idle_seconds
        config["recorded"] = False  # of other settings
        (self.folder / ".julia").mkdir(parents=True)
        shutil.copy(PROOF, self.folder / ".julia")
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    @property
    def command(self) -> list[str]:
        snakemake = Path(sys.executable).with_name("snakemake")
        return [
            str(snakemake), "-s", str(ROOT / "Snakefile"), "--directory", str(self.folder), "-j", "1", "--keep-going",
        ]  # fmt: skip

    def start(self, *arguments: str, **keywords) -> subprocess.Popen:
        """Without the variables that found Julia for `make julia`: the proof holds them."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("JULIA", "PYTHON_JULIA"))
        }
        return subprocess.Popen(
            [*self.command, *arguments],
            env=environment | self.environment,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **keywords,
        )

    def run(self, *arguments: str, **keywords) -> tuple[int, str]:
        process = self.start(*arguments, **keywords)
        text, _ = process.communicate(timeout=3600)
        return process.returncode, text

    def kill(self, process: subprocess.Popen) -> None:
        """End Snakemake and its jobs at once, as a lost node does, and let the next run take the folder."""
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        subprocess.run([*self.command, "--unlock"], check=True, capture_output=True)

    def fronts(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("front.parquet")}

    def states(self) -> int:
        """How many chunks the fits in flight have finished."""
        numbers = []
        for path in self.folder.rglob("state.json"):
            try:
                numbers.append(json.loads(path.read_text(encoding="utf-8"))["body"]["progress"]["chunk"])
            except (OSError, ValueError):
                continue
        return max(numbers, default=0)

    def logs(self) -> str:
        return "\n".join(path.read_text(encoding="utf-8") for path in self.folder.rglob("fit/**/*.log"))

    def workers(self) -> list[int]:
        """The processes that fit cells of this sweep."""
        pids = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                command = (place / "cmdline").read_text().split("\0")
                if "cftsr.jobs.worker" in command and os.readlink(place / "cwd") == str(self.folder):
                    pids.append(int(place.name))
            except OSError:
                continue
        return pids


def wait_for(condition: Callable[[], bool], process: subprocess.Popen, seconds: float = 600) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Sweep:
    """Two cells at the paper's objective, undisturbed."""
    sweep = Sweep(tmp_path_factory.mktemp("plain"), PLAIN)
    status, text = sweep.run()
    assert status == 0, text
    assert len(sweep.fronts()) == 2
    return sweep


@pytest.fixture(scope="module")
def restarts(tmp_path_factory) -> Sweep:
    """The same at the quick objective, in three restarts of two chunks."""
    sweep = Sweep(tmp_path_factory.mktemp("restarts"), RESTARTS)
    status, text = sweep.run()
    assert status == 0, text
    return sweep


@pytest.fixture
def folder(tmp_path) -> Iterator[Path]:
    yield tmp_path
    subprocess.run(["pkill", "-9", "-f", str(tmp_path)], check=False)


def test_what_is_recorded_of_a_fit(plain):
    for path in plain.folder.rglob("fit.json"):
        fit = json.loads(path.read_text(encoding="utf-8"))
        assert fit["engine_details"]["restored"] == ["fresh", "state", "state", "state"]
        provenance = fit["engine_details"]["provenance"]
        assert set(provenance) == {"julia", "julia_packages", "pysr"}
        assert "nothing" not in provenance["julia_packages"].values()
        assert str(ROOT) not in path.read_text(encoding="utf-8"), "a path of this machine"
        assert read_front(path.with_name("front.parquet"))
    verdicts = [json.loads(path.read_text(encoding="utf-8")) for path in plain.folder.rglob("verdict.json")]
    recovered = {verdict["cell"]["task"]: verdict["verdict"]["recovered"] for verdict in verdicts}
    assert recovered["central_charge"] == "yes"
    assert "PYTHON_JULIACALL_THREADS" not in plain.logs()


def test_cells_share_a_process_and_pay_for_their_own_start(plain):
    costs = [json.loads(path.read_text(encoding="utf-8")) for path in plain.folder.rglob("cost.json")]
    imports = sorted(cost["engine_startup_seconds"]["import"] for cost in costs)
    assert imports[0] < 0.1 < imports[1]


def test_fits_do_not_depend_on_who_shared_their_process(plain, folder):
    alone = Sweep(folder / "alone", PLAIN, idle_seconds=0)
    status, text = alone.run()
    assert status == 0, text
    assert alone.fronts() == plain.fronts()
    assert not alone.workers()


@pytest.mark.parametrize("chunk", [1, 3])
def test_a_kill_of_everything(plain, folder, chunk):
    killed = Sweep(folder / "killed", PLAIN)
    process = killed.start()
    wait_for(lambda: killed.states() >= chunk, process)
    killed.kill(process)
    wait_for_end(killed)
    status, text = killed.run()
    assert status == 0, text
    assert "resuming after chunk" in killed.logs()
    assert killed.fronts() == plain.fronts()


def wait_for_end(sweep: Sweep, seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while sweep.workers():
        assert time.monotonic() < limit, "a process of Julia outlived its job"
        time.sleep(0.1)


@pytest.mark.parametrize("chunk", [1, 3, 5])
def test_a_kill_in_each_restart(restarts, folder, chunk):
    killed = Sweep(folder / "killed", RESTARTS)
    process = killed.start()
    wait_for(lambda: killed.states() >= chunk, process)
    killed.kill(process)
    wait_for_end(killed)
    status, text = killed.run()
    assert status == 0, text
    assert killed.fronts() == restarts.fronts()


def test_a_crash_of_julia_names_the_cell_and_the_others_go_on(plain, folder):
    """With one cell done, and one in flight."""
    crashed = Sweep(folder / "crashed", PLAIN)
    process = crashed.start()
    wait_for(lambda: len(crashed.fronts()) == 1 and crashed.states() >= 1, process)
    done = crashed.fronts()
    for pid in crashed.workers():
        os.kill(pid, signal.SIGSEGV)
    text, _ = process.communicate()
    assert process.returncode != 0
    assert "the process that fitted this cell ended" in text
    assert "wzw_su2/" in text
    assert "Run the same command again" in text
    assert crashed.fronts() == done, "what was finished stays"
    status, text = crashed.run()
    assert status == 0, text
    assert crashed.fronts() == plain.fronts()
    assert "resuming after chunk" in crashed.logs()


def test_out_of_memory(plain, folder):
    starved = Sweep(folder / "starved", PLAIN, {"tasks": ["central_charge"]})
    limit = 3 << 30  # of address space: enough for Snakemake, and not for Julia
    status, text = starved.run(
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    )
    assert status != 0
    assert "wzw_su2/central_charge/n100/free/pysr/seed0" in text
    assert "memory" in text
    status, text = starved.run()
    assert status == 0, text
    assert starved.fronts().items() <= plain.fronts().items()


def proof_with(sweep: Sweep, **variables: str) -> None:
    path = sweep.folder / julia.PROOF
    proof = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(proof | {"environment": proof["environment"] | variables}), encoding="utf-8")


def test_a_julia_that_was_moved_after_the_proof(folder):
    moved = Sweep(folder / "moved", PLAIN, {"tasks": ["central_charge"]})
    executable = folder / "julia"
    executable.symlink_to(json.loads(PROOF.read_text(encoding="utf-8"))["environment"][julia.EXECUTABLE])
    proof_with(moved, **{julia.EXECUTABLE: str(executable)})
    executable.unlink()
    status, text = moved.run()
    assert status != 0
    assert f"Julia was at {executable} when `make julia` ran, and is not there now" in text
    assert "Run `make julia` once" in text
    assert "Traceback" not in text


def test_a_depot_that_cannot_be_written(folder):
    unwritable = Sweep(folder / "unwritable", PLAIN, {"tasks": ["central_charge"]})
    proof_with(unwritable, JULIA_DEPOT_PATH="/proc/no-depot")
    status, text = unwritable.run()
    assert status != 0
    assert "wzw_su2/central_charge/n100/free/pysr/seed0" in text
    assert "JULIA_DEPOT_PATH" in text
    assert "Traceback" not in text


def test_two_fits_at_once_where_nothing_is_compiled(plain, folder):
    """Both compile what they need, or wait for the other that does; the fronts are the same."""
    depot, *others = json.loads(PROOF.read_text(encoding="utf-8"))["environment"]["JULIA_DEPOT_PATH"].split(os.pathsep)
    fresh = folder / "depot"
    fresh.mkdir()
    for name in ("packages", "artifacts", "registries", "dev", "clones"):
        if Path(depot, name).is_dir():
            (fresh / name).symlink_to(Path(depot, name))
    racing = Sweep(folder / "racing", PLAIN)
    proof_with(racing, JULIA_DEPOT_PATH=os.pathsep.join([str(fresh), *others]))
    status, text = racing.run("-j", "2")
    assert status == 0, text
    assert racing.fronts() == plain.fronts()


def in_a_process_of_its_own(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")},
        capture_output=True,
        text=True,
    )


def test_what_make_julia_compiled_is_not_compiled_again(tmp_path):
    """A fresh process compiles little of what was written down for the kinds of fits that the sweep has.

    Where Julia cannot start Python by itself, what is on Python's side remains.
    """
    program = """
import sys
from cftsr.engines.pysr.julia import import_pysr, trace_compilation
regressor = import_pysr().PySRRegressor
from pysr.julia_import import jl
extension = jl.seval("Base.get_extension(CftsrSearch, :CftsrSearchPythonCallExt) !== nothing")
trace_compilation(sys.argv[1])
from cftsr.engines.pysr.trial import tiny_fit
tiny_fit(regressor, True, False, 32, "scaled")
print("EXTENSION", bool(extension))
"""
    traced = tmp_path / "compiled.jl"
    done = in_a_process_of_its_own(program, str(traced))
    assert done.returncode == 0, done.stderr[-2000:]
    written = (ROOT / ".julia/CftsrSearch/src/statements.jl").read_text(encoding="utf-8").splitlines()
    again = set(traced.read_text(encoding="utf-8").splitlines()) & set(written)
    if "EXTENSION True" not in done.stdout:
        again = {line for line in again if "PythonCall" not in line}
    assert len(again) < 0.2 * len(written), "\n".join(sorted(again))


def test_the_guarded_loss_is_that_of_its_twin(tmp_path):
    """In Julia and in Python, on predictions that once fooled a search; in a process of its own, for Julia's sake."""
    program = """
import json, sys
import numpy as np
from cftsr.engines.pysr.julia import import_pysr
from cftsr.engines.scaling import best_scaling
import_pysr()
from pysr.julia_import import jl
target = np.array([0.0, 0.1, 0.3, 0.6, 1.0, 1.5, 2.1])
cases = [np.full(7, 3.0), 1 + 1.2e-7 * target, 1e6 + 0.1 * target, 0 * target, 1e-44 * target, 1e-38 * target,
         target * 1e38, 1e-30 * target, target[::-1] * 1e30, target + np.sin(9 * target)]
cases.append(np.array([1, 2, np.inf, 4, 5, 6, 7]))
random = np.random.default_rng(0)
cases += [random.normal(size=7) * 10.0 ** random.integers(-20, 20) for _ in range(200)]
pairs = []
for kind in (np.float32, np.float64):
    for case in cases:
        with np.errstate(over="ignore"):
            prediction = case.astype(kind)
        ours = best_scaling(prediction, target)
        theirs = float(jl.CftsrSearch.scaled_error(prediction, target))
        pairs.append((theirs, float("inf") if ours is None else ours.loss))
print("PAIRS " + json.dumps(pairs))
"""
    done = in_a_process_of_its_own(program)
    line = next((line for line in done.stdout.splitlines() if line.startswith("PAIRS ")), None)
    assert line, done.stderr[-2000:]
    pairs = json.loads(line.removeprefix("PAIRS "))
    assert len(pairs) == 422
    for theirs, ours in pairs:
        assert theirs == pytest.approx(ours, rel=1e-9, abs=1e-22)


HARD = {"families": ["minimal"], "tasks": ["conformal_weight"], "theories": [100], "fractions": [0.3]}


@pytest.mark.parametrize("setting", ["free", "integer_flat"])
def test_the_quick_budget_finds_h_of_the_minimal_models(folder, setting):
    sweep = Sweep(folder / "hard", {}, HARD | {"settings": [setting]})
    status, text = sweep.run()
    assert status == 0, text
    (path,) = sweep.folder.rglob("verdict.json")
    verdict = json.loads(path.read_text(encoding="utf-8"))["verdict"]
    assert verdict["recovered"] == "yes"
    formula = next(e for e in verdict["equations"] if e["identical_to_closed_form"] == "yes")
    if setting == "integer_flat":
        tree = parse(formula["equation"], ("p", "q", "r", "s", *INTEGER_COLUMNS))
        assert not constants(tree)
        assert not has_nested_square(tree)
