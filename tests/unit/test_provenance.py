"""Source digests: what changes them and what does not."""

from __future__ import annotations

import os
import platform
import sys

import pytest

import cftsr
from cftsr import provenance
from cftsr.provenance import digest, machine, source_digest, versions

FILES = {
    "__init__.py": '__version__ = "1"\n',
    "top.py": '"""Docstring."""\nfrom cftsr.middle import double\n\n\ndef four():\n    return double(2)\n',
    "middle.py": "from cftsr import bottom\n\n\ndef double(x):\n    return bottom.twice * x\n",
    "bottom.py": "twice = 2\n",
    "other.py": "import cftsr.bottom\nunrelated = 1\n",
    "engines/__init__.py": "",
    "engines/one.py": "from cftsr.engines.base import Engine\n",
    "engines/base.py": 'class Engine:\n    """An engine."""\n\n    steps = 3\n',
}


def forget() -> None:
    """A process reads the source once; a test changes it."""
    provenance._kept.cache_clear()
    provenance._module.cache_clear()
    provenance.source_digest.cache_clear()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of its own in place of cftsr; the returned function changes one of its files."""
    folder = tmp_path / "cftsr"

    def write(name: str, text: str) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        forget()

    monkeypatch.setattr(provenance, "PACKAGE", folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # whatever the tests' own environment says
    for name, text in FILES.items():
        write(name, text)
    yield write
    forget()


def test_what_was_kept_spares_the_parsing_and_is_never_out_of_date(package, monkeypatch):
    before, parsed, read = source_digest("top.py"), [], provenance._read
    monkeypatch.setattr(provenance, "_read", lambda content: parsed.append(content) or read(content))
    forget()
    assert source_digest("top.py") == before
    assert parsed == []
    # The same length and the same time: only the content tells.
    path = provenance.PACKAGE / "bottom.py"
    status = path.stat()
    path.write_text("twice = 3\n", encoding="utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    forget()
    assert source_digest("top.py") != before
    assert parsed == [b"twice = 3\n"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"top.py": 1, "bottom.py": ["x"], "middle.py": [1, 2, 3]}'])
def test_what_was_kept_and_cannot_be_read_counts_for_nothing(package, content):
    before = source_digest("top.py")
    provenance._kept_in().write_text(content, encoding="utf-8")
    forget()
    assert source_digest("top.py") == before


def test_nothing_is_kept_where_nothing_may_be(package, monkeypatch):
    before = source_digest("top.py")
    kept = provenance._kept_in()
    kept.unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    forget()
    assert source_digest("top.py") == before
    assert not kept.exists()


@pytest.mark.parametrize(
    "text",
    [
        FILES["top.py"] + "\n# a comment at the end\n",
        FILES["top.py"].replace("Docstring.", "Another docstring,\nof two lines."),
        FILES["top.py"].replace('"""Docstring."""\n', ""),
        FILES["top.py"].replace("def four():\n", 'def four():\n    """Four."""\n'),
        FILES["top.py"].replace("double(2)", "double( 2 )  # two"),
        FILES["top.py"].replace("\n\n\n", "\n\n"),
    ],
)
def test_comments_docstrings_and_layout_do_not_change_a_digest(package, text):
    before = source_digest("top.py")
    package("top.py", text)
    assert source_digest("top.py") == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("top.py", FILES["top.py"].replace("double(2)", "double(3)")),
        ("top.py", FILES["top.py"].replace("four", "five")),
        ("top.py", FILES["top.py"] + "\nleft_over = 'a string that is no docstring'\n"),
        ("middle.py", FILES["middle.py"].replace("* x", "+ x")),  # imported
        ("bottom.py", "twice = 3\n"),  # imported by what is imported
        ("__init__.py", '__version__ = "2"\n'),
    ],
)
def test_code_changes_the_digest_of_what_uses_it(package, name, text):
    before = source_digest("top.py")
    package(name, text)
    assert source_digest("top.py") != before


def test_code_changes_no_digest_of_what_does_not_use_it(package):
    before = source_digest("top.py")
    package("other.py", "unrelated = 2\n")
    assert source_digest("top.py") == before


def test_import_of_a_module_by_its_dotted_name_counts(package):
    before = source_digest("other.py")
    package("bottom.py", "twice = 3\n")
    assert source_digest("other.py") != before


def test_modules_of_a_subpackage_count_and_docstrings_of_classes_do_not(package):
    before = source_digest("engines/one.py")
    package("engines/base.py", FILES["engines/base.py"].replace("An engine.", "Another text."))
    assert source_digest("engines/one.py") == before
    package("engines/base.py", FILES["engines/base.py"].replace("3", "4"))
    assert source_digest("engines/one.py") != before


def test_the_modules_named_matter_and_their_order_does_not(package):
    assert source_digest("top.py", "other.py") == source_digest("other.py", "top.py")
    assert source_digest("top.py", "other.py") != source_digest("top.py")


def test_the_exact_engine_depends_on_its_algebra_and_not_on_the_judge():
    seen, pending = set(), [provenance.PACKAGE / "engines" / "rational" / "engine.py"]
    while pending:
        path = pending.pop()
        if path not in seen:
            seen.add(path)
            pending += provenance._module(path)[1]
    names = {str(path.relative_to(provenance.PACKAGE)) for path in seen}
    assert {"engines/rational/engine.py", "engines/base.py", "algebra/modular.py", "algebra/shortest_form.py"} <= names
    assert not {"fronts/verdict.py", "output/tables.py", "families/minimal.py"} & names


def test_versions_name_python_this_package_and_what_is_not_there():
    found = versions(["numpy", "a-package-that-is-not-there"])
    assert found["python"] == platform.python_version()
    assert found["cftsr"] == cftsr.__version__
    assert found["a-package-that-is-not-there"] == "not installed"
    assert found["numpy"][0].isdigit()


def test_the_machine_is_described_without_its_name():
    assert set(machine()) == {"system", "machine", "cores"}
    assert platform.node() not in machine().values()


def test_a_digest_of_values_depends_on_each_and_on_their_grouping():
    values = [digest(), digest(1), digest("1"), digest(1, 2), digest((1, 2)), digest(12), digest(b"1")]
    assert len(set(values)) == len(values)
    assert digest(1, "a") == digest(1, "a")
