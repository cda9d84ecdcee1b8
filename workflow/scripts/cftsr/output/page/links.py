"""Links from the page: relative addresses, of existing files only.

A file that a finished job must have written is shown as missing if it is not there: a link that is dropped without a
word would hide a fault.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cftsr.sweep.cells import Cell
from cftsr.sweep.paths import DataSets, Fits, Results

Link = tuple[str, str]  # words, and an address, "" if the file is missing


@dataclass(frozen=True)
class Links:
    """results: the folder of the page; fits: those of its budget; data: the data sets."""

    results: Results
    fits: Fits
    data: DataSets

    def to(self, path: str) -> str:
        """The address of a file relative to the page, or "" if there is no such file."""
        if not Path(path).exists():
            return ""
        return quote(Path(os.path.relpath(path, self.results.root)).as_posix())

    def _all(self, *named: tuple[str, str]) -> list[Link]:
        """Files that must be there."""
        return [(words, self.to(path)) for words, path in named]

    def _present(self, *named: tuple[str, str]) -> list[Link]:
        """Files that may be there."""
        return [link for link in self._all(*named) if link[1]]

    def of_table(self, number: int) -> list[Link]:
        name = f"table{number}"
        return self._all(
            ("CSV", self.results.table(name, "csv")),
            ("LaTeX", self.results.table(name, "tex")),
            ("Markdown", self.results.table(name, "md")),
            ("all cells (Parquet)", self.results.summary("parquet")),
            ("log", self.results.log("tables")),
        )

    def of_figure(self, name: str) -> list[Link]:
        return self._all(("SVG", self.results.figure(name, "svg")), ("PDF", self.results.figure(name, "pdf")))

    def of_data(self, spectrum: str, fitted: bool) -> list[Link]:
        """fitted: whether there is a fit to the data set, so its files must exist."""
        links_to = self._all if fitted else self._present
        return links_to(
            ("data (Parquet)", self.data.data(spectrum)),
            ("held out (Parquet)", self.data.held_out(spectrum)),
            ("log", self.data.log(spectrum)),
        )

    def of_cell(self, cell: dict[str, Any], judged: bool, recorded: bool) -> list[Link]:
        """judged: whether it has a verdict, so all files must exist; recorded: whether it is recorded."""
        folder, links_to = Cell(**cell).folder, self._all if judged else self._present
        fits = self.fits.recorded if recorded else self.fits
        files = [
            ("front (Parquet)", fits.front(folder)),
            ("provenance", fits.fit(folder)),
            ("verdict", fits.verdict(folder)),
            ("cost", fits.cost(folder)),
        ]
        if recorded:  # all of them at once
            logs = [
                ("log of the record", self.results.log("recorded")),
                ("log of the checks", self.results.log("verify_recorded")),
            ]
        else:
            logs = [("log of the fit", fits.fit_log(folder)), ("log of the check", fits.verify_log(folder))]
        return links_to(*files, *logs)

    def verdict_of(self, cell: dict[str, Any], recorded: bool) -> list[Link]:
        fits = self.fits.recorded if recorded else self.fits
        return self._all(("verdict", fits.verdict(Cell(**cell).folder)))

    def of_summary(self) -> list[Link]:
        return [
            *self._all(
                ("one row per cell: CSV", self.results.summary("csv")),
                ("Parquet", self.results.summary("parquet")),
                ("all tables in one LaTeX document", self.results.table("all", "tex")),
            ),
            # Only where there is a LaTeX installation.
            *self._present(("as PDF", self.results.table("all", "pdf"))),
        ]
