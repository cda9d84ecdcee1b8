"""The paper's six tables, ours beside the published values.

Tables 1 and 2 are formulas, 3 to 6 are numbers on the grid of theories and fractions. Rows and columns are those of
the paper and of the sweep together; an engine is a line under the paper's, whatever engines there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cftsr.comparison import (
    CSV_COLUMNS,
    Findings,
    Fits,
    csv_row,
    engines_of,
    percentage,
    reading_notes,
    remarks_on,
    settings_of,
    unique,
)
from cftsr.files import write_text
from cftsr.published import FORMULA_LINES, Published, PublishedValue, load_published
from cftsr.rendering import EMPTY, Block, Table, Text, code, formula, number, plain, to_document, to_latex, to_markdown
from cftsr.summary import (
    UNDECIDED,
    YES,
    Result,
    family_title,
    final_message,
    fraction_order,
    summary_rows,
    write_csv,
    write_summary,
)

SETTING_TITLES = {
    "free": "No integer columns",
    "integer": "Integer columns",
    "integer_flat": "Integer columns, square(square(.)) forbidden",
}
FORMULA_TABLES = {1: ("central_charge", "c", "central charge"), 2: ("conformal_weight", "h", "conformal weights")}
FORMULA_QUANTITIES = ("formula", "simplified", "loss", "complexity")
GRID_TASK = "conformal_weight"
GRIDS = (("loss",), ("score", "complexity"))  # of each family: Tables 3 and 4, Tables 5 and 6

Rows = list[dict[str, Any]]


def write_tables(
    records: Sequence[dict[str, Any]],
    expected_cells: Sequence[dict[str, Any]],
    folder: str | Path,
    published_folder: str | Path,
) -> str:
    """Write everything that follows from the verdicts and return the closing message.

    records          what `read_records` gives
    expected_cells   the cells that the sweep asked for, as in record["cell"]; those without a record are missing
    folder           results/<budget>, for summary.parquet, summary.csv, tables/table1.csv, .md, .tex and so on,
                     tables/all.tex (a document of them all), and tables/message.txt, which is what is returned

    A family beyond the paper's two gets a pair of tables after Table 6. The same verdicts give the same bytes.
    Raises UserError where data/published is damaged or the folder cannot be written.
    """
    published = load_published(published_folder)
    tables = all_tables(Findings(records, expected_cells), published)
    for table, rows in tables:
        path = Path(folder, "tables", f"table{table.number}")
        write_csv(path.with_suffix(".csv"), CSV_COLUMNS, rows)
        write_text(path.with_suffix(".md"), to_markdown(table))
        write_text(path.with_suffix(".tex"), to_latex(table))
    write_text(Path(folder, "tables", "all.tex"), to_document([f"table{table.number}" for table, _ in tables]))
    summary = summary_rows(records)
    write_summary(summary, folder)
    message = final_message(summary, expected_cells, folder)
    write_text(Path(folder, "tables", "message.txt"), message)
    return message


def all_tables(findings: Findings, published: Published) -> list[tuple[Table, Rows]]:
    """Each table for reading, and its rows with the columns CSV_COLUMNS."""
    tables = [_formula_table(table, findings, published) for table in FORMULA_TABLES]
    families = _families(GRID_TASK, [item for item in published.values if item.table > max(FORMULA_TABLES)], findings)
    pairs = [(family, quantities) for family in families for quantities in GRIDS]
    for table, (family, quantities) in enumerate(pairs, start=max(FORMULA_TABLES) + 1):
        tables.append(_grid_table(table, family, quantities, findings, published))
    return tables


def _families(task: str, printed: Sequence[PublishedValue], findings: Findings) -> list[str]:
    """The paper's, then the sweep's others by name."""
    others = sorted(cell["family"] for cell in findings.cells if cell["task"] == task)
    return unique([*(item.family for item in printed), *others])


# ---- Tables 3 to 6: numbers


def _grid_table(
    table: int, family: str, quantities: tuple[str, ...], findings: Findings, published: Published
) -> tuple[Table, Rows]:
    printed = [item for item in published.of_table(table) if item.family == family]
    cells = findings.of(family, GRID_TASK)
    counts = sorted({item.theories for item in printed} | {cell["theories"] for cell in cells})
    fractions = sorted({item.fraction for item in printed} | {cell["fraction"] for cell in cells}, key=fraction_order)
    blocks: list[Block] = []
    rows: Rows = []
    shown: list[tuple[str, Fits]] = []
    for setting in settings_of(printed, cells):
        groups = []
        for fraction in fractions:
            place = (family, GRID_TASK, fraction, setting)
            theirs = {
                count: [published.find(table, family, count, fraction, setting, name) for name in quantities]
                for count in counts
            }
            sources = {
                engine: [findings.fits(place, count, engine) for count in counts] for engine in engines_of(cells)
            }
            lines = []
            if any(map(any, theirs.values())):
                lines.append([plain("paper"), *map(_published_entry, theirs.values())])
            for engine, fits in sources.items():
                if any(fits):
                    lines.append([plain(engine), *(_entry(item, quantities) for item in fits)])
            if lines:
                groups.append(
                    [[plain("" if index else percentage(fraction)), *line] for index, line in enumerate(lines)]
                )
            for index, count in enumerate(counts):
                asked = [(engine, fits[index]) for engine, fits in sources.items() if fits[index]]
                shown += [(f"{engine}, {setting}, {percentage(fraction)}, {count}", fits) for engine, fits in asked]
                # A published cell that the sweep did not ask for has a row too, without an engine.
                for engine, fits in asked or [("", None)] * any(theirs[count]):
                    for name, item in zip(quantities, theirs[count], strict=True):
                        value = fits.median(name) if fits else None
                        rows.append(csv_row(table, place, count, engine, name, value, fits, item))
        blocks.append(Block(SETTING_TITLES.get(setting, setting), groups))
    what = "Loss" if quantities == ("loss",) else "Score, and complexity in parentheses,"
    return Table(
        number=table,
        caption=f"{what} of the equations for the conformal weights, {family_title(family)}: the paper's and ours.",
        columns=["Lowest", "Source", *(f"{count} theories" for count in counts)],
        layout=["l", "l", *("r" for _ in counts)],
        blocks=blocks,
        notes=reading_notes(shown, quantities),
        remarks=remarks_on(table, published),
    ), rows


def _quantity(quantity: str, value: float) -> Text:
    """A number as its quantity is shown; a median complexity may be a half."""
    return plain(f"{value:g}") if quantity == "complexity" else number(value, scientific=quantity == "loss")


def _beside(first: Text, *rest: Text) -> Text:
    """ "score (complexity)"."""
    for part in rest:
        first = first + plain(" (") + part + plain(")")
    return first


def _published_entry(values: list[PublishedValue | None]) -> Text:
    known = [_quantity(item.quantity, item.value) + plain("‡" * item.suspect) for item in values if item]
    return _beside(*known) if known else EMPTY


def _entry(fits: Fits | None, quantities: tuple[str, ...]) -> Text:
    """The selected equation's numbers with the mark; a dash where fits are missing, nothing if none was asked for."""
    if fits is None:
        return EMPTY
    if not fits.results:
        return plain("—")
    numbers = _beside(*(_quantity(name, fits.median(name)) for name in quantities))
    return numbers + plain(f" {fits.mark}") if fits.mark else numbers


