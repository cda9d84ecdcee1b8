"""cftsr, or python -m cftsr: the commands that need no Snakemake.

Exit status 0: done (fit, check, prove: yes). 1: the answer is no. 2: unusable input, with one message. 130:
interrupted. 141: the output is no longer read.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence

from cftsr import __version__
from cftsr.commands import COMMANDS
from cftsr.errors import UserError

# Which extra of the package brings what a plain installation does not.
EXTRAS = {
    "scipy": "sweep",
    "pandas": "sweep",
    "snakemake": "sweep",
    "pyoperon": "sweep",
    "altair": "report",
    "vl_convert": "report",
    "jinja2": "report",
    "fontTools": "report",
    "ziamath": "report",
    "pysr": "pysr",
    "juliacall": "pysr",
}


def parser_of(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the arguments of the command that is asked for: the others are not imported."""
    parser = argparse.ArgumentParser(
        prog="cftsr", description="Find, check and prove exact formulas; look at sweeps. No command needs Snakemake."
    )
    parser.add_argument("--version", action="version", version=f"cftsr {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    wanted = next((word for word in argv if not word.startswith("-")), "")
    for name, (module, words) in COMMANDS.items():
        command = commands.add_parser(name, help=words)
        if name == wanted:
            importlib.import_module(module).add_arguments(command)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    try:
        try:
            arguments = parser_of(argv).parse_args(argv)
            module, _ = COMMANDS[arguments.command]
            exit_status: int = importlib.import_module(module).run(arguments) or 0
        finally:
            sys.stdout.flush()  # a closed pipe shows here, after --help too, and not while Python shuts down
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        print(
            f"error: this needs the package {package}, which is not installed; the extra [{EXTRAS[package]}] brings "
            f"it: pip install 'cftsr[{EXTRAS[package]}]'",
            file=sys.stderr,
        )
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
