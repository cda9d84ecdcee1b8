"""The paper's six tables, ours beside the published values, and what a sweep has beyond them.

Tables 1 and 2 are formulas, 3 to 6 are numbers on the grid of theories and fractions. Rows and columns are those of
the paper and of the sweep together; an engine is a line under the paper's, whatever engines there are. After Table 6
come, as far as the sweep has them: further families, further quantities of a state (the energy), quantities of a
theory, spectra of one's own, and recovery over seeds. `planned_tables` says which, from the cells alone: every cell of
the sweep stands in some table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cftsr.data.tasks import GIVEN
from cftsr.engines import engine_order
from cftsr.files import write_text
from cftsr.output.rendering import (
    EMPTY,
    Block,
    Table,
    Text,
    code,
    formula,
    number,
    plain,
    to_document,
    to_latex,
    to_markdown,
)
from cftsr.results.findings import (
    CSV_COLUMNS,
    SECONDS,
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
from cftsr.results.published import FAMILIES, FORMULA_LINES, Published, PublishedValue, load_published
from cftsr.results.summary import (
    PAPER_TABLES,
    Recovery,
    Result,
    final_message,
    fraction_order,
    seeded,
    summary_rows,
    task_title,
    titles_of,
    write_csv,
    write_summary,
)
from cftsr.vocabulary import ANY_SETTING, APPROXIMATE, FITS, IDENTIFIED, NONE, UNDECIDED, YES, setting_order

SETTING_TITLES = {
    "free": "No integer columns",
    "integer": "Integer columns",
    "integer_flat": "Integer columns, square(square(.)) forbidden",
}
CENTRAL_CHARGE, CONFORMAL_WEIGHT = "central_charge", "conformal_weight"
QUANTITY_WORDS = {CENTRAL_CHARGE: "central charge", CONFORMAL_WEIGHT: "conformal weights", "energy": "energy"}
FORMULA_QUANTITIES = ("formula", "simplified", "loss", "complexity")
SEED_QUANTITIES = ("recovery_rate", SECONDS)
GRIDS = (("loss",), ("score", "complexity"))  # of each family: Tables 3 and 4, Tables 5 and 6
FORMULAS, GRID, OWN, SEEDS = "formulas", "grid", "own", "seeds"  # kinds of tables
KINDS = ("csv", "md", "tex")  # of files

Rows = list[dict[str, Any]]


# ---- which tables there are


@dataclass(frozen=True)
class Plan:
    """A table that is to be made.

    kind      FORMULAS: formulas of `tasks` for all families; GRID: `quantities` of one task and family by theories and
              fraction; OWN: users' spectra; SEEDS: recovery over seeds
    """

    number: int
    kind: str
    tasks: tuple[str, ...] = ()
    family: str = ""
    quantities: tuple[str, ...] = ()

    @property
    def paper(self) -> bool:
        return self.number <= PAPER_TABLES


def planned_tables(cells: Iterable[Mapping[str, Any]]) -> list[Plan]:
    """The tables of a sweep with these cells (as in record["cell"]), in their order; nothing is read."""
    cells = list(cells)
    kinds = dict.fromkeys((cell["family"], cell["task"], cell["fraction"] is not None) for cell in cells)

    def grids(task: str, families: Iterable[str]) -> list[tuple[str, tuple[str, ...], str, tuple[str, ...]]]:
        return [(GRID, (task,), family, quantities) for family in families for quantities in GRIDS]

    found: list[tuple] = [(FORMULAS, (CENTRAL_CHARGE,)), (FORMULAS, (CONFORMAL_WEIGHT,))]
    found += grids(CONFORMAL_WEIGHT, FAMILIES)
    further = sorted(family for family, task, _ in kinds if task == CONFORMAL_WEIGHT and family not in FAMILIES)
    found += grids(CONFORMAL_WEIGHT, unique(further))
    of_states = sorted({task for _, task, per_state in kinds if per_state} - {CONFORMAL_WEIGHT, GIVEN})
    for task in of_states:
        found.append((FORMULAS, (task,)))
        found += grids(task, _paper_first({family for family, name, _ in kinds if name == task}))
    of_theories = {task for _, task, per_state in kinds if not per_state} - {CENTRAL_CHARGE, CONFORMAL_WEIGHT, GIVEN}
    if of_theories := sorted(of_theories - set(of_states)):
        found.append((FORMULAS, tuple(of_theories)))
    if any(task == GIVEN for _, task, _ in kinds):
        found.append((OWN, (GIVEN,)))
    if seeded(cells):
        found.append((SEEDS,))
    return [Plan(index, *keys) for index, keys in enumerate(found, start=1)]


def table_names(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    """ "table1", "table2" ...: what `write_tables` will call the files of a sweep with these cells."""
    return [f"table{plan.number}" for plan in planned_tables(cells)]


def _paper_first(families: Iterable[str]) -> list[str]:
    families = set(families)
    return [name for name in FAMILIES if name in families] + sorted(families - set(FAMILIES))


# ---- all of them


def write_tables(
    records: Sequence[dict[str, Any]],
    expected_cells: Sequence[dict[str, Any]],
    folder: str | Path,
    published_folder: str | Path,
) -> str:
    """Write everything that follows from the verdicts and return the closing message.

    records          what `read_records` gives; fronts are not needed
    expected_cells   the cells that the sweep asked for, as in record["cell"]; those without a record are missing
    folder           results/<budget>, for summary.parquet, summary.csv, tables/table1.csv, .md, .tex and so on (see
                     `planned_tables`), tables/all.tex (a document of them all), and tables/message.txt, which is what
                     is returned

    The same verdicts give the same bytes. Tables that an earlier sweep left there and this one has not are removed.
    Raises UserError where data/published is damaged or the folder cannot be written.
    """
    published = load_published(published_folder)
    tables = all_tables(Findings(records, expected_cells), published)
    for table, rows in tables:
        path = Path(folder, "tables", f"table{table.number}")
        write_csv(path.with_suffix(".csv"), CSV_COLUMNS, rows)
        write_text(path.with_suffix(".md"), to_markdown(table))
        write_text(path.with_suffix(".tex"), to_latex(table))
    names = [f"table{table.number}" for table, _ in tables]
    for path in Path(folder, "tables").glob("table[0-9]*.*"):
        if path.stem not in names:
            path.unlink(missing_ok=True)
    write_text(Path(folder, "tables", "all.tex"), to_document(names))
    summary = summary_rows(records)
    write_summary(summary, folder)
    message = final_message(summary, expected_cells, folder, titles_of(records), len(tables))
    write_text(Path(folder, "tables", "message.txt"), message)
    return message


def all_tables(findings: Findings, published: Published) -> list[tuple[Table, Rows]]:
    """Each table for reading, and its rows with the columns CSV_COLUMNS."""
    make = {FORMULAS: _formula_table, OWN: _formula_table, GRID: _grid_table, SEEDS: _seeds_table}
    return [make[plan.kind](plan, findings, published) for plan in planned_tables(findings.cells)]


def _families(tasks: Sequence[str], printed: Sequence[PublishedValue], findings: Findings) -> list[str]:
    """The paper's, then the sweep's others by name."""
    ours = _paper_first({cell["family"] for cell in findings.cells if cell["task"] in tasks})
    return unique([*(item.family for item in printed), *ours])


def setting_words(setting: str, cells: Sequence[Mapping[str, Any]]) -> str:
    """A block's heading: nothing where no engine that was asked has settings."""
    if all(cell["setting"] == ANY_SETTING for cell in cells):
        return ""
    return SETTING_TITLES.get(setting, setting)


