# What is printed at the end: what was recovered, what failed and why, or that the run was interrupted.

import logging
import os
import signal
from contextlib import suppress
from threading import Event

from snakemake.logging import logger

from cftsr.sweep.named import closing_message
from cftsr.sweep.status import failures

# Ctrl-C reaches the jobs too. That they end is no failure of theirs, and Snakemake's reports of it are left out.
INTERRUPTED = Event()


def interrupted(number, frame):
    INTERRUPTED.set()
    raise KeyboardInterrupt


if workflow.is_main_process and not AS_MODULE:
    with suppress(ValueError):  # Snakemake is used by a program, in a thread of its own
        signal.signal(signal.SIGINT, interrupted)
        logger.addFilter(lambda record: not (INTERRUPTED.is_set() and record.levelno >= logging.ERROR))


onsuccess:
    # make prints it itself, also when nothing was left to do.
    if os.environ.get("CFTSR_MESSAGE") != "no":
        print("", *closing_message(SWEEP), sep="\n", file=sys.stderr)


onerror:
    if INTERRUPTED.is_set():
        print("\ninterrupted: run the same command again; what is finished is kept", file=sys.stderr)
    else:
        # The tables of what is finished, in a folder of their own: those of the whole sweep are a rule's.
        from cftsr.results.summary import read_records
        from cftsr.output.tables.write import write_tables
        from cftsr.results.findings import Findings

        try:
            records = read_records(verdicts_of(SWEEP.cells), fronts=False)
            cells = [cell.as_dict() for cell in SWEEP.cells]
            findings = Findings(records, cells, read_records(REFERENCE, False))
            message = write_tables(findings, RESULTS.partial, PUBLISHED_FOLDER)
            print("", message, *failures(SWEEP), sep="\n", file=sys.stderr)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
