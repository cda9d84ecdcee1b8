# The paper's tables with ours, those of what else the sweep has, and one row per cell.

from cftsr.output.tables.plan import table_names
from cftsr.sweep.named import configuration_of

# Once for both rules: every job of the sweep reads this file, and as_dict takes 10 microseconds a cell.
CELLS = [dict(vars(cell)) for cell in SWEEP.cells]
TABLES = table_names(CELLS)
REFERENCE = [paths.Fits.of("paper").recorded.verdict(cell.folder) for cell in SWEEP.reference.used]


rule tables:
    input:
        # Functions: every job on a cluster reads this file, and need not list the files of all cells.
        verdicts=lambda wildcards: verdicts_of(SWEEP.cells),
        costs=lambda wildcards: [SWEEP.fits_of(cell).cost(cell.folder) for cell in SWEEP.cells],
        # What PySR found with the paper's settings, for the paper's tables.
        reference=lambda wildcards: REFERENCE,
        published=PUBLISHED,
    output:
        summary=RESULTS.summary("parquet"),
        summary_csv=report(RESULTS.summary("csv"), caption="../report/summary.rst", category="Summary"),
        csv=[
            report(
                RESULTS.table(name, "csv"),
                caption="../report/table.rst",
                category="Tables",
                labels={"table": name.removeprefix("table")},
            )
            for name in TABLES
        ],
        tables=[RESULTS.table(name, kind) for name in TABLES for kind in ("md", "tex")],
        document=RESULTS.table("all", "tex"),
        message=RESULTS.message,
        configuration=RESULTS.configuration,
    log:
        RESULTS.log("tables"),
    conda:
        "../envs/sweep.yaml"
    resources:
        **NEEDS_OF_COLLECTION,
    params:
        cells=lambda wildcards: CELLS,
        configuration=lambda wildcards: configuration_of(SWEEP),
        source=lambda wildcards: source_digest("output/tables/write.py"),
    message:
        "tables"
    script:
        "../scripts/tables.py"