# ---- numbers on the grid of theories and fractions


def _grid_table(plan: Plan, findings: Findings, published: Published) -> tuple[Table, Rows]:
    table, family, quantities, [task] = plan.number, plan.family, plan.quantities, plan.tasks
    printed = [item for item in published.of_table(table) if item.family == family]
    cells = findings.of(family, task)
    counts = sorted({item.theories for item in printed} | {cell["theories"] for cell in cells})
    fractions = sorted({item.fraction for item in printed} | {cell["fraction"] for cell in cells}, key=fraction_order)
    engines = engines_of(cells)
    blocks: list[Block] = []
    rows: Rows = []
    shown: list[tuple[str, Fits]] = []
    for setting in settings_of(printed, cells):
        groups = []
        for fraction in fractions:
            place = (family, task, fraction, setting)
            theirs = {
                count: [published.find(table, family, count, fraction, setting, name) for name in quantities]
                for count in counts
            }
            sources = {engine: [findings.fits(place, count, engine) for count in counts] for engine in engines}
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
    beside = ": the paper's and ours" if printed else ""
    return Table(
        number=table,
        caption=f"{what} of the equations for the {quantity_words(task)}, {findings.title(family)}{beside}.",
        columns=["Lowest", "Source", *(f"{count} theories" for count in counts)],
        layout=["l", "l", *("r" for _ in counts)],
        blocks=blocks,
        notes=reading_notes(shown, quantities, paper=bool(printed)),
        remarks=remarks_on(table, published),
        kind=GRID,
    ), rows