# ---- Tables 1 and 2: formulas


def _formula_table(table: int, findings: Findings, published: Published) -> tuple[Table, Rows]:
    task, symbol, title = FORMULA_TABLES[table]
    blocks: list[Block] = []
    rows: Rows = []
    shown: list[tuple[str, Fits]] = []
    for family in _families(task, published.of_table(table), findings):
        printed = [item for item in published.of_table(table) if item.family == family]
        cells = findings.of(family, task)
        theories, fraction = _formula_cell(printed, cells)
        cells = [cell for cell in cells if (cell["theories"], cell["fraction"]) == (theories, fraction)]
        printed = [item for item in printed if (item.theories, item.fraction) == (theories, fraction)]
        for setting in settings_of(printed, cells):
            place = (family, task, fraction, setting)
            theirs = {item.quantity: item for item in printed if item.setting in (setting, None)}
            groups = [lines] if (lines := _published_lines(theirs)) else []
            fits = {engine: findings.fits(place, theories, engine) for engine in engines_of(cells)}
            asked = {engine: item for engine, item in fits.items() if item}
            for engine, item in asked.items():
                lines, values = _formula_lines(engine, item)
                groups.append(lines)
                shown.append((f"{engine}, {family}, {setting}", item))
                rows += [
                    csv_row(table, place, theories, engine, quantity, value, item, theirs.get(quantity))
                    for quantity, value in values.items()
                ]
            # What the paper has and no engine stands beside has a row too, without an engine.
            rows += [
                csv_row(table, place, theories, "", quantity, None, None, item)
                for quantity, item in theirs.items()
                if not asked or quantity not in FORMULA_QUANTITIES
            ]
            lowest = f", lowest {percentage(fraction)}" if fraction else ""
            words = SETTING_TITLES.get(setting, setting)
            blocks.append(Block(f"{family_title(family)}, {theories} theories{lowest}. {words}", groups))
    return Table(
        number=table,
        caption=f"Formulas found for the {title} {symbol}: the paper's and ours.",
        columns=["Source", f"Formula of {symbol}", "MSE", "Verdict"],
        layout=["l", r"p{0.42\linewidth}", "l", r"p{0.2\linewidth}"],
        blocks=blocks,
        notes=reading_notes(shown, ("loss",), formulas=True),
        remarks=remarks_on(table, published),
    ), rows


