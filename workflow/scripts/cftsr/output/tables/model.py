"""The model of a table: values, quantities, marks and notes, independent of Markdown, LaTeX, HTML and CSV."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cftsr.results.findings import CellFits
from cftsr.results.published import PublishedValue

ViewKey = tuple[str, str, int, str | None, str]  # family, task, theories, fraction, setting of a view of the page
SAME = 0.05  # relative: published numbers have few digits and depend on a seed, so closer values count as equal
LOWER_IS_BETTER = {"loss": True, "complexity": True, "score": False}
FORMULAS, GRID, OWN, SEEDS, HIDDEN = "formulas", "grid", "own", "seeds", "hidden"  # kinds of tables
PAPER, RECORDED, ENGINE = "paper", "recorded", "engine"  # kinds of rows
GROUP, SOURCE, FORMULA, NUMBER, WORDS = "group", "source", "formula", "number", "words"  # kinds of columns


@dataclass(frozen=True)
class Number:
    """One number.

    extremes   the smallest and the largest over several seeds, where they differ
    printed    what the paper prints in its place ("Exact")
    suspect    the number of the footnote that says why a published value is suspect; 0 if it is not
    """

    value: float | None
    quantity: str
    extremes: tuple[float, float] | None = None
    printed: str = ""
    suspect: int = 0


@dataclass(frozen=True)
class Mark:
    """The proof mark of a fit, or of the fits with several seeds.

    proof      "yes", "no", "undecided", "approximate" or "missing"
    text       all of it in symbols: "✓† 2/3 ?1"
    seeds      "2/3", if there are several; rate: the same as a rate, with its interval
    elsewhere  whether the proved equation is another member of the front
    """

    proof: str
    text: str = ""
    seeds: str = ""
    rate: str = ""
    elsewhere: bool = False


@dataclass(frozen=True)
class Entry:
    """An entry of a table: words, a formula, or numbers with their marks.

    formula    for `symbol`, in our grammar or SymPy's; latex: its printed form, if different
    rounded    whether its constants may be rounded; not if the verdict rests on all their digits
    numbers    the first, then those in parentheses after it
    against    "better", "worse" or "equal" compared with the published value; "" where there is nothing to compare
    order      the sorting key in its column
    view       the view of its cell, if it is one of ours
    """

    words: str = ""
    formula: str = ""
    rounded: bool = True
    symbol: str = ""
    latex: str = ""
    suspect: int = 0
    numbers: tuple[Number, ...] = ()
    mark: Mark | None = None
    against: str = ""
    order: float | None = None
    view: ViewKey | None = None

    @property
    def empty(self) -> bool:
        return not (self.words or self.formula or self.numbers)


EMPTY = Entry()


@dataclass(frozen=True)
class Column:
    """kind: GROUP (shown once per group of rows), SOURCE, FORMULA, NUMBER or WORDS; share: of the line width in LaTeX,
    for columns that wrap."""

    title: str
    kind: str = NUMBER
    share: float = 0.0


@dataclass(frozen=True)
class Row:
    """kind: PAPER, RECORDED (PySR with the paper's settings) or ENGINE."""

    entries: tuple[Entry, ...]
    kind: str = ENGINE


@dataclass(frozen=True)
class Block:
    """Rows under one heading, in groups."""

    heading: str
    groups: list[list[Row]]

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group]


@dataclass(frozen=True)
class Table:
    """A table.

    notes     below it: how to read it; `code` in back quotes
    suspects  why published values are suspect, in the order of their footnotes
    remarks   further remarks on the published values
    answer    the formula that its numbers refer to, if one was proved; its words name the engines
    data      the rows of its CSV file, with the columns results.findings.CSV_COLUMNS
    """

    number: int
    caption: str
    columns: list[Column]
    blocks: list[Block]
    notes: list[str] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    kind: str = GRID
    answer: Entry | None = None
    data: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"table{self.number}"

    @property
    def title(self) -> str:
        return f"Table {self.number}. {self.caption}" if self.number else self.caption

    @property
    def below(self) -> list[tuple[str, list[str]]]:
        """The headings under the table with their sentences, if there are any."""
        remarks = [*(f"‡ suspect: {words}" for words in self.suspects), *self.remarks]
        parts = [("How to read it", self.notes), ("On the published values", remarks)]
        return [(heading, sentences) for heading, sentences in parts if sentences]

    @property
    def entries(self) -> list[Entry]:
        return [entry for block in self.blocks for row in block.rows for entry in row.entries]

    @property
    def tally(self) -> dict[str, int]:
        """How many of the engines' entries are better than, equal to and worse than the published ones."""
        rows = [row for block in self.blocks for row in block.rows if row.kind == ENGINE]
        marks = [entry.against for row in rows for entry in row.entries]
        return {mark: marks.count(mark) for mark in ("better", "equal", "worse") if mark in marks}


def against(quantity: str, ours: float | None, theirs: float | None) -> str:
    """ "better", "worse" or "equal" (within SAME); "" if one of the two is missing."""
    if ours is None or theirs is None:
        return ""
    if ours == theirs or abs(ours - theirs) <= SAME * max(abs(ours), abs(theirs)) < math.inf:
        return "equal"
    return "better" if (ours < theirs) == LOWER_IS_BETTER[quantity] else "worse"


def mark_of(fits: CellFits) -> Mark:
    if not fits.results:
        return Mark("missing")
    proof = "yes" if fits.recovered else "approximate" if fits.approximate else "undecided" if fits.undecided else "no"
    seeds, rate = (f"{fits.recovered}/{fits.requested}", fits.recovery.rate_words) if fits.requested > 1 else ("", "")
    return Mark(proof, fits.mark, seeds, rate, fits.proved_elsewhere)


def fitted_entry(
    fits: CellFits | None, quantities: Sequence[str], theirs: Sequence[PublishedValue | None], view: ViewKey
) -> Entry:
    """The numbers of one engine's fits on one cell; empty if the sweep has none, a dash if they are missing."""
    if fits is None:
        return EMPTY
    if not fits.results:
        return Entry(words="—", mark=mark_of(fits), view=view)
    numbers = tuple(Number(fits.median(name), name, fits.extremes(name)) for name in quantities)
    # A suspect value is not compared with.
    printed = theirs[0].value if theirs and theirs[0] and not theirs[0].suspect else None
    return Entry(
        numbers=numbers,
        mark=mark_of(fits),
        against=against(quantities[0], numbers[0].value, printed),
        order=numbers[0].value,
        view=view,
    )


def published_entry(values: Sequence[PublishedValue | None], footnotes: dict[int, int]) -> Entry:
    """The entry of published numbers.

    footnotes   id of a value -> the number of its footnote
    """
    known = tuple(
        Number(published.value, published.quantity, printed=published.printed if published.printed == "Exact" else "",
               suspect=footnotes.get(id(published), 0))
        for published in values
        if published
    )  # fmt: skip
    return Entry(numbers=known, order=known[0].value) if known else EMPTY