def quantity_words(task: str) -> str:
    return QUANTITY_WORDS.get(task, task_title(task))


def quantity_text(quantity: str, value: float) -> Text:
    """A number as its quantity is shown; a median complexity may be a half."""
    return plain(f"{value:g}") if quantity == "complexity" else number(value, scientific=quantity == "loss")


def _beside(first: Text, *rest: Text) -> Text:
    """ "score (complexity)"."""
    for part in rest:
        first = first + plain(" (") + part + plain(")")
    return first


def _published_entry(values: list[PublishedValue | None]) -> Text:
    known = [quantity_text(item.quantity, item.value) + plain("‡" * item.suspect) for item in values if item]
    return _beside(*known) if known else EMPTY


def _entry(fits: Fits | None, quantities: tuple[str, ...]) -> Text:
    """The selected equation's numbers with the mark; a dash where fits are missing, nothing if none was asked for."""
    if fits is None:
        return EMPTY
    if not fits.results:
        return plain("—")
    numbers = _beside(*(_over_seeds(name, fits) for name in quantities))
    return numbers + plain(f" {fits.mark}") if fits.mark else numbers


def _over_seeds(name: str, fits: Fits) -> Text:
    """The number of one seed, or of several that agree; else the median [smallest, largest]."""
    middle, extremes = quantity_text(name, fits.median(name)), fits.extremes(name)
    if extremes is None:
        return middle
    low, high = (quantity_text(name, value) for value in extremes)
    return middle + plain(" [") + low + plain(", ") + high + plain("]")


# ---- formulas


def _formula_table(plan: Plan, findings: Findings, published: Published) -> tuple[Table, Rows]:
    table, columns = plan.number, _formula_columns(plan)
    blocks: list[Block] = []
    rows: Rows = []
    shown: list[tuple[str, Fits]] = []
    sizes: list[tuple[int, int]] = []
    families = _families(plan.tasks, published.of_table(table), findings)
    for family, task in ((family, task) for family in families for task in plan.tasks):
        all_cells = findings.of(family, task)
        all_printed = [item for item in published.of_table(table) if item.family == family]
        if not (all_cells or all_printed):
            continue
        for theories, fraction in _formula_cells(all_printed, all_cells):
            cells = [cell for cell in all_cells if (cell["theories"], cell["fraction"]) == (theories, fraction)]
            printed = [item for item in all_printed if (item.theories, item.fraction) == (theories, fraction)]
            for setting in settings_of(printed, cells):
                place = (family, task, fraction, setting)
                theirs = {item.quantity: item for item in printed if item.setting in (setting, None)}
                groups = [lines] if (lines := _published_lines(theirs, len(columns))) else []
                fits = {engine: findings.fits(place, theories, engine) for engine in engines_of(cells)}
                asked = {engine: item for engine, item in fits.items() if item}
                for engine, item in asked.items():
                    weights = same_rows(findings, place, theories, engine) if columns[-2].endswith("of h") else None
                    lines, values = _formula_lines(engine, item, plan, weights, len(columns))
                    groups.append(lines)
                    shown.append((f"{engine}, {family}, {setting}", item))
                    if weights and item.recovered and weights.recovered:
                        sizes.append((item.shown.reported["complexity"], weights.shown.reported["complexity"]))
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
                blocks.append(Block(block_heading(plan, findings, place, theories), groups))
    layout = {"Source": "l", "MSE": "l", "Nodes": "r", "Nodes of h": "r", "Verdict": r"p{0.2\linewidth}"}
    if not plan.paper:
        layout["Verdict"] = r"p{0.3\linewidth}"
    return Table(
        number=table,
        caption=_formula_caption(plan, findings),
        columns=columns,
        layout=[layout.get(column, r"p{0.42\linewidth}") for column in columns],
        blocks=blocks,
        notes=[*reading_notes(shown, ("loss",), formulas=True, paper=plan.paper), *_sizes_note(sizes)],
        remarks=remarks_on(table, published),
        kind=plan.kind,
    ), rows