def _formula_cell(printed: Sequence[PublishedValue], cells: Sequence[dict[str, Any]]) -> tuple[int, str | None]:
    """The paper's cell if the sweep has it (or has none at all), else the smallest of the sweep."""
    theirs = next(((item.theories, item.fraction) for item in printed), None)
    ours = sorted({(cell["theories"], cell["fraction"]) for cell in cells}, key=lambda c: (c[0], fraction_order(c[1])))
    return theirs if theirs and (theirs in ours or not ours) else ours[0]


def _published_lines(theirs: dict[str, PublishedValue]) -> list[list[Text]]:
    lines = []
    for source, quantity, loss in FORMULA_LINES:
        if item := theirs.get(quantity):
            error = theirs.get(loss)
            shown = Text(code(item.expression).markdown, rf"$\displaystyle {item.printed}$") + plain("‡" * item.suspect)
            exact = error is not None and error.printed == "Exact"
            mse = plain("Exact") if exact else number(error.value, scientific=True) if error else EMPTY
            lines.append([plain(source), shown, mse, EMPTY])
    return lines


def _formula_lines(engine: str, fits: Fits) -> tuple[list[list[Text]], dict[str, Any]]:
    """An engine's lines, as found and simplified, and the same as values for the CSV."""
    if not fits.results:
        return [[plain(engine), plain("—"), EMPTY, EMPTY]], dict.fromkeys(FORMULA_QUANTITIES)
    result = fits.shown
    found = result.reported
    loss = number(found["loss"], scientific=True)
    verdict = f"{fits.mark} {verdict_words(result)}".strip()
    lines = [[plain(engine), formula(found["equation"]), loss, plain(verdict)]]
    if found["exact_on_data"] == YES and found["simplified"].replace(" ", "") != found["equation"]:
        tidy = code(found["simplified"])
        if found["latex"]:
            tidy = Text(tidy.markdown, rf"$\displaystyle {found['latex']}$")
        lines.append([plain(f"{engine}, simplified"), tidy, EMPTY, EMPTY])
    values = (found["equation"], found["simplified"], found["loss"], found["complexity"])
    return lines, dict(zip(FORMULA_QUANTITIES, values, strict=True))


def verdict_words(result: Result) -> str:
    """What was proved of a fit, in a few words."""
    found = result.reported
    if result.recovered == YES:
        same = found["identical_to_closed_form"] == YES
        words = "identical to the closed form" if same else "exact, also on what was held out"
        if result.identified == "fits":
            words += ", though the data alone do not fix it"
    elif result.recovered == UNDECIDED:
        words = "undecided"
    elif found["exact_on_data"] == YES:
        words = "exact on the data, not beyond"
    else:
        words = "not exact"
    return words
