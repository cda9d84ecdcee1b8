"""Writing files: whole or not at all, and a clear word when it fails."""

from __future__ import annotations

import errno
import json
import os

import pytest

from cftsr import files
from cftsr.errors import UserError
from cftsr.files import read_json, write_atomically, write_json, write_text
from cftsr.selection import Equation, write_front
from cftsr.spectra import write_spectrum
from tests.unit.conftest import charges


def no_space(*arguments, **keywords):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def content_of(folder) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_text_is_written_into_a_new_folder(tmp_path):
    write_text(tmp_path / "a" / "b" / "text.txt", "h = 1/16\n")
    assert content_of(tmp_path / "a" / "b") == {"text.txt": "h = 1/16\n"}


def test_an_old_file_is_replaced(tmp_path):
    write_text(tmp_path / "text.txt", "old")
    write_text(tmp_path / "text.txt", "new")
    assert content_of(tmp_path) == {"text.txt": "new"}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_is_told_with_the_path_and_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "text.txt"
    write_text(path, "old")
    monkeypatch.setattr(files.os, step, no_space)
    with pytest.raises(UserError) as error:
        write_text(path, "new")
    assert str(path) in str(error.value)
    assert "No space left on device" in str(error.value)
    assert "what was finished is kept" in str(error.value)
    assert content_of(tmp_path) == {"text.txt": "old"}


def test_a_disk_that_fills_up_half_way_leaves_the_old_file_and_no_half_of_the_new(tmp_path):
    path = tmp_path / "text.txt"
    write_text(path, "old")

    def write(temporary):
        temporary.write_text("ne", encoding="utf-8")
        no_space()

    with pytest.raises(UserError, match="No space left on device"):
        write_atomically(path, write)
    assert content_of(tmp_path) == {"text.txt": "old"}


@pytest.mark.parametrize("mistake", [ValueError("wrong"), KeyboardInterrupt()])
def test_a_mistake_or_an_interrupt_while_writing_leaves_the_old_file(tmp_path, mistake):
    write_text(tmp_path / "text.txt", "old")

    def write(temporary):
        temporary.write_text("ne", encoding="utf-8")
        raise mistake

    with pytest.raises(type(mistake)):
        write_atomically(tmp_path / "text.txt", write)
    assert content_of(tmp_path) == {"text.txt": "old"}


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_text(path, "text"),
        lambda path: write_json(path, {}),
        lambda path: write_spectrum(path, charges("wzw_su2")[0]),
        lambda path: write_front(path, (Equation(1, 0.0, 0.0, "k"),)),
    ],
    ids=["text", "json", "spectrum", "front"],
)
def test_a_folder_that_cannot_be_made_is_told_with_the_path_and_the_reason(tmp_path, write):
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    path = tmp_path / "file" / "below" / "out"
    with pytest.raises(UserError) as error:
        write(path)
    assert str(path) in str(error.value)
    assert "Not a directory" in str(error.value)
    assert content_of(tmp_path) == {"file": "not a folder"}


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc, where not even root may write")
def test_a_folder_that_may_not_be_written_is_told_with_the_path():
    with pytest.raises(UserError, match=r"cannot write /proc/self/fits/text\.txt: "):
        write_text("/proc/self/fits/text.txt", "text")


def test_writing_over_a_folder_is_told(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="Is a directory"):
        write_text(tmp_path / "out", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_same_json_value_has_the_same_bytes(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": [0.1, None]})
    write_json(tmp_path / "b.json", {"a": [0.1, None], "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert read_json(tmp_path / "a.json", "") == {"b": 1, "a": [0.1, None]}


def test_json_without_infinities(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"loss": float("inf")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"3", b"\xff\xfe", json.dumps({"a": 1}).encode()[:-1]])
def test_damaged_json_is_refused_by_name_with_the_remedy(tmp_path, content):
    path = tmp_path / "fit.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_json(path, "delete it and run again")
    assert str(path) in str(error.value)
    assert "delete it and run again" in str(error.value)


def test_missing_json_is_refused_by_name(tmp_path):
    with pytest.raises(UserError, match=r"missing\.json.*; run again"):
        read_json(tmp_path / "missing.json", "run again")