def _formula_columns(plan: Plan) -> list[str]:
    if plan.paper:
        return ["Source", f"Formula of {'c' if plan.tasks == (CENTRAL_CHARGE,) else 'h'}", "MSE", "Verdict"]
    return ["Source", "Formula", "MSE", "Nodes", *["Nodes of h"] * (plan.tasks == ("energy",)), "Verdict"]


def _formula_caption(plan: Plan, findings: Findings) -> str:
    if plan.kind == OWN:
        return "Formulas found for spectra of one's own: no closed form judges them."
    if len(plan.tasks) == 1:
        [task] = plan.tasks
        symbol = findings.symbol("", task)
        symbol = "E = h - c/24" if task == "energy" else symbol
        beside = ": the paper's and ours" if plan.paper else ""
        return f"Formulas found for the {quantity_words(task)} {symbol}{beside}."
    return "Formulas found for quantities of a theory: no label of a state is needed."


def block_heading(plan: Plan, findings: Findings, place: tuple, theories: int) -> str:
    """What is fitted, of how many theories, and with which constants."""
    family, task, fraction, setting = place
    quantity = "" if len(plan.tasks) == 1 and plan.kind == FORMULAS else f": {_quantity_of(findings, family, task)}"
    lowest = f", lowest {percentage(fraction)}" if fraction else ""
    cells = findings.of(family, task)
    words = SETTING_TITLES.get(setting, setting) if plan.paper else setting_words(setting, cells)
    return f"{findings.title(family)}{quantity}, {theories} theories{lowest}." + f" {words}" * bool(words)


def _quantity_of(findings: Findings, family: str, task: str) -> str:
    symbol = findings.symbol(family, task)
    return symbol if task == GIVEN else f"{quantity_words(task)} {symbol}"


def _formula_cells(printed: Sequence[PublishedValue], cells: Sequence[dict[str, Any]]) -> list[tuple[int, str | None]]:
    """Which cells a formula table shows: of a quantity of states one, for the others stand in the grids.

    The paper's cell if the sweep has it (or has none at all), else the smallest of the sweep.
    """
    theirs = next(((item.theories, item.fraction) for item in printed), None)
    ours = sorted({(cell["theories"], cell["fraction"]) for cell in cells}, key=lambda c: (c[0], fraction_order(c[1])))
    first = theirs if theirs and (theirs in ours or not ours) else ours[0]
    return unique([first, *(place for place in ours if place[1] is None)])


def same_rows(findings: Findings, place: tuple, theories: int, engine: str) -> Fits | None:
    """The same engine's fits of h on the rows of another quantity of states."""
    family, _, fraction, setting = place
    fits = findings.fits((family, CONFORMAL_WEIGHT, fraction, setting), theories, engine)
    return fits if fits and fits.results else None


