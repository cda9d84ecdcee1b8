"""All paths of a sweep, in one place: for the rules, the package, and the page's links.

Paths are text, relative to the project's folder. `spectrum` is a data set, family/task/n100_f30 (`Cell.spectrum`), and
`cell` a fit of it, family/task/n100_f30/free/pysr/seed0 (`Cell.folder`). With wildcards in their place ("{spectrum}",
"{spectrum}/{fit}") the same functions give the patterns of rules.
"""

from __future__ import annotations

from dataclasses import dataclass

PUBLISHED = "data/published"
JULIA_LOG = ".julia/julia.log"


@dataclass(frozen=True)
class DataSets:
    """Generated data sets, each with what is held out of it."""

    root: str = "data/spectra"

    def data(self, spectrum: str) -> str:
        return f"{self.root}/{spectrum}.parquet"

    def held_out(self, spectrum: str) -> str:
        return f"{self.root}/{spectrum}.held_out.parquet"

    def log(self, spectrum: str) -> str:
        return f"{self.root}/logs/{spectrum}.log"


@dataclass(frozen=True)
class Fits:
    """Fits and verdicts of one budget, in the folder `root`: sweeps share them."""

    root: str

    @classmethod
    def of(cls, budget: str) -> Fits:
        return cls(f"results/fits/{budget}")

    @property
    def recorded(self) -> Fits:
        """The folder for fits from the record, separate from that for fits run here."""
        return Fits(f"{self.root}/recorded")

    def front(self, cell: str) -> str:
        return f"{self.root}/{cell}/front.parquet"

    def fit(self, cell: str) -> str:
        return f"{self.root}/{cell}/fit.json"

    def cost(self, cell: str) -> str:
        return f"{self.root}/{cell}/cost.json"

    def verdict(self, cell: str) -> str:
        return f"{self.root}/{cell}/verdict.json"

    def unfinished(self, cell: str) -> str:
        """The working folder of a fit, which is no output of its rule."""
        return f"{self.root}/unfinished/{cell}"

    def fit_log(self, cell: str) -> str:
        return f"{self.root}/logs/fit/{cell}.log"

    def verify_log(self, cell: str) -> str:
        return f"{self.root}/logs/verify/{cell}.log"


@dataclass(frozen=True)
class Results:
    """The results of one sweep, in the folder `root`: summary, tables, figures, page."""

    root: str

    @classmethod
    def of(cls, sweep: str) -> Results:
        return cls(f"results/{sweep}")

    @property
    def configuration(self) -> str:
        """The configuration from which the tables were made: see sweep/named.py."""
        return f"{self.root}/sweep.json"

    def summary(self, kind: str) -> str:
        """One row per cell; kind: parquet or csv."""
        return f"{self.root}/summary.{kind}"

    def table(self, name: str, kind: str) -> str:
        """name: table1, ..., or all (a document of them all, tex and pdf); kind: csv, md, tex or pdf."""
        return f"{self.root}/tables/{name}.{kind}"

    @property
    def message(self) -> str:
        """The message printed at the end."""
        return f"{self.root}/tables/message.txt"

    @property
    def partial(self) -> str:
        """The folder for the tables of a sweep that is not finished."""
        return f"{self.root}/partial"

    @property
    def page(self) -> str:
        return f"{self.root}/report.html"

    @property
    def figures(self) -> str:
        return f"{self.root}/figures"

    def figure(self, name: str, kind: str) -> str:
        """kind: svg or pdf."""
        return f"{self.figures}/{name}.{kind}"

    def log(self, rule: str) -> str:
        """The log of a rule that runs once: tables, report, recorded."""
        return f"{self.root}/logs/{rule}.log"


@dataclass(frozen=True)
class Accuracy:
    """How often random products are identified: next to the sweeps, because it depends on none of them."""

    root: str = "results/identify"

    def file(self, kind: str) -> str:
        """kind: json, md, csv or tex."""
        return f"{self.root}/accuracy.{kind}"

    @property
    def log(self) -> str:
        return f"{self.root}/logs/identify.log"
