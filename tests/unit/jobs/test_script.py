"""What a job says when it fails: the reason, the job's name, the log; in the log and on the terminal."""

from __future__ import annotations

import errno
import os
import subprocess

import pytest

from cftsr.errors import UserError
from cftsr.jobs.script import job_name, logged

CELL = {"spectrum": "wzw_su2/conformal_weight/n100_f10", "fit": "free/operon/seed3"}
NAME = "fit wzw_su2/conformal_weight/n100_f10/free/operon/seed3"


def failed(log, error) -> int:
    """The exit status of a job that says something and then fails."""
    try:
        with logged(log, "fit", CELL):
            print("working")
            raise error
    except SystemExit as end:
        return end.code


def test_a_job_is_named_as_its_cell_is():
    assert job_name("fit", CELL) == NAME
    assert job_name("spectrum", {"spectrum": CELL["spectrum"]}) == ("spectrum wzw_su2/conformal_weight/n100_f10")
    assert job_name("tables") == "tables"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("the data are odd"), "error: the data are odd"),
        (
            OSError(errno.ENOSPC, "No space left on device", "a.txt"),
            "error: [Errno 28] No space left on device: 'a.txt'",
        ),
        (MemoryError(), "error: out of memory. Ask for less"),
        (ValueError("bad"), "error: ValueError: bad. This is a fault of the program"),
    ],
)
def test_a_failure_is_told_on_the_terminal_and_in_the_log_with_the_cell(tmp_path, capsys, error, words):
    log = tmp_path / "job.log"
    assert failed(log, error) == 1
    for text in (capsys.readouterr().err, log.read_text(encoding="utf-8")):
        assert words in text
        assert f"\n  in {NAME}; log: {log}" in text
    assert log.read_text(encoding="utf-8").startswith("working\n")


def test_only_a_fault_of_the_program_has_a_traceback_and_only_in_the_log(tmp_path, capsys):
    with pytest.raises(SystemExit), logged(tmp_path / "log"):
        raise KeyError("x")
    assert "Traceback" in (tmp_path / "log").read_text(encoding="utf-8")
    assert "Traceback" not in capsys.readouterr().err
    with pytest.raises(SystemExit), logged(tmp_path / "log"):
        raise UserError("x")
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_log_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit), logged(tmp_path / "file" / "log", "fit", CELL):
        pytest.fail("the block must not run")
    assert f"error: cannot write {tmp_path / 'file' / 'log'}: Not a directory" in capsys.readouterr().err


def test_a_full_disk_under_the_log_neither_ends_the_job_nor_hides_its_error(tmp_path, capsys):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        (disk / "filler").write_bytes(b"x" * 4096)
        with logged(disk / "log"):
            print("a line that has no place")
        assert failed(disk / "log", UserError("cannot write somewhere")) == 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert f"error: cannot write somewhere\n  in {NAME}" in capsys.readouterr().err
    assert os.listdir(disk) == []
