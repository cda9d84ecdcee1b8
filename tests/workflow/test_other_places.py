"""The workflow from somewhere else: another folder, an awkward path, another workflow."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow.conftest import ROOT, SNAKEMAKE, Project

pytestmark = pytest.mark.workflow

SMALL = ("families=wzw_su2", "tasks=central_charge", "engines=rational", "central_charge={theories: 20, pool: 30}")
TABLES = "results/default/summary.parquet"


def snakemake(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [SNAKEMAKE, "-j", "1", *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_folder_without_a_configuration_gets_the_shipped_one(tmp_path: Path):
    there, elsewhere = tmp_path / "there", tmp_path / "elsewhere"
    there.mkdir()
    elsewhere.mkdir()
    snakefile = str(ROOT / "Snakefile")
    for arguments, place in (
        (("-s", snakefile, "--directory", str(there)), tmp_path),
        (("-s", snakefile), elsewhere),
    ):
        status, text = snakemake(place, *arguments, "-n", "--quiet", "rules", "--config", *SMALL)
        assert status == 0, text
        assert "Sweep default: 1 fit on 1 data set, budget quick" in text
        assert "central_charge: 20 theories, drawn from 30 (key central_charge.theories)" in text
    (there / "mine.yaml").write_text("theories: [10]\nfractions: [1]\n")
    status, text = snakemake(
        there, "-s", snakefile, "-n", "--quiet", "rules", "--configfile", "mine.yaml", "--config", "engines=rational"
    )
    assert status == 0, text
    assert "Sweep mine: 4 fits on 4 data sets" in text
    assert "conformal_weight: 10 theories (key theories)" in text


def test_nested_keys_on_the_command_line_are_numbers(project: Project):
    status, text = project.run(
        "-n",
        "--quiet",
        "rules",
        "--config",
        "held_out={next_theories: 10}",
        "engine_options={rational: {max_degree: 3}}",
    )
    assert status == 0, text
    status, text = project.run("-n", "--config", "held_out={next_theories: ten}")
    assert status != 0
    assert "error: config held_out.next_theories is 'ten'; it must be a whole number" in text


def test_a_key_given_twice_is_named_in_every_file(project: Project):
    (project.folder / "more.yaml").write_text("seeds: 0\nbudget: quick\nseeds: 1\n")
    status, text = project.run("-n", "--configfile", str(project.folder / "more.yaml"))
    assert status != 0
    assert "more.yaml: key 'seeds' appears twice, in lines 1 and 3; remove one" in text
    assert "Traceback" not in text


def test_a_path_with_a_blank_and_an_apostrophe(tmp_path: Path):
    """Folder, Snakefile and interpreter, as `make` lays them out."""
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    shutil.copy(ROOT / "Snakefile", folder)
    shutil.copy(ROOT / "config.yaml", folder)
    for name in ("workflow", "data/published"):
        shutil.copytree(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    python = folder / ".venv/bin/python"
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    with open(Path(packages, "all.pth"), "w") as stream:
        stream.writelines(f"{path}\n" for path in sys.path if path.endswith("site-packages"))
    done = subprocess.run(
        [python, "-m", "snakemake", "-j", "1", TABLES, "--config", *SMALL],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WZW su(2)_k  rational 1/1" in done.stderr


MODULE = """
module cftsr:
    snakefile: "{snakefile}"
    {config}

use rule * from cftsr{renamed}

rule mine:
    default_target: True
    input:
        "{tables}",
    output:
        "mine.txt",
    shell:
        "wc -c < {{input}} > {{output}}"
"""


@pytest.mark.parametrize("renamed", ["", " as cftsr_*"])
def test_another_workflow_builds_on_this_one(tmp_path: Path, renamed: str):
    text = MODULE.format(snakefile=ROOT / "Snakefile", config='config: config["fits"]', renamed=renamed, tables=TABLES)
    (tmp_path / "Snakefile").write_text(text)
    (tmp_path / "config.yaml").write_text("samples: [a, b]\n")  # the other workflow's own
    small = "families: wzw_su2\ntasks: central_charge\nengines: rational\ncentral_charge: {theories: 20, pool: 30}\n"
    (tmp_path / "other.yaml").write_text("fits:\n" + "".join(f"  {line}\n" for line in small.splitlines()))
    status, text = snakemake(tmp_path, "--configfile", "other.yaml")
    assert status == 0, text
    assert int((tmp_path / "mine.txt").read_text()) > 1000
    assert f"Rule: {'cftsr_' if renamed else ''}fit" in text


def test_a_module_without_a_configuration_has_the_shipped_one(tmp_path: Path):
    text = MODULE.format(snakefile=ROOT / "Snakefile", config="", renamed=" as cftsr_*", tables=TABLES)
    (tmp_path / "Snakefile").write_text(text)
    status, text = snakemake(tmp_path, "-n", "--quiet", "rules")
    assert status == 0, text
    assert "on 20 data sets, budget quick" in text
