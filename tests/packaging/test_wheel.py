"""A wheel in an empty environment, from an empty folder: what a plain `pip install .` brings is enough for a table."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What setuptools needs of the checkout; a build leaves build/ and an egg-info where it runs.
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "config.yaml", "configs", "data", "workflow/scripts")
# What pip says where it cannot reach an index.
OFFLINE = re.compile("No matching distribution|NewConnectionError|Temporary failure|Network is unreachable")

pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packaging")]


@dataclass(frozen=True)
class Installed:
    """A wheel, the environment that it is installed in, and an empty folder."""

    wheel: Path
    bin: Path
    folder: Path

    def run(self, *arguments: str, **more) -> subprocess.CompletedProcess:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        return subprocess.run(
            [str(self.bin / "cftsr"), *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            **more,
        )


def pip(python: str | Path, *arguments: str) -> None:
    done = subprocess.run(
        [str(python), "-m", "pip", *arguments, "--disable-pip-version-check"], capture_output=True, text=True
    )
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("pip reaches no index of packages")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    checkout, environment, empty = folder / "checkout", folder / "environment", folder / "empty"
    ignored = shutil.ignore_patterns("__pycache__", "spectra", "*.egg-info")
    for name in (*SOURCES, "workflow/schemas", "workflow/report"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, checkout / name)
    pip(sys.executable, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(checkout))
    (wheel,) = folder.glob("*.whl")
    shutil.rmtree(checkout)  # nothing of it may be needed
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip(environment / "bin/python", "install", "--quiet", str(wheel))
    empty.mkdir()
    return Installed(wheel, environment / "bin", empty)


def test_the_wheel_has_every_file_that_the_package_reads(installed):
    with zipfile.ZipFile(installed.wheel) as archive:
        names = set(archive.namelist())
    for name in ("config.yaml", "config.schema.yaml", "configs/paper.yaml", "data/examples/lee_yang_series.csv"):
        assert f"cftsr/shipped/{name}" in names
    for shipped, folder in (("configs", "configs"), ("data", "data"), ("report", "workflow/report")):
        files = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file()}
        # The captions of Snakemake's report are for its rules alone.
        wanted = {path for path in files if path.parts[0] != "spectra" and path.suffix != ".rst"}
        assert wanted
        assert {f"cftsr/shipped/{shipped}/{path.as_posix()}" for path in wanted} <= names
    modules = {path.relative_to(ROOT / "workflow/scripts").as_posix() for path in ROOT.rglob("scripts/cftsr/**/*.py")}
    assert modules <= names
    assert not any("spectra" in name for name in names), "generated data sets are not shipped"


def test_a_formula_is_identified_with_what_a_plain_installation_brings(installed):
    shutil.copy(ROOT / "data/examples/lee_yang_series.csv", installed.folder)
    done = installed.run("fit", "lee_yang_series.csv", "--target", "h", "--theory", "n", "--state", "s", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["identified"]
    assert answer["formula"] == "(1-s)*(2*n+2-s)/(4*n+6)"


def test_every_command_for_tables_works_with_a_plain_installation(installed):
    shutil.copy(ROOT / "data/examples/lee_yang_series.csv", installed.folder)
    rows = ["--data", "lee_yang_series.csv", "--target", "h", "--theory", "n", "--state", "s"]
    shape = ["fit", "lee_yang_series.csv", *rows[2:], "--shape", "(1-s)*(a*n+b-s)/(c*n+d)"]
    (installed.folder / "front.csv").write_text("Equation\n(1.0000001-s)*(2*n+2-s)/(4*n+5.9999999)\n")
    for command, shown in (
        (["check", "(1-s)(2n+2-s)/(4n+6)", *rows], "what fit finds: the same function (identified)"),
        (["check", "3k/(k+2)", "--cell", "wzw_su2/central_charge/n100"], "identical to the closed form: yes"),
        (["prove", "front.csv", *rows], "proved, line 2"),
        (shape, "identified: the data determine the constants"),
        (["families"], "WZW su(2)_k"),
        (["export", "out", "--cells", "minimal/central_charge/n100"], "100 rows and 250 held out"),
        (["identify", "0", "1/16", "1/2", "--c", "1/2"], "M(4,3)"),
        (["sweeps"], "paper.yaml"),
    ):
        done = installed.run(*command)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert shown in done.stdout


def test_a_page_of_a_file_names_the_extra_that_it_needs(installed):
    shutil.copy(ROOT / "data/examples/lee_yang_series.csv", installed.folder)
    done = installed.run("fit", "lee_yang_series.csv", "--target", "h", "--html", "page.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"error: this needs the package \w+, .*: pip install 'cftsr\[report\]'\n", done.stderr)


def test_the_python_interface_works_with_a_plain_installation(installed):
    code = (
        "import cftsr; n = list(range(1, 30)); a = cftsr.fit({'n': n, 'y': [3 * i for i in n]}, 'y'); "
        "print(a.identified, a.formula, a.sympy(), a.predict({'n': [100]}), "
        "cftsr.RationalRegressor().fit([[i] for i in n], n).formula_)"
    )
    done = subprocess.run(
        [str(installed.bin / "python"), "-c", code], capture_output=True, text=True, cwd=installed.folder
    )
    assert done.stdout == "True 3*n 3*n [300.] x0\n", done.stderr


def test_no_package_of_the_sweep_is_there(installed):
    code = "import importlib.util as u, sys; print(*[n for n in sys.argv[1:] if u.find_spec(n)])"
    packages = ("snakemake", "pysr", "pyoperon", "pandas", "scipy", "altair", "jinja2")
    done = subprocess.run(
        [str(installed.bin / "python"), "-c", code, *packages], capture_output=True, text=True, cwd=installed.folder
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("command", ["status", "tables", "message", "record", "replication"])
def test_a_command_that_looks_at_a_sweep_says_so_elsewhere(installed, command):
    done = installed.run(command)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(r"error: this command looks at a sweep, and \S+ is no folder of one: .*\n", done.stderr)


def test_a_sweep_can_be_looked_at_without_what_runs_it(installed, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(ROOT / "config.yaml", project)
    elsewhere = Installed(installed.wheel, installed.bin, project)
    status = elsewhere.run("status", "--config", "engines=[rational]", "recorded=false")
    assert "0 of 20 cells done" in status.stdout, status.stderr
    tables = elsewhere.run("tables", "--config", "engines=[rational]", "recorded=false")
    assert tables.returncode == 0, tables.stderr
    assert (project / "results/default/partial/tables/table1.md").exists()


def test_help_and_version(installed):
    helped = installed.run("--help")
    assert helped.returncode == 0
    assert "usage: cftsr" in helped.stdout
    assert installed.run("--version").stdout.startswith("cftsr ")
    unknown = installed.run("fitt")
    assert unknown.returncode == 2
    assert "invalid choice: 'fitt'" in unknown.stderr
