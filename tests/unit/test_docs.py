"""The examples of docs/command.md and docs/python.md, run as they are printed."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cftsr

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(cftsr.__file__).parents[1]
COMMANDS = ROOT / "docs/command.md"


def examples() -> list[tuple[str, str]]:
    """(command, its output as printed), in the order of the page."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", COMMANDS.read_text(encoding="utf-8"), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A project's folder with what the page mentions, and the command on the PATH."""
    place = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "data/examples", place / "data/examples")
    shutil.copy(ROOT / "config.yaml", place)
    for command, output in examples():
        if command.startswith("cat "):
            (place / command.split()[1]).write_text(output, encoding="utf-8")
    shim = place / "bin/cftsr"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nPYTHONPATH="{SCRIPTS}" exec "{sys.executable}" -m cftsr "$@"\n')
    shim.chmod(0o755)
    return place


def as_pattern(output: str) -> str:
    """`...` stands for anything."""
    return ".*".join(re.escape(part) for part in output.split("..."))


@pytest.mark.parametrize(("command", "output"), examples(), ids=[command[:40] for command, _ in examples()])
def test_a_command_prints_what_the_page_says(folder, command, output):
    environment = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    assert re.fullmatch(as_pattern(output), done.stdout, re.DOTALL), done.stdout


def test_every_command_has_an_example_or_is_named():
    from cftsr.commands import COMMANDS as KNOWN

    shown = {command.split()[1] for command, _ in examples() if command.startswith("cftsr ")}
    text = COMMANDS.read_text(encoding="utf-8")
    assert {name for name in KNOWN if name not in shown and f"`{name}`" not in text} == set()


def test_the_examples_of_python():
    page = ROOT / "docs/python.md"
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert tried > 10
    assert failed == 0
