"""Files and names that somebody made to do harm: they are refused, or shown as the text that they are."""

from __future__ import annotations

import csv
import os
import pickle
import shutil
import time
from types import SimpleNamespace

import pytest
import yaml

from cftsr.algebra.formula import MAX_TEXT, ParseError, parse
from cftsr.data.dataset import write_dataset
from cftsr.engines.base import Assignment, Progress
from cftsr.engines.pysr.engine import PySR
from cftsr.engines.pysr.trust import trusted
from cftsr.errors import UserError
from cftsr.files import read_json, write_json
from cftsr.fronts.front import Equation, write_front
from cftsr.fronts.verdict import verify_cell
from cftsr.output.page import About, render
from cftsr.provenance import PACKAGE
from cftsr.results.findings import Findings
from cftsr.results.published import load_published
from cftsr.results.summary import write_csv
from cftsr.sweep.plan import Sweep
from tests.unit.conftest import weights
from tests.unit.output.test_tables import EXACT, PUBLISHED, record

CONFIG = PACKAGE.parents[2] / "config.yaml"
MARK = "cftsr_was_here"  # the file that a hostile text would make if it were run
CODE = f"__import__('os').system('touch {MARK}')"
SCRIPT = "<script>document.title='taken'</script>"
NAMES = ("k", "l")


@pytest.fixture(autouse=True)
def nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.rglob(MARK))


# ---- equations

HOSTILE = {
    "code": CODE,
    "code in an argument": f"square({CODE})",
    "attribute": "k.__class__.__bases__[0].__subclasses__()",
    "lambda": "(lambda: 1)()",
    "walrus": "(k:=9)",
    "comprehension": "[x for x in (1,)]",
    "f-string": f"f'{{{CODE}}}'",
    "string": "'k'",
    "bytes": "b'k'",
    "conditional": "k if 1 else l",
    "await": "await k",
    "eval": "eval('k')",
    "power": "9**9**9**9",
    "shift": "1<<10**9",
    "two statements": "k;l",
    "comment": f"k # {SCRIPT}",
    "line break": "(k\n+l)",
    "continued line": "k+\\\nl",
    "null byte": "k\0",
    "html": SCRIPT,
    "hexadecimal": "0x10*k",
    "underscore in a number": "1_000*k",
    "complex": "1j*k",
    "other digits": "\u0661*k",
    "letter that looks like k": "\N{MATHEMATICAL BOLD SMALL K}+l",
    "letter that becomes k": "\N{FULLWIDTH LATIN SMALL LETTER K}+l",
    "text that runs backwards": "k\u202e+l",
    "space of no width": "k\u200b",
    "other minus": "k\u22121",
    "lone surrogate": "k\ud800",
    "unknown name": "os",
    "keyword argument": "square(k=1)",
    "two arguments": "square(k,l)",
    "starred": "square(*k)",
    "called number": "2(k)",
    "parentheses": "(" * 9_000 + "k" + ")" * 9_000,
    "signs": "-" * 19_000 + "k",
    "squares": "square(" * 2_000 + "k" + ")" * 2_000,
    "sum without end": "k" + "+k" * 9_000,
    "huge integer": "9" * 19_000,
    "ten megabytes": "k+" * 5_000_000 + "k",
    "ten megabytes of digits": "1" * 10_000_000,
    "nothing": "",
    "blanks": "   ",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_equation_is_refused_quickly_and_quoted_in_short(text):
    began = time.process_time()
    with pytest.raises(ParseError) as error:
        parse(text, NAMES)
    assert time.process_time() - began < 1
    assert len(str(error.value)) < 1200
    str(error.value).encode()  # can be written to a log


@pytest.mark.parametrize("digits", [50, 310, 4_000])
def test_a_number_as_long_as_may_be_is_read_in_no_time(digits):
    began = time.process_time()
    for text in ("9" * digits, f"1e{digits}", f"{'0' * digits}.{'3' * digits}", f"1e-{digits}"):
        assert isinstance(parse(text, NAMES).value, int | float)
    assert time.process_time() - began < 1
    assert len("9" * digits) < MAX_TEXT


@pytest.fixture
def cell(tmp_path):
    """A cell whose front an attacker can write: the files, and verify_cell on them."""
    data, held_out = weights("wzw_su2", 6, 50)
    write_dataset(tmp_path / "data.parquet", data)
    write_dataset(tmp_path / "held_out.parquet", held_out)
    write_json(tmp_path / "fit.json", {"cell": {}}, sealed=True)

    def judge(*texts: str) -> dict:
        write_front(tmp_path / "front.parquet", [Equation(i + 1, 0.1 / (i + 1), 0.0, t) for i, t in enumerate(texts)])
        verify_cell(
            front_path=tmp_path / "front.parquet",
            fit_path=tmp_path / "fit.json",
            data=tmp_path / "data.parquet",
            held_out=tmp_path / "held_out.parquet",
            closed_form=EXACT,
            seconds=2,
            verdict_path=tmp_path / "verdict.json",
        )
        return read_json(tmp_path / "verdict.json", "")["verdict"]

    return judge


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"lone surrogate"}))
def test_a_hostile_equation_in_a_front_is_refused_by_the_files_name(cell, tmp_path, name):
    with pytest.raises(UserError) as error:
        cell("k", HOSTILE[name])
    assert f"{tmp_path / 'front.parquet'} cannot be judged" in str(error.value)
    assert "Delete it and run snakemake again" in str(error.value)
    assert not (tmp_path / "verdict.json").exists()


