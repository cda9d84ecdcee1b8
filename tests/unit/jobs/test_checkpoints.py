"""Resuming: a fit that was killed ends as one that was not."""

from __future__ import annotations

import errno
import json
import math
import os
import random
import threading
import time
from dataclasses import replace

import pytest

from cftsr.data.dataset import write_dataset
from cftsr.engines.base import Assignment, Availability, Engine, Progress
from cftsr.errors import UserError
from cftsr.files import write_text
from cftsr.fronts.front import Candidate, read_front
from cftsr.jobs import fit_cell as fitting
from cftsr.jobs.checkpoints import Spent, Workspace, added
from tests.unit.conftest import charges

CHUNKS = 5


class Killed(BaseException):
    """What kill -9 is to a process."""


class Guess(Engine):
    """A random search whose whole state is in its Progress."""

    name = "guess"
    chunks_done = 0

    @classmethod
    def availability(cls, named=False):
        return Availability(True)

    def advance(self, assignment, progress):
        type(self).chunks_done += 1
        generator = random.Random(f"{assignment.seed} {progress.chunk} {progress.extra.get('carry')}")
        text = f"{generator.uniform(0, 9)!r}*k/(k+{generator.randint(1, 5)})"
        loss = generator.choice([math.inf, None, 0.25])
        return replace(
            progress,
            chunk=progress.chunk + 1,
            candidates=(*progress.candidates, Candidate(text, loss)),
            evaluations=progress.evaluations + 1,
            stop_reason="exhausted" if progress.chunk + 1 == CHUNKS else "",
            extra={"carry": generator.random(), "certificate": None},
        )


class Unavailable(Guess):
    @classmethod
    def availability(cls, named=False):
        return Availability(False, "Julia is missing", "make julia")


class Hopeless(Guess):
    def advance(self, assignment, progress):
        return replace(progress, chunk=1, candidates=(Candidate("k/0"),), stop_reason="exhausted")


class Babbling(Guess):
    def advance(self, assignment, progress):
        return replace(progress, chunk=1, candidates=(Candidate("exp(k)"),), stop_reason="exhausted")


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_dataset(tmp_path / "data.parquet", charges("wzw_su2")[0])
    monkeypatch.setattr(fitting, "get_engine", lambda name: Guess)
    Guess.chunks_done = 0
    return tmp_path


def fit(folder, name="run", seed=3, options=None, source="s", **keywords):
    out = folder / name
    request = fitting.FitRequest(
        data=str(folder / "data.parquet"),
        engine="guess",
        setting="free",
        seed=seed,
        options=options or {"a": 1},
        front=str(out / "front.parquet"),
        fit=str(out / "fit.json"),
        cost=str(out / "cost.json"),
        workspace=str(folder / f"unfinished {name}"),
        source=source,
    )
    fitting.fit_cell(request, **keywords)
    return (out / "front.parquet").read_bytes(), (out / "fit.json").read_bytes()


def kill_after(chunks: int, monkeypatch) -> None:
    """Die in the chunk after so many were saved."""
    advance = Guess.advance

    def dying(self, assignment, progress):
        if progress.chunk == chunks:
            monkeypatch.setattr(Guess, "advance", advance)
            raise Killed
        return advance(self, assignment, progress)

    monkeypatch.setattr(Guess, "advance", dying)


@pytest.mark.parametrize("chunks", range(CHUNKS))
def test_a_fit_killed_after_any_chunk_ends_with_the_same_bytes(project, monkeypatch, chunks):
    whole = fit(project, "whole")
    Guess.chunks_done = 0
    kill_after(chunks, monkeypatch)
    with pytest.raises(Killed):
        fit(project)
    assert not (project / "run").exists()
    lines = []
    assert fit(project, log=lines.append) == whole
    assert Guess.chunks_done == CHUNKS  # nothing was done twice
    assert any(f"resuming after chunk {chunks}" in line for line in lines) == (chunks > 0)


