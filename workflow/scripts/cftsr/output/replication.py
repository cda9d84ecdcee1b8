"""Writes docs/replication.md from the record and the paper's numbers alone; the fits are judged again for it."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from cftsr.data.dataset import write_dataset
from cftsr.data.generate import generate
from cftsr.errors import UserError
from cftsr.files import write_text
from cftsr.output.tables.markdown import to_markdown
from cftsr.output.tables.replication import replication_table, replication_words
from cftsr.results.findings import Findings
from cftsr.results.published import load_published
from cftsr.results.recorded import judge_restored, restore
from cftsr.results.summary import read_records
from cftsr.sweep.paths import DataSets, Fits
from cftsr.sweep.plan import Sweep
from cftsr.sweep.record import record_path

HEAD = """# Does the paper replicate?

The paper fitted each cell once. This page repeats its experiment with real PySR and the paper's settings, from the
recorded runs in `{record}`, and holds the published numbers against them. It is written by
`python -m cftsr replication`; the tables of a sweep show the same runs under the published values.
"""


def write_replication(sweep: Sweep, published_folder: str | Path, target: str | Path) -> None:
    """Restore the record of the paper's settings, judge it, compare it, and write the page.

    Raises UserError where there is no such record, or its data sets are no longer those of the package.
    """
    path = record_path(sweep.records, "paper")
    used = sweep.reference.used
    if not used:
        why = "; ".join(sweep.reference.refused) or "it is not there or empty"
        raise UserError(f"{path} has no fit to compare with: {why}. `make record BUDGET=paper` writes it, after a run")
    with tempfile.TemporaryDirectory() as folder:
        data, results = DataSets(f"{folder}/spectra"), Fits(f"{folder}/recorded")
        for name in sorted({cell.spectrum for cell in used}):
            fitted, held_out = generate(**sweep.request(*name.split("/")))
            write_dataset(data.data(name), fitted)
            write_dataset(data.held_out(name), held_out)
        restore([(fit, results) for fit in used.values()], data, str(path))
        forms = {(cell.family, cell.task): sweep.closed_form(cell.family, cell.task) for cell in used}
        with redirect_stdout(io.StringIO()):  # every equation of every front is printed, which belongs in a log
            judge_restored([(cell, results) for cell in used], data, forms, sweep.config["verification"]["seconds"])
        findings = Findings([], [], read_records((results.verdict(cell.folder) for cell in used), fronts=False))
    published = load_published(published_folder)
    table = to_markdown(replication_table(findings, published))
    words = "\n".join(f"- {words}" for words in replication_words(findings, published))
    write_text(target, f"{HEAD.format(record=path.as_posix())}\n{words}\n\n{table.partition(chr(10))[2].lstrip()}")