def nested(text: str, times: int) -> str:
    return "square(" * times + text + ")" * times


@pytest.mark.parametrize(
    "text",
    [
        nested("k+l", 60),
        nested("k/(l+1)", 60),
        nested("1e300*k", 30),
        "*".join(["(k+l+1)"] * 190),
        f"{nested('3', 60)}*k",
        "9" * 308 + "*k",
        "1e308*1e308*k",
        "1e-320*k",
        "k/(l-l)",
        "inf*k",
        "nan+k",
        "+".join(f"k/(l+{i})" for i in range(90)),
    ],
    ids=[
        *("squares of squares", "of a quotient", "of a huge number", "long product", "huge constant", "long integer"),
        *("overflow", "underflow", "division by zero", "infinity", "not a number", "many poles"),
    ],
)
def test_an_equation_that_would_fill_the_memory_is_decided_or_left_undecided(cell, text):
    began = time.process_time()
    verdict = cell(EXACT, text)
    assert time.process_time() - began < 10
    assert verdict["recovered"] == "yes", "the good equation beside it is judged as ever"
    assert verdict["equations"][1]["exact_on_data"] in ("no", "undecided")


# ---- the page and the tables


def test_hostile_text_in_a_verdict_is_shown_and_not_run():
    hostile = record("0.7", EXACT)
    bad = f"{SCRIPT}\"'></title></math><img src=x onerror=alert(1)>{{{{7*7}}}}"
    for equation in hostile["verdict"]["equations"]:
        equation |= {"equation": bad, "simplified": bad, "latex": rf"\href{{javascript:alert(1)}}{{{bad}}}"}
    hostile["fit"] |= {"stop_reason": bad, "versions": {bad: bad}, "options": {bad: bad}}
    about = About("quick", {"seeds": [bad]}, {"note": bad}, {"pysr": bad})
    page = render(
        Findings([hostile], [hostile["cell"]]), (), {}, "results/quick/report.html", "nowhere", PUBLISHED, about
    )
    assert "document.title" in page, "it is shown"
    for harm in (SCRIPT, "<img src=x", "</title></math>", "onerror=alert(1)>"):
        assert harm not in page
    assert 'href="javascript' not in page