def test_a_fit_killed_again_and_again_ends_with_the_same_bytes(project, monkeypatch):
    whole = fit(project, "whole")
    for chunks in range(CHUNKS):
        kill_after(chunks, monkeypatch)
        with pytest.raises(Killed):
            fit(project)
    assert fit(project) == whole
    cost = json.loads((project / "run" / "cost.json").read_text(encoding="utf-8"))
    assert cost["processes"] == CHUNKS  # those that saved a chunk, and the last


def test_a_fit_killed_before_its_outputs_are_written_only_writes_them(project, monkeypatch):
    whole = fit(project, "whole")
    Guess.chunks_done = 0

    def killed(*arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "write_front", killed)
        with pytest.raises(Killed):
            fit(project)
    assert Guess.chunks_done == CHUNKS
    assert fit(project) == whole
    assert Guess.chunks_done == CHUNKS


def test_the_side_folder_is_removed_at_the_end(project):
    fit(project)
    assert sorted(path.name for path in project.iterdir()) == ["data.parquet", "run"]


def test_a_finished_fit_run_again_starts_afresh(project):
    first = fit(project)
    Guess.chunks_done = 0
    assert fit(project) == first
    assert Guess.chunks_done == CHUNKS


@pytest.mark.parametrize("changed", [{"seed": 4}, {"options": {"a": 2}}, {"source": "t"}])
def test_a_checkpoint_of_another_question_is_left_aside(project, monkeypatch, changed):
    whole = fit(project, "whole", **changed)
    kill_after(3, monkeypatch)
    with pytest.raises(Killed):
        fit(project)
    Guess.chunks_done = 0
    lines = []
    assert fit(project, log=lines.append, **changed) == whole
    assert Guess.chunks_done == CHUNKS
    assert any("belongs to other data, options or code" in line for line in lines)


def test_a_checkpoint_of_other_data_is_left_aside(project, monkeypatch):
    kill_after(3, monkeypatch)
    with pytest.raises(Killed):
        fit(project)
    write_dataset(project / "data.parquet", charges("wzw_su2", seed=1)[0])
    Guess.chunks_done = 0
    fit(project)
    assert Guess.chunks_done == CHUNKS


def damage_nothing_left(path):
    path.write_bytes(b"")


def damage_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_digit(path):
    text = path.read_text(encoding="utf-8")
    assert '"evaluations": 3' in text
    path.write_text(text.replace('"evaluations": 3', '"evaluations": 4'), encoding="utf-8")


def damage_other_json(path):
    path.write_text("[1, 2]", encoding="utf-8")


def damage_null(path):
    path.write_text('{"body": null, "sha256": ""}', encoding="utf-8")


def damage_encoding(path):
    path.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    "damage", [damage_nothing_left, damage_half, damage_digit, damage_other_json, damage_null, damage_encoding]
)
def test_a_damaged_checkpoint_costs_one_chunk(project, monkeypatch, damage):
    whole = fit(project, "whole")
    kill_after(3, monkeypatch)
    with pytest.raises(Killed):
        fit(project)
    damage(project / "unfinished run" / Workspace.FILE)
    Guess.chunks_done = 0
    lines = []
    assert fit(project, log=lines.append) == whole
    assert Guess.chunks_done == CHUNKS - 2  # chunks 3, 4, 5: the state after chunk 2 was good
    assert any("is damaged" in line and Workspace.FILE in line for line in lines)


def test_two_damaged_checkpoints_cost_the_fit_and_nothing_else(project, monkeypatch):
    whole = fit(project, "whole")
    kill_after(3, monkeypatch)
    with pytest.raises(Killed):
        fit(project)
    for name in (Workspace.FILE, Workspace.PREVIOUS):
        damage_half(project / "unfinished run" / name)
    assert fit(project) == whole


def test_a_kill_while_a_checkpoint_is_written_costs_one_chunk(project, monkeypatch):
    whole = fit(project, "whole")
    kill_after(3, monkeypatch)
    with pytest.raises(Killed):
        fit(project)
    (project / "unfinished run" / Workspace.FILE).unlink()  # renamed to PREVIOUS, and the new one not there yet
    Guess.chunks_done = 0
    (project / "unfinished run" / f".{Workspace.FILE}.1.tmp").write_text("{", encoding="utf-8")
    assert fit(project) == whole
    assert Guess.chunks_done == CHUNKS - 2


