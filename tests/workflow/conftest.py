"""Drive the real workflow in a temporary folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")


@dataclass
class Project:
    """A working folder with a configuration of its own; the Snakefile is the project's."""

    folder: Path
    config: dict
    snakefile: Path = ROOT / "Snakefile"
    environment: dict = field(default_factory=dict)

    def write_config(self) -> None:
        (self.folder / "config.yaml").write_text(yaml.safe_dump(self.config), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [str(SNAKEMAKE), "-s", str(self.snakefile), "--directory", str(self.folder), "-j", "2", *arguments]

    def start(self, *arguments: str) -> subprocess.Popen:
        """In a session of its own, so that a test can kill Snakemake and its jobs together."""
        self.write_config()
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | {"XDG_CACHE_HOME": str(self.folder / "cache")} | self.environment,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit status and everything that was printed."""
        process = self.start(*arguments)
        text, _ = process.communicate(timeout=300)
        return process.returncode, text

    def jobs(self, *arguments: str) -> dict[str, int]:
        """What a dry run would do: rule -> number of jobs."""
        status, text = self.run("-n", "--quiet", "rules", *arguments)
        assert status == 0, text
        table = {}
        for line in text.splitlines():
            words = line.split()
            if len(words) == 2 and words[1].isdigit():
                table[words[0]] = int(words[1])
        return table

    def path(self, *parts: str) -> Path:
        return self.folder.joinpath(*parts)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small sweep: two data sets of su(2)_k and one central charge, the exact engine only."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config |= {"families": ["wzw_su2"], "theories": [30], "fractions": [0.5, 1], "engines": ["rational"]}
    config["recorded"] = False  # a hundred fits of another sweep
    return Project(tmp_path, config)
