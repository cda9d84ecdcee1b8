"""Every link of the page of a real sweep leads to a file or a place that is there, and none is left out."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from cftsr.sweep.plan import Sweep
from tests.workflow.conftest import Project

pytestmark = pytest.mark.workflow


class Anchors(HTMLParser):
    """ids: all of the page; links: address -> words; views: id of a view -> the words of the links in it."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.views: dict[str, list[str]] = {}
        self.view = self.address = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids |= {found["id"]} if "id" in found else set()
        if tag == "section" and found.get("class") == "view":
            self.view = found["id"]
        if tag == "a":
            self.address = found["href"]

    def handle_endtag(self, tag):
        if tag == "a":
            self.address = ""

    def handle_data(self, words):
        if self.address:
            self.links.append((self.address, words))
            self.views.setdefault(self.view, []).append(words)


def read(page: Path) -> Anchors:
    return Anchors(page.read_text(encoding="utf-8"))


OF_A_DATA_SET = {"data (Parquet)", "held out (Parquet)", "log"}
OF_A_FIT = {"front (Parquet)", "provenance", "verdict", "cost", "log of the fit", "log of the check"}


def test_every_link_of_a_page_leads_somewhere_and_no_file_is_left_out(project: Project):
    project.config |= {"engines": ["rational", "operon"], "fractions": [0.5], "settings": ["free"]}
    status, text = project.run()
    assert status == 0, text
    page = project.path("results/default/report.html")
    anchors = read(page)
    files = set()
    for address, words in anchors.links:
        parts = urlsplit(address)
        assert not parts.scheme, address
        assert not parts.netloc, address
        if parts.path:
            files.add(page.parent / unquote(parts.path))
            assert (page.parent / unquote(parts.path)).stat().st_size > 0, (words, address)
        else:
            assert unquote(parts.fragment) in anchors.ids, (words, address)
    for cell in Sweep(project.config).cells:
        view = next(words for at, words in anchors.views.items() if at.startswith(f"{cell.spectrum}/"))
        assert set(view) >= OF_A_DATA_SET | OF_A_FIT, cell.folder
    names = {path.resolve().relative_to(project.folder.resolve()).as_posix() for path in files}
    logs = {path.relative_to(project.folder).as_posix() for path in project.folder.rglob("*.log")}
    logs = {log for log in logs if not log.startswith(".snakemake")} - {"results/default/logs/report.log"}
    assert logs <= names, "every log but the page's own can be opened from the page"
    assert ": missing<" not in page.read_text(encoding="utf-8")

    # A file that a job must have left and that is gone is named, not dropped.
    project.path("results/fits/quick/logs/fit", f"{cell.folder}.log").unlink()
    assert project.run("--forcerun", "report")[0] == 0
    assert page.read_text(encoding="utf-8").count("log of the fit: missing<") == 1
