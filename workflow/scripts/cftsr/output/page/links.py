"""Where things are, seen from the page: relative addresses only, and only of files that are there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cftsr.sweep.plan import Cell

Link = tuple[str, str]  # words, address


@dataclass(frozen=True)
class Links:
    """page_folder is results/<budget>; data_folder holds <family>/<task>/<dataset>.parquet."""

    page_folder: Path
    data_folder: Path

    def to(self, path: Path) -> str:
        """The address of a file from the page, or "" where there is no such file: no link leads nowhere."""
        if not path.exists():
            return ""
        return quote(Path(os.path.relpath(path, self.page_folder)).as_posix())

    def _present(self, *named: tuple[str, Path]) -> list[Link]:
        return [(words, address) for words, path in named if (address := self.to(path))]

    def of_table(self, number: int) -> list[Link]:
        base, folder = self.page_folder / "tables" / f"table{number}", self.page_folder
        return self._present(
            ("CSV", base.with_suffix(".csv")),
            ("LaTeX", base.with_suffix(".tex")),
            ("Markdown", base.with_suffix(".md")),
            ("all cells (Parquet)", folder / "summary.parquet"),
            ("log", folder / "logs" / "tables.log"),
        )

    def of_figure(self, name: str) -> list[Link]:
        folder = self.page_folder / "figures"
        return self._present(("SVG", folder / f"{name}.svg"), ("PDF", folder / f"{name}.pdf"))

    def of_data(self, family: str, task: str, dataset: str) -> list[Link]:
        folder = self.data_folder / family / task
        return self._present(
            ("data (Parquet)", folder / f"{dataset}.parquet"),
            ("held out (Parquet)", folder / f"{dataset}.held_out.parquet"),
            ("log", self.data_folder / "logs" / f"{family}.{task}.{dataset}.log"),
        )

    def of_cell(self, cell: dict[str, Any]) -> list[Link]:
        this = Cell(**cell)
        folder = self.page_folder / "fits" / this.folder
        log = this.folder.replace("/", ".") + ".log"
        return self._present(
            ("front (Parquet)", folder / "front.parquet"),
            ("provenance", folder / "fit.json"),
            ("verdict", folder / "verdict.json"),
            ("cost", folder / "cost.json"),
            ("log of the fit", self.page_folder / "logs" / "fit" / log),
            ("log of the check", self.page_folder / "logs" / "verify" / log),
        )

    def verdict_of(self, cell: dict[str, Any]) -> list[Link]:
        folder = self.page_folder / "fits" / Cell(**cell).folder
        return self._present(("verdict", folder / "verdict.json"))

    def of_summary(self) -> list[Link]:
        return self._present(
            ("one row a cell: CSV", self.page_folder / "summary.csv"),
            ("Parquet", self.page_folder / "summary.parquet"),
            ("all tables in one LaTeX document", self.page_folder / "tables" / "all.tex"),
            ("as PDF", self.page_folder / "tables" / "all.pdf"),
        )