def _sizes_note(sizes: Sequence[tuple[int, int]]) -> list[str]:
    if not sizes:
        return []
    shorter, equal = (sum(sign(*pair) for pair in sizes) for sign in (int.__lt__, int.__eq__))
    return [
        "Nodes: of the equation as printed; beside it those of the same engine's formula for h on the same rows. Where "
        f"both were recovered, that of the energy is shorter in {shorter} of {len(sizes)}, as long in {equal}."
    ]


def _published_lines(theirs: dict[str, PublishedValue], width: int) -> list[list[Text]]:
    lines = []
    for source, quantity, loss in FORMULA_LINES:
        if item := theirs.get(quantity):
            error = theirs.get(loss)
            shown = Text(code(item.expression).markdown, rf"$\displaystyle {item.printed}$") + plain("‡" * item.suspect)
            exact = error is not None and error.printed == "Exact"
            mse = plain("Exact") if exact else number(error.value, scientific=True) if error else EMPTY
            lines.append(_padded([plain(source), shown, mse], width))
    return lines


def _padded(line: list[Text], width: int) -> list[Text]:
    return line + [EMPTY] * (width - len(line))


def _formula_lines(
    engine: str, fits: Fits, plan: Plan, weights: Fits | None, width: int
) -> tuple[list[list[Text]], dict[str, Any]]:
    """An engine's lines, as found and simplified, and the same as values for the CSV."""
    if not fits.results:
        return [_padded([plain(engine), plain("—")], width)], dict.fromkeys(FORMULA_QUANTITIES)
    result = fits.shown
    found = result.reported
    verdict = f"{fits.mark} {long_verdict(result, plan.paper)}".strip()
    if no_formula(result):
        line = _padded([plain(engine), plain("no formula")], width)
        return [[*line[:-1], plain(verdict)]], dict.fromkeys(FORMULA_QUANTITIES)
    line = [plain(engine), formula(found["equation"]), number(found["loss"], scientific=True)]
    if not plan.paper:
        line.append(plain(str(found["complexity"])))
    if weights:
        line.append(plain(str(weights.shown.reported["complexity"])))
    line = _padded(line, width)
    lines = [[*line[:-1], plain(verdict)]]
    if found["exact_on_data"] == YES and found["simplified"].replace(" ", "") != found["equation"]:
        tidy = code(found["simplified"])
        if found["latex"]:
            tidy = Text(tidy.markdown, rf"$\displaystyle {found['latex']}$")
        lines.append(_padded([plain(f"{engine}, simplified"), tidy], width))
    values = (found["equation"], found["simplified"], found["loss"], found["complexity"])
    return lines, dict(zip(FORMULA_QUANTITIES, values, strict=True))


def no_formula(result: Result) -> bool:
    """Whether the engine says itself that it has no formula: its front is then a constant, and no answer."""
    return result.certificate.get("outcome") == NONE and result.selected_by == "best"


def long_verdict(result: Result, paper: bool = False) -> str:
    """What was proved of a fit, and beyond the paper's tables whether the data fix the formula, with the reasons."""
    if no_formula(result):
        return "; ".join(result.certificate.get("reasons") or ["the engine found none"])
    if paper:
        return verdict_words(result)
    certain = certificate_words(result)
    return verdict_words(result, short=bool(certain)) + (f"; {certain}" if certain else "")


def verdict_words(result: Result, short: bool = False) -> str:
    """What was proved of a fit, in a few words; `short` where it is said elsewhere what the data fix."""
    found = result.reported
    if result.recovered == YES:
        same = found["identical_to_closed_form"] == YES
        words = "identical to the closed form" if same else _exact_words(result)
        if result.identified == FITS and not short:
            words += ", though the data alone do not fix it"
    elif result.recovered == APPROXIMATE:
        words = "agrees within uncertainty"
    elif result.proved:
        words = _exact_words(result) + ", but the data do not determine it" * (not short)
    elif result.recovered == UNDECIDED:
        words = "undecided"
    elif found["exact_on_data"] == YES:
        words = "exact on the data, not beyond"
    elif found["exact_on_data"] == APPROXIMATE:
        words = "agrees with the data within uncertainty, not beyond"
    else:
        words = "not exact"
    return words


