# The paper's tables beside ours, what the sweep has beyond them, and one row a cell.

from cftsr.output.tables import table_names

# Once for both rules: every job of the sweep reads this file, and as_dict takes 10 microseconds a cell.
CELLS = [dict(vars(cell)) for cell in SWEEP.cells]
TABLES = table_names(CELLS)


rule tables:
    input:
        # Functions: every job on a cluster reads this file, and need not list the files of all cells.
        verdicts=lambda wildcards: outputs_of(SWEEP.cells, "verdict.json"),
        costs=lambda wildcards: outputs_of(SWEEP.cells, "cost.json"),
        published=PUBLISHED,
    output:
        summary=f"results/{BUDGET}/summary.parquet",
        summary_csv=report(f"results/{BUDGET}/summary.csv", caption="../report/summary.rst", category="Summary"),
        csv=[
            report(
                f"results/{BUDGET}/tables/{name}.csv",
                caption="../report/table.rst",
                category="Tables",
                labels={"table": name.removeprefix("table")},
            )
            for name in TABLES
        ],
        tables=[f"results/{BUDGET}/tables/{name}.{kind}" for name in TABLES for kind in ("md", "tex")],
        document=f"results/{BUDGET}/tables/all.tex",
        message=f"results/{BUDGET}/tables/message.txt",
    log:
        f"results/{BUDGET}/logs/tables.log",
    conda:
        "../envs/sweep.yaml"
    resources:
        **NEEDS_OF_COLLECTION,
    params:
        cells=lambda wildcards: CELLS,
        source=lambda wildcards: source_digest("output/tables.py"),
    message:
        "tables"
    script:
        "../scripts/tables.py"
