"""Writing files: whole or not at all, and a clear word when it fails."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cftsr import files
from cftsr.data.dataset import write_dataset
from cftsr.errors import UserError
from cftsr.files import read_json, read_table, write_atomically, write_json, write_table, write_text
from cftsr.fronts.front import Equation, write_front
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
        lambda path: write_dataset(path, charges("wzw_su2")[0]),
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


# ---- seals: damage is noticed


def test_a_sealed_file_reads_back_without_its_seal_and_has_the_same_bytes_again(tmp_path):
    value = {"loss": 0.1, "zeros": "0" * 64, "text": "cftsr-sha256:", "list": [1, None]}
    for name in ("a.json", "b.json"):
        write_json(tmp_path / name, value, sealed=True)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert read_json(tmp_path / "a.json", "") == value
    assert "seal" in json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))


def test_a_text_that_looks_like_a_seal_is_only_a_text(tmp_path):
    for digits in ("0" * 64, "a" * 64):
        for key in ("a", "z"):  # before the seal in the file, and after it
            write_json(tmp_path / "a.json", {key: f"cftsr-sha256:{digits}"}, sealed=True)
            assert read_json(tmp_path / "a.json", "") == {key: f"cftsr-sha256:{digits}"}


def test_every_changed_byte_of_sealed_json_is_noticed_or_changes_nothing(tmp_path):
    path = tmp_path / "verdict.json"
    value = {"loss": 1.25e-3, "recovered": "yes", "rows": [100, 37], "wrong_rows": None}
    write_json(path, value, sealed=True)
    whole = path.read_bytes()
    for position in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                read = read_json(path, "delete it")
            except UserError as error:
                assert "verdict.json" in str(error)  # noqa: PT017 - most bits raise, few do not
            else:  # the key of the seal, and what it seals is whole
                assert {key: read[key] for key in value} == value


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_sealed_file_that_was_cut_off_is_refused(tmp_path, share):
    write_json(tmp_path / "a.json", {"rows": list(range(100))}, sealed=True)
    write_table(tmp_path / "a.parquet", pa.table({"k": list(range(100))}))
    for path in (tmp_path / "a.json", tmp_path / "a.parquet"):
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(UserError, match=r"a\.json"):
        read_json(tmp_path / "a.json", "delete it")
    with pytest.raises((ValueError, OSError)):
        read_table(tmp_path / "a.parquet")


def test_a_table_keeps_its_metadata_and_any_parquet_reader_reads_it(tmp_path):
    table = pa.table({"k": [1, 2], "h": [0.5, float("inf")], "name": ["a", "b"]})
    write_table(tmp_path / "a.parquet", table.replace_schema_metadata({"family": "wzw_su2"}))
    read = read_table(tmp_path / "a.parquet")
    assert read.schema.metadata == {b"family": b"wzw_su2"}
    assert read.to_pylist() == table.to_pylist() == pq.read_table(tmp_path / "a.parquet").to_pylist()


def test_a_parquet_file_without_a_seal_is_refused(tmp_path):
    pq.write_table(pa.table({"k": [1]}), tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="no seal"):
        read_table(tmp_path / "a.parquet")


# ---- what a kill leaves behind


def test_what_a_killed_process_left_half_written_is_removed_and_a_living_ones_is_not(tmp_path):
    host = re.sub(r"[^\w-]", "-", socket.gethostname())
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    dead = tmp_path / f".out.json.{host}.{killed.pid}.tmp"
    mine = tmp_path / f".out.json.{host}.{os.getppid()}.tmp"
    elsewhere = tmp_path / ".out.json.otherhost.1.tmp"
    for path in (dead, mine, elsewhere):
        path.write_text("half", encoding="utf-8")
    write_json(tmp_path / "out.json", {})
    assert {path.name for path in tmp_path.iterdir()} == {"out.json", mine.name, elsewhere.name}


def test_files_from_the_future_are_brought_back_and_others_left(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for path, shift in ((old, -1000), (new, 86_400)):
        path.touch()
        os.utime(path, (time.time() + shift,) * 2)
    before = old.stat().st_mtime_ns
    files.back_to_the_present([old, new, tmp_path / "missing"])
    assert old.stat().st_mtime_ns == before
    assert new.stat().st_mtime <= time.time()


@pytest.mark.parametrize(
    ("number", "remedy"),
    [("ENOSPC", "Free some space"), ("EDQUOT", "quota"), ("EFBIG", "ulimit"), ("EROFS", "Mount"), ("EIO", "Free some")],
)
def test_each_reason_has_its_remedy(number, remedy):
    code = getattr(errno, number)
    message = str(files.cannot_write("results/a", OSError(code, os.strerror(code))))
    assert message.startswith(f"cannot write results/a: {os.strerror(code)}. ")
    assert remedy in message
    assert message.endswith("run the same command again; what was finished is kept")