def test_hostile_text_in_the_published_numbers_is_refused_or_shown_as_text(tmp_path):
    published = tmp_path / "published"
    shutil.copytree(PUBLISHED, published)
    path = published / "notes.csv"
    with open(path, "a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerow(["3", f"{SCRIPT}=HYPERLINK(1)"])
    item = record("0.7", EXACT)
    page = render(
        Findings([item], [item["cell"]]),
        (),
        {},
        "results/quick/report.html",
        "nowhere",
        published,
        About("quick", {"seeds": [0]}),
    )
    assert SCRIPT not in page
    text = (published / "table3.csv").read_text(encoding="utf-8").splitlines()
    fields = text[1].split(",")
    fields[10] = "=cmd|' /C calc'!A0"
    (published / "table3.csv").write_text("\n".join([text[0], ",".join(fields), *text[2:]]) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"table3\.csv.*line 2"):
        load_published(published)


def test_a_spreadsheet_finds_nothing_to_run_in_our_csv(tmp_path):
    texts = ["=cmd|' /C calc'!A0", "@SUM(1)", "+cmd|x!A", "-cmd|x!A", "\t=1", "\r=1", "-k/(l+1)", "k", -1.5, None]
    write_csv(tmp_path / "out.csv", ["text"], [{"text": text} for text in texts])
    with open(tmp_path / "out.csv", newline="", encoding="utf-8") as stream:
        read = [row["text"] for row in csv.DictReader(stream)]
    assert read[:4] == [f"'{text}" for text in texts[:4]]
    assert read[4:6] == ["' =1", "' =1"]
    assert read[6:] == ["-k/(l+1)", "k", "-1.5", ""]


# ---- names and paths from the configuration

NAMES_THAT_LEAVE = [
    "../../etc",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    "quick\n",
    "quick\nrm -rf",
    "$(touch x)",
    "`touch x`",
    "; touch x",
    "a b",
    "{family}",
    "(?s).*",
    "a|b",
    "-rf",
    "~root",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}",
    "x" * 300,
]


def config(**changes):
    return yaml.safe_load(CONFIG.read_text(encoding="utf-8")) | {"engines": ["rational"]} | changes


@pytest.mark.parametrize("name", NAMES_THAT_LEAVE)
@pytest.mark.parametrize("key", ["budgets", "families", "tasks", "settings", "engines", "conventions", "fit"])
def test_a_name_that_is_none_of_ours_is_refused(key, name):
    changed = config()
    if key == "budgets":
        changed |= {"budgets": {**changed["budgets"], name: {}}, "budget": name}
    elif isinstance(changed[key], dict):
        changed[key] = {**changed[key], name: {}}
    else:
        changed[key] = [name]
    with pytest.raises(UserError) as error:
        Sweep(changed)
    assert str(error.value).startswith("config")
    assert "\n" not in str(error.value)


def own(**changes):
    return {"name": "mine", "file": "data/mine.csv", "target": "h", "theory_labels": ["k"]} | changes


@pytest.mark.parametrize("name", [*NAMES_THAT_LEAVE, "Mine", "1mine", "minimal"])
def test_a_spectrum_of_ones_own_has_a_plain_name_too(name):
    with pytest.raises(UserError, match="config spectra"):
        Sweep(config(spectra=[own(name=name)]))


@pytest.mark.parametrize("file", ["../mine.csv", "/etc/passwd", "data/../../mine.csv"])
def test_a_spectrum_of_ones_own_lies_in_the_project(file):
    with pytest.raises(UserError, match=r"config spectra.*outside the project's folder"):
        Sweep(config(spectra=[own(file=file)]))


@pytest.mark.parametrize("value", [7, None, True, 1.5])
def test_a_budget_is_named_by_text(value):
    changed = config()
    with pytest.raises(UserError, match="config budgets"):
        Sweep(changed | {"budgets": {**changed["budgets"], value: {}}})


@pytest.mark.parametrize(
    "changes",
    [
        {"fractions": [1e-300]},
        {"fractions": [1e-7]},
        {"fractions": ["0.1/../../x"]},
        {"theories": ["3; touch x"]},
        {"seeds": ["../1"]},
        {"fit": {"chunk_minutes": -1}},
        {"fit": {"chunk_minutes": "1; touch x"}},
        {"fit": {}},
    ],
    ids=str,
)
def test_a_number_that_would_not_make_a_plain_path_is_refused(changes):
    with pytest.raises(UserError, match="config"):
        Sweep(config(**changes))


