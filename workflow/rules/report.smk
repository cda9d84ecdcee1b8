# The page that people look at, and its figures as files for a paper.

from cftsr.sweep.config import changes

REPORT_ASSETS = sorted(str(path) for path in (ROOT / "workflow/report").rglob("*.[!r]*"))


rule report:
    input:
        # Made again whenever a verdict is, so that a large sweep need not list every verdict a second time.
        summary=RESULTS.summary("parquet"),
        tables=RESULTS.table("all", "tex"),
        data=sorted({DATA.data(cell.spectrum) for cell in SWEEP.cells}),
        published=PUBLISHED,
        assets=REPORT_ASSETS,
        # Where it was measured.
        accuracy=[path for path in [ACCURACY.file("json")] if Path(path).exists()],
    output:
        page=report(RESULTS.page, caption="../report/page.rst", category="The page"),
        figures=report(
            directory(RESULTS.figures),
            patterns=["{figure}.svg"],
            caption="../report/figures.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        RESULTS.log("report"),
    conda:
        "../envs/sweep.yaml"
    resources:
        **NEEDS_OF_COLLECTION,
    params:
        cells=lambda wildcards: CELLS,
        verdicts=lambda wildcards: verdicts_of(SWEEP.cells),
        reference=lambda wildcards: REFERENCE,
        about={
            "budget": BUDGET,
            "sweep": SWEEP.name,
            "config": SWEEP.config,
            "changes": changes(SWEEP.config, CONFIG_FILE),
            "unavailable": {name: f"{item.reason}. {item.remedy}" for name, item in SWEEP.unavailable.items()},
        },
        source=lambda wildcards: source_digest("output/page/__init__.py", "output/figures/__init__.py"),
    message:
        "report"
    script:
        "../scripts/report.py"
