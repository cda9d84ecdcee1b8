# The paper's tables beside ours, and one row a cell.


rule tables:
    input:
        verdicts=outputs_of(SWEEP.cells, "verdict.json"),
        costs=outputs_of(SWEEP.cells, "cost.json"),
        published=PUBLISHED,
    output:
        summary=f"results/{BUDGET}/summary.parquet",
        summary_csv=report(f"results/{BUDGET}/summary.csv", caption="../report/summary.rst", category="Summary"),
        csv=[
            report(
                f"results/{BUDGET}/tables/table{number}.csv",
                caption="../report/table.rst",
                category="Tables",
                labels={"table": str(number)},
            )
            for number in range(1, 7)
        ],
        tables=expand(
            "results/{budget}/tables/table{number}.{kind}",
            budget=BUDGET,
            number=range(1, 7),
            kind=["md", "tex"],
        ),
        document=f"results/{BUDGET}/tables/all.tex",
        message=f"results/{BUDGET}/tables/message.txt",
    log:
        f"results/{BUDGET}/logs/tables.log",
    conda:
        "../envs/sweep.yaml"
    params:
        cells=[cell.as_dict() for cell in SWEEP.cells],
        source=source_digest("tables.py"),
    message:
        "tables"
    script:
        "../scripts/tables.py"