def _exact_words(result: Result) -> str:
    beyond = result.reported["exact_on_held_out"] == YES and result.held_out
    return "exact on the data and on what was held out" if beyond else "exact on the data (nothing was held out)"


def certificate_words(result: Result) -> str:
    """Whether the data fix the formula, and why not where they do not; "" where nobody knows."""
    if result.identified == IDENTIFIED:
        return "the rows identify it"
    reasons = "; ".join([*(result.certificate.get("reasons") or []), *deciding_words(result.certificate)])
    if result.identified == FITS:
        return "fits, but not identified" + f": {reasons}" * bool(reasons)
    return reasons


def deciding_words(certificate: Mapping[str, Any]) -> list[str]:
    """Which other formula fits every row, and where a measurement would decide; nothing where none is known."""
    if not certificate.get("competing_formula"):
        return []
    words = f"`{certificate['competing_formula']}` fits every row too"
    if labels := certificate.get("deciding_labels"):
        values = " or ".join(map(str, certificate.get("deciding_values") or []))
        words += f"; they differ at {', '.join(f'{name}={value}' for name, value in labels.items())}"
        words += f" ({values})" * bool(values)
    return [words]


# ---- recovery over seeds


def _seeds_table(plan: Plan, findings: Findings, published: Published) -> tuple[Table, Rows]:
    groups = findings.over_seeds()
    rows: Rows = []
    blocks = []
    tasks = unique(cell["task"] for cell in findings.cells)
    for family in _paper_first({family for family, *_ in groups}):
        lines = []
        places = [place for place in groups if place[0] == family]
        places.sort(key=lambda place: (tasks.index(place[1]), setting_order(place[2]), engine_order(place[3])))
        for place in places:
            _, task, setting, engine = place
            fits = groups[place]
            found = fits.recovery
            what = f"{findings.symbol(family, task)}, {setting_short(setting)}"
            lines.append([plain(what), plain(engine), *map(plain, seed_entries(fits, found))])
            pooled = (family, task, None, setting)
            for quantity, value in zip(SEED_QUANTITIES, (found.rate, found.median_seconds), strict=True):
                rows.append(csv_row(plan.number, pooled, None, engine, quantity, value, fits, None))
        blocks.append(Block(findings.title(family), [lines]))
    return Table(
        number=plan.number,
        caption="Recovery over seeds.",
        columns=list(SEED_COLUMNS),
        layout=["l", "l", *("r" for _ in SEED_COLUMNS[2:])],
        blocks=blocks,
        notes=[
            "Over all theories and fractions together, for engines that use a seed. The rate is over the fits that "
            "have a verdict, with Wilson's 95% interval; what is undecided counts as not recovered.",
            "CPU seconds: median [smallest, largest] of the search, over the fits that recovered the formula. The "
            "others are censored: they ended without it, and how long they would have needed is not known.",
        ],
        kind=SEEDS,
    ), rows


SEED_COLUMNS = ("Quantity", "Engine", "Recovered", "Rate [95% interval]", "CPU s to recovery", "Censored", "Missing")
SHORT_SETTINGS = {"free": "free constants", "integer": "integer columns", "integer_flat": "integer, no nested square"}


def setting_short(setting: str) -> str:
    return SHORT_SETTINGS.get(setting, setting)


def seed_entries(fits: Fits, found: Recovery) -> list[str]:
    """What stands in the columns of SEED_COLUMNS, from the third on."""
    times = ""
    if found.seconds:
        low, high = found.seconds[0], found.seconds[-1]
        times = f"{found.median_seconds:.3g}" + (f" [{low:.3g}, {high:.3g}]" if len(found.seconds) > 1 else "")
    return [f"{found.recovered}/{fits.asked}", found.rate_words, times, str(found.censored), str(found.missing)]
