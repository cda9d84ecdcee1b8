# The paper's tables beside ours, and one row a cell.


rule tables:
    input:
        verdicts=outputs_of(SWEEP.cells, "verdict.json"),
        costs=outputs_of(SWEEP.cells, "cost.json"),
        published=PUBLISHED,
    output:
        summary=expand("results/{budget}/summary.{kind}", budget=BUDGET, kind=["parquet", "csv"]),
        tables=expand(
            "results/{budget}/tables/table{number}.{kind}",
            budget=BUDGET,
            number=range(1, 7),
            kind=["csv", "md", "tex"],
        ),
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
