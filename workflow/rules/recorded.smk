# What real PySR found elsewhere, in place of fits that cannot be run here and in the paper's tables: one job writes
# all fronts, one judges them. Both are cheap, and so is a sweep's graph with them: see sweep/record.py.

RESTORED = [(fit.cell, results) for fit, results in SWEEP.restored]
RECORDS = [str(path) for path in SWEEP.record_files]


if RESTORED:

    rule recorded:
        input:
            records=RECORDS,
            data=sorted({DATA.data(cell.spectrum) for cell, _ in RESTORED}),
        output:
            front=[results.front(cell.folder) for cell, results in RESTORED],
            fit=[results.fit(cell.folder) for cell, results in RESTORED],
            cost=[results.cost(cell.folder) for cell, results in RESTORED],
        log:
            RESULTS.log("recorded"),
        # Here, not on a node: which cells it writes follows from the data sets that are there.
        localrule: True
        conda:
            "../envs/sweep.yaml"
        params:
            cells=lambda wildcards: [(cell.as_dict(), results.root) for cell, results in RESTORED],
            source=lambda wildcards: source_digest("results/recorded.py"),
        message:
            f"{len(RESTORED)} recorded fronts"
        script:
            "../scripts/recorded.py"

    rule verify_recorded:
        input:
            front=[results.front(cell.folder) for cell, results in RESTORED],
            fit=[results.fit(cell.folder) for cell, results in RESTORED],
            data=sorted({DATA.data(cell.spectrum) for cell, _ in RESTORED}),
            held_out=sorted({DATA.held_out(cell.spectrum) for cell, _ in RESTORED}),
        output:
            verdict=[results.verdict(cell.folder) for cell, results in RESTORED],
        log:
            RESULTS.log("verify_recorded"),
        localrule: True
        conda:
            "../envs/sweep.yaml"
        params:
            cells=lambda wildcards: [(cell.as_dict(), results.root) for cell, results in RESTORED],
            closed_forms=lambda wildcards: {
                (cell.family, cell.task): SWEEP.closed_form(cell.family, cell.task) for cell, _ in RESTORED
            },
            seconds=SWEEP.config["verification"]["seconds"],
            source=lambda wildcards: source_digest("fronts/verdict.py"),
        message:
            f"verify {len(RESTORED)} recorded fronts"
        script:
            "../scripts/verify_recorded.py"
