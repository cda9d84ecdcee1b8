"""python -m cftsr: the commands that need no Snakemake.

Exit status 0: done (fit: the formula is identified). 1 (fit): not identified. 2: unusable input, with one message. 130:
interrupted. 141: nobody reads the output any more.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cftsr.errors import UserError
from cftsr.identify import command as identify
from cftsr.sweep.paths import PUBLISHED, Fits

if TYPE_CHECKING:
    from cftsr.sweep.plan import Sweep


def sweep_from(arguments: argparse.Namespace) -> Sweep:
    """The sweep that Snakemake would run with the same --configfile and --config."""
    from cftsr.sweep import record
    from cftsr.sweep.config import assignments, base_config, merged, own_or_shipped, read_config, sweep_name
    from cftsr.sweep.plan import Sweep

    config: dict[str, Any] = {}
    for path in (base_config(), *arguments.configfile):
        config = merged(config, read_config(path))
    config = {"sweep": sweep_name(arguments.configfile)} | merged(config, assignments(arguments.config))
    return Sweep(config, records=own_or_shipped(record.FOLDER))


def status(arguments: argparse.Namespace) -> None:
    from cftsr.sweep.status import describe

    print(describe(sweep_from(arguments), Path(), arguments.jobs))


def sweeps(arguments: argparse.Namespace) -> None:
    from cftsr.sweep.named import describe_sweeps

    print(describe_sweeps(Path()))


def message(arguments: argparse.Namespace) -> None:
    from cftsr.sweep.named import closing_message

    print(*closing_message(sweep_from(arguments)), sep="\n")


def tables(arguments: argparse.Namespace) -> None:
    from cftsr.output.tables.write import write_tables
    from cftsr.results.findings import Findings
    from cftsr.results.summary import read_records
    from cftsr.sweep.config import own_or_shipped

    sweep = sweep_from(arguments)
    verdicts = [sweep.fits_of(cell).verdict(cell.folder) for cell in sweep.cells]
    cells = [cell.as_dict() for cell in sweep.cells]
    records = read_records(verdicts, fronts=False)
    paper = Fits.of("paper").recorded
    repeated = read_records((paper.verdict(cell.folder) for cell in sweep.reference.used), False)
    findings = Findings(records, cells, repeated)
    published = arguments.published or own_or_shipped(PUBLISHED)
    print(write_tables(findings, sweep.results.partial, published), end="")


def record(arguments: argparse.Namespace) -> None:
    from cftsr.results.recorded import record_run
    from cftsr.sweep.paths import DataSets
    from cftsr.sweep.record import FOLDER, record_path

    budget = sweep_from(arguments).budget
    path = record_path(FOLDER, budget)
    new, total = record_run(Fits.of(budget), DataSets(), path)
    print(f"{path}: {new} of {total} fits are new or replaced")


def replication(arguments: argparse.Namespace) -> None:
    from cftsr.output.replication import write_replication

    write_replication(sweep_from(arguments), arguments.published, arguments.output)
    print(f"{arguments.output}: which published values replicate")


def fit(arguments: argparse.Namespace) -> int:
    from cftsr.data.user_file import GivenSpectrum
    from cftsr.fit_file import default_options
    from cftsr.fit_levels import fit_table, in_words

    changed = {
        name: value for name in ("max_degree", "max_unknowns") if (value := getattr(arguments, name)) is not None
    }
    share, column = arguments.hold_out, None
    try:
        share = float(share)
    except ValueError:
        share, column = 0.0, share
    if not 0 <= share < 1:
        raise UserError(f"--hold-out {arguments.hold_out}: say a share from 0 to below 1, or the name of a column")
    theory, state, labels = (tuple(getattr(arguments, name) or ()) for name in ("theory", "state", "labels"))
    if labels and (theory or state):
        raise UserError(
            "--labels names all labels where no theory is told apart; give either it or --theory and --state"
        )
    asked = GivenSpectrum(
        name="table" if arguments.file == "-" else Path(arguments.file).stem,
        file=arguments.file,
        target=arguments.target,
        labels=labels or theory + state,
        theory_labels=len(theory) or None,
        rest=bool(theory) and not state,
        uncertainty=arguments.uncertainty,
        sigma=arguments.sigma,
        hold_out_theories=share,
        hold_out_column=column,
        finite_labels=tuple(arguments.finite),
        drop=tuple(arguments.drop),
        columns=tuple(name.strip() for part in arguments.columns for name in part.split(",") if name.strip()),
        encoding=arguments.encoding,
        skip_missing=arguments.skip_missing,
    )
    answer = fit_table(asked, default_options() | changed)
    print(json.dumps(answer.as_dict(), indent=1) if arguments.json else in_words(answer))
    return 0 if answer.identified else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cftsr", description="Commands that need no Snakemake.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--configfile", nargs="+", default=[], metavar="FILE", help="over config.yaml, as with snakemake --configfile"
    )
    common.add_argument("--config", nargs="*", default=[], metavar="KEY=VALUE", help="as with snakemake --config")
    command = commands.add_parser("status", parents=[common], help="what is done, running, failed, and what is left")
    command.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="cores, for the estimate")
    command.set_defaults(run=status)
    command = commands.add_parser("message", parents=[common], help="what is printed at the end of a sweep")
    command.set_defaults(run=message)
    command = commands.add_parser("sweeps", help="which sweeps are here, and which configurations are there to run")
    command.set_defaults(run=sweeps)
    command = commands.add_parser("tables", parents=[common], help="the tables of what is finished so far")
    command.add_argument("--published", metavar="FOLDER", help=f"default: {PUBLISHED}")
    command.set_defaults(run=tables)
    command = commands.add_parser(
        "record", parents=[common], help="add what PySR found in a run here to data/recorded (make record)"
    )
    command.set_defaults(run=record)
    command = commands.add_parser(
        "replication", parents=[common], help="which of the paper's numbers replicate: writes docs/replication.md"
    )
    command.add_argument("--published", default=PUBLISHED, help=f"default: {PUBLISHED}")
    command.add_argument("--output", default="docs/replication.md", help="default: docs/replication.md")
    command.set_defaults(run=replication)
    command = commands.add_parser(
        "fit",
        help="the formula of one file, and whether the data determine it",
        description="Find the exact formula of a table: a rational function of the labels that gives the target. "
        "docs/your-own-table.md has formats, numbers and the words of the answer.",
        epilog="Numbers: 3/80, 1//4, 0.25, 1.5e-3, 13.6057(5), 12.5%%; integers and fractions are exact at any size, "
        "decimals are known to their rounding. Labels: numbers (1/2 and 0.5 too), or a few texts (NS, R). "
        "Answers: identified - the data determine this formula, with rows to spare; fits - it passes through the rows, "
        "but others do too, or there are too few; approximate - within an uncertainty, or near; none. "
        "Exit status: 0 identified, 1 not identified, 2 the file or an option cannot be used (one message says why).",
    )
    command.add_argument(
        "file",
        help="a table: text (CSV, blanks, Markdown, LaTeX; .gz and the like), Parquet, Feather, ORC, JSON, Excel; "
        "- for standard input",
    )
    command.add_argument("--target", required=True, metavar="COLUMN", help="what to find a formula for")
    command.add_argument("--labels", nargs="+", metavar="LABEL", help="the labels; default: all other columns")
    command.add_argument(
        "--theory", nargs="+", metavar="LABEL", help="labels that fix the theory; other columns then fix a field in it"
    )
    command.add_argument("--state", nargs="+", metavar="LABEL", help="labels that fix a field within its theory")
    command.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="columns that are no labels")
    command.add_argument("--uncertainty", metavar="COLUMN", help="how far each target may be off, at most")
    command.add_argument("--sigma", metavar="COLUMN", help="the standard deviation of each target")
    command.add_argument(
        "--hold-out",
        default="0.2",
        metavar="SHARE",
        help="share of the theories, the largest, or a column (default 0.2)",
    )
    command.add_argument(
        "--finite", nargs="+", default=[], metavar="LABEL", help="labels that take no values beyond those in the file"
    )
    command.add_argument(
        "--columns", nargs="+", default=[], metavar="NAME", help="the columns' names, where no header line has them"
    )
    command.add_argument(
        "--encoding", metavar="NAME", help="of a text file, such as latin-1; default: UTF-8, or as marked"
    )
    command.add_argument("--skip-missing", action="store_true", help="leave out rows with a missing value")
    command.add_argument("--max-degree", type=int, metavar="N", help="of numerator and denominator")
    command.add_argument("--max-unknowns", type=int, metavar="N", help="coefficients of both together")
    command.add_argument("--json", action="store_true", help="print everything that is known as JSON")
    command.set_defaults(run=fit)
    command = commands.add_parser("identify", help="which theory, or product of theories, has these weights")
    identify.add_arguments(command)
    command.set_defaults(run=identify.run)
    try:
        try:
            arguments = parser.parse_args()
            exit_status = arguments.run(arguments) or 0
        finally:
            sys.stdout.flush()  # a closed pipe shows here, after --help too, and not while Python shuts down
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader has seen enough (| head). What is still buffered goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        print("interrupted: run the same command again", file=sys.stderr)
        return 128 + signal.SIGINT
    return exit_status


if __name__ == "__main__":
    sys.exit(main())