def test_every_path_of_a_sweep_stays_below_its_folder():
    for cell in Sweep(config(fractions=[1, 0.000001, 0.123456789], seeds=[0], theories=[1, 10**9])).cells:
        assert set(cell.folder) <= set("abcdefghijklmnopqrstuvwxyz0123456789_./")
        assert ".." not in cell.folder
        assert not cell.folder.startswith("/")


# ---- pickles


class Harm:
    def __reduce__(self):
        return (os.system, (f"touch {MARK}",))


class Regressor:
    """What PySR does with a saved state: unpickle it."""

    def __init__(self, **settings):
        self.settings = settings

    def set_params(self, **settings):
        self.settings |= settings

    @classmethod
    def from_file(cls, run_directory):
        with open(os.path.join(run_directory, "checkpoint.pkl"), "rb") as stream:
            pickle.load(stream)
        return SimpleNamespace(julia_state_stream_=1, set_params=lambda **settings: None)


@pytest.fixture
def workspace(tmp_path):
    """The side folder of a fit after its first chunk, with a hostile pickle in it."""
    chunk = tmp_path / "results" / "quick" / "unfinished" / "cell" / "chunk1"
    for folder in reversed([chunk, *chunk.parents[:4]]):
        folder.mkdir(mode=0o700)
    (chunk / "checkpoint.pkl").write_bytes(pickle.dumps(Harm()))
    (chunk / "checkpoint.pkl").chmod(0o600)
    return chunk.parent


def load(workspace):
    return PySR._model(Regressor, {}, workspace, Progress(chunk=1), step=1)


def test_the_hostile_pickle_would_run_in_a_place_that_is_ours_alone(workspace, tmp_path):
    load(workspace)
    (tmp_path / MARK).unlink()  # it has run: the tests below show something


PLACES = ["chunk1/checkpoint.pkl", "chunk1", ".", "..", "../..", "../../.."]


@pytest.mark.parametrize("mode", [0o002, 0o020], ids=["everybody", "a group"])
@pytest.mark.parametrize("place", PLACES)
def test_a_pickle_in_a_place_that_others_can_write_is_not_loaded(workspace, monkeypatch, place, mode):
    monkeypatch.setattr("cftsr.engines.pysr.trust._own_group", lambda group: False)
    path = (workspace / place).resolve()
    path.chmod(path.stat().st_mode | mode)
    with pytest.raises(UserError) as error:
        load(workspace)
    assert str(path) in str(error.value)
    assert "chmod go-w" in str(error.value)
    path.chmod(0o700)
    trusted(workspace / "chunk1/checkpoint.pkl")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("place", PLACES)
def test_a_pickle_that_belongs_to_somebody_else_or_lies_in_their_folder_is_not_loaded(workspace, place):
    os.chown(workspace / place, 12345, 0)
    with pytest.raises(UserError, match=r"belongs to somebody else \(user 12345\).*Delete"):
        load(workspace)


def test_a_link_to_a_pickle_elsewhere_is_judged_by_where_it_leads(workspace, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    state = workspace / "chunk1" / "checkpoint.pkl"
    state.rename(elsewhere / "checkpoint.pkl")
    state.symlink_to(elsewhere / "checkpoint.pkl")
    elsewhere.chmod(0o777)
    with pytest.raises(UserError, match="elsewhere can be written by everybody"):
        load(workspace)


def test_a_folder_with_the_sticky_bit_may_be_above(workspace):
    workspace.parent.chmod(0o1777)
    trusted(workspace / "chunk1" / "checkpoint.pkl")


def test_a_side_folder_that_others_can_write_is_told_before_the_first_chunk(workspace):
    workspace.chmod(0o777)
    with pytest.raises(UserError, match="can be written by everybody"):
        PySR().start(Assignment(None, {}, folder=workspace))


# ---- JSON


@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, '{"a": ' * 50_000, "9" * 10_000, '{"seal": []}'])
def test_json_that_would_exhaust_the_reader_is_refused_by_name(tmp_path, text):
    (tmp_path / "verdict.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"verdict\.json"):
        read_json(tmp_path / "verdict.json", "delete it")
