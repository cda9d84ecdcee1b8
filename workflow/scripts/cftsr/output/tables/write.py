"""The results of a sweep other than figures and page: tables, the summary, the closing message."""

from __future__ import annotations

from pathlib import Path

from cftsr.files import write_text
from cftsr.output.tables.build import all_tables
from cftsr.output.tables.latex import to_document, to_latex
from cftsr.output.tables.markdown import to_markdown
from cftsr.output.tables.plan import has_paper_tables
from cftsr.results.findings import CSV_COLUMNS, Findings
from cftsr.results.published import load_published
from cftsr.results.summary import final_message, write_csv, write_summary
from cftsr.sweep.paths import Results


def write_tables(findings: Findings, folder: str | Path, published_folder: str | Path) -> str:
    """Write everything and return the closing message.

    findings   of `read_records`; fronts are not needed
    folder     results/<budget>, for summary.parquet, summary.csv, tables/table1.csv, .md, .tex and so on (see
               `planned_tables`), tables/all.tex (a document of them all), and tables/message.txt, the message that
               is returned

    The same verdicts give the same bytes. Tables of an earlier sweep that this one does not have are removed.
    Raises UserError where data/published is damaged or the folder cannot be written.
    """
    results = Results(str(folder))
    tables = all_tables(findings, load_published(published_folder))
    for table in tables:
        write_csv(Path(results.table(table.name, "csv")), CSV_COLUMNS, table.data)
        write_text(results.table(table.name, "md"), to_markdown(table))
        write_text(results.table(table.name, "tex"), to_latex(table))
    names = [table.name for table in tables]
    document = Path(results.table("all", "tex"))
    for path in document.parent.glob("table[0-9]*.*"):
        if path.stem not in names:
            path.unlink(missing_ok=True)
    write_text(document, to_document(names))
    write_summary(findings.summary, folder)
    message = final_message(
        findings.summary,
        findings.expected,
        folder,
        findings.titles,
        len(tables),
        findings.recorded_engines,
        has_paper_tables(findings.cells),
    )
    write_text(results.message, message)
    return message