# ---- the workspace by itself


def state(chunk: int, *losses: float) -> Progress:
    return Progress(
        chunk, tuple(Candidate("k", loss, "search") for loss in losses), 7 * chunk, "", {"a": [1, 2.5, "x"]}
    )


def test_a_state_is_loaded_as_it_was_saved(tmp_path):
    workspace = Workspace(tmp_path / "side", "key", lambda line: None)
    assert workspace.load() == (Progress(), Spent())
    saved = state(2, 0.1, 1e-300, 3.0)
    workspace.save(saved, Spent(1.5, 2.5, 1))
    assert workspace.load() == (saved, Spent(1.5, 2.5, 1))


@pytest.mark.parametrize("loss", [math.inf, -math.inf, None, 5e-324, 0.1])
def test_an_engines_loss_is_kept_whatever_it_is(tmp_path, loss):
    workspace = Workspace(tmp_path, "key", lambda line: None)
    workspace.save(state(1, loss), Spent())
    (candidate,) = workspace.load()[0].candidates
    assert candidate.engine_loss == loss


def test_a_finished_state_is_loaded_as_finished(tmp_path):
    workspace = Workspace(tmp_path, "key", lambda line: None)
    done = replace(state(4, 0.5), stop_reason="exact")
    workspace.save(done, Spent())
    loaded, _ = workspace.load()
    assert loaded.finished
    assert list(Guess().chunks(Assignment(None, {}), loaded)) == []


def test_another_key_loads_nothing(tmp_path):
    Workspace(tmp_path, "key", lambda line: None).save(state(1), Spent(1.0, 1.0, 1))
    assert Workspace(tmp_path, "other", lambda line: None).load() == (Progress(), Spent())


def test_clearing_removes_the_folder_and_may_be_repeated(tmp_path):
    workspace = Workspace(tmp_path / "side", "key", lambda line: None)
    workspace.save(state(1), Spent())
    workspace.clear()
    workspace.clear()
    assert list(tmp_path.iterdir()) == []


def test_spent_seconds_add_up():
    assert added(Spent(1.0, 2.0, 3), 0.5, 0.25) == Spent(1.5, 2.25, 3)


# ---- what a fit refuses


def test_an_engine_that_cannot_run_is_told_with_the_remedy(project, monkeypatch):
    monkeypatch.setattr(fitting, "get_engine", lambda name: Unavailable)
    with pytest.raises(UserError, match=r"guess cannot run here: Julia is missing\. make julia"):
        fit(project)


def test_a_fit_without_a_usable_equation_is_told(project, monkeypatch):
    monkeypatch.setattr(fitting, "get_engine", lambda name: Hopeless)
    with pytest.raises(UserError, match="found no equation that is finite on every row"):
        fit(project)
    assert not (project / "run").exists()


def test_an_equation_that_cannot_be_read_is_told(project, monkeypatch):
    monkeypatch.setattr(fitting, "get_engine", lambda name: Babbling)
    with pytest.raises(UserError, match=r"returned an equation that cannot be read: .*exp\(k\)"):
        fit(project)


def test_a_damaged_data_set_is_told(project):
    (project / "data.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"data\.parquet is not a data set of ours"):
        fit(project)


def test_what_a_fit_writes(project):
    fit(project)
    written = json.loads((project / "run" / "fit.json").read_text(encoding="utf-8"))
    assert written["cell"]["engine"] == "guess"
    assert written["cell"]["seed"] == 3
    assert (written["rows"], written["chunks"], written["evaluations"]) == (100, CHUNKS, CHUNKS)
    assert written["stop_reason"] == "exhausted"
    assert written["options"] == {"a": 1}
    assert read_front(project / "run" / "front.parquet")


# ---- a fit that goes wrong leaves nothing that spoils the next


def faulty(monkeypatch, at: int, answer) -> None:
    """In the chunk after so many were saved, hand over what `answer` makes of the progress."""
    advance = Guess.advance

    def wrong(self, assignment, progress):
        return answer(progress) if progress.chunk == at else advance(self, assignment, progress)

    monkeypatch.setattr(Guess, "advance", wrong)


@pytest.mark.parametrize(
    "answer",
    [
        lambda progress: replace(progress, chunk=progress.chunk + 1, candidates=(Candidate("exp(k)"),)),
        lambda progress: replace(progress, chunk=progress.chunk + 1, candidates=(), stop_reason="exhausted"),
        lambda progress: replace(progress, chunk=progress.chunk + 1, candidates=(Candidate("nan*k"),), stop_reason="x"),
        lambda progress: progress,
        lambda progress: replace(progress, chunk=progress.chunk + 2),
    ],
    ids=["unreadable", "empty", "nan", "same chunk again", "a chunk left out"],
)
def test_a_chunk_that_is_wrong_is_not_kept(project, monkeypatch, answer):
    whole = fit(project, "whole")
    with monkeypatch.context() as patch:
        faulty(patch, 2, answer)
        with pytest.raises(UserError, match="engine guess"):
            fit(project)
    Guess.chunks_done = 0
    assert fit(project) == whole
    assert Guess.chunks_done == CHUNKS - 2


@pytest.mark.parametrize("when", range(3))
def test_a_disk_that_is_full_at_a_checkpoint_costs_that_chunk_only(project, monkeypatch, when):
    whole = fit(project, "whole")
    calls = []

    def full(path, text):
        calls.append(path)
        if len(calls) > when:
            raise UserError("cannot write: No space left on device")
        write_text(path, text)

    with monkeypatch.context() as patch:
        patch.setattr("cftsr.jobs.checkpoints.write_text", full)
        with pytest.raises(UserError, match="No space left"):
            fit(project)
    Guess.chunks_done = 0
    assert fit(project) == whole
    assert Guess.chunks_done == CHUNKS - when


# ---- two processes, one fit


def test_the_side_folder_is_ours_alone(tmp_path):
    old = os.umask(0)
    try:
        with Workspace(tmp_path / "a" / "b" / "side", "key").held() as side:
            assert side.folder.stat().st_mode & 0o777 == 0o700
            assert side.folder.parent.stat().st_mode & 0o022 == 0
    finally:
        os.umask(old)


def test_a_second_process_waits_takes_over_after_the_chunk_and_nothing_is_done_twice(project, monkeypatch):
    """The first works on without its Snakemake; the second is the same fit in the next run of the sweep."""
    whole = fit(project, "whole")
    Guess.chunks_done = 0
    monkeypatch.setattr(Workspace, "PAUSE", 0.01)
    wanted = project / "unfinished run" / Workspace.WANTED
    second: dict = {}
    lines: list[str] = []
    thread = threading.Thread(target=lambda: second.update(result=fit(project, log=lines.append)))
    advance = Guess.advance

    def slow(self, assignment, progress):
        if progress.chunk == 2 and not thread.ident:
            thread.start()
            limit = time.monotonic() + 20
            while not wanted.exists() and time.monotonic() < limit:
                time.sleep(0.01)
        return advance(self, assignment, progress)

    monkeypatch.setattr(Guess, "advance", slow)
    with pytest.raises(UserError, match=r"has taken over this fit after chunk 3.*nothing is lost"):
        fit(project)
    thread.join(timeout=30)
    assert second["result"] == whole
    assert Guess.chunks_done == CHUNKS
    assert any("works on this fit: asked to stop after its chunk; waiting" in line for line in lines)
    assert any("resuming after chunk 3" in line for line in lines)
    assert not (project / "unfinished run").exists()


def test_a_lock_that_a_killed_process_left_holds_nobody_up(project):
    whole = fit(project, "whole")
    side = project / "unfinished run"
    side.mkdir()
    (side / Workspace.LOCK).write_text("process 1 on nowhere", encoding="utf-8")
    (side / Workspace.WANTED).write_text("process 2 on nowhere", encoding="utf-8")
    assert fit(project) == whole


def test_a_disk_without_locks_is_told_and_used(project, monkeypatch):
    whole = fit(project, "whole")

    def no_locks(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("cftsr.jobs.checkpoints.fcntl.flock", no_locks)
    lines = []
    assert fit(project, log=lines.append) == whole
    assert any("cannot be locked (No locks available)" in line for line in lines)
