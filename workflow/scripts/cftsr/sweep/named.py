"""Named sweeps: which ones are in a folder, and whether one is about to be replaced by another of the same name."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cftsr.errors import UserError
from cftsr.files import read_json, write_json
from cftsr.sweep.config import SHIPPED
from cftsr.sweep.paths import Results
from cftsr.sweep.plan import Sweep
from cftsr.vocabulary import counted

# Keys that change how jobs run and not their results, and the name itself.
_NOT_OF_THE_RESULTS = ("sweep", "cluster", "fit")
# Keys that are replaced by what they resolve to on this machine.
_RESOLVED = ("engines", "engine_options", "budgets")
MOST_NAMED = 6  # differences in one message


def configuration_of(sweep: Sweep) -> dict[str, Any]:
    """Everything that the results of a sweep depend on, as JSON values: the keys, the engines and their options."""
    left_out = (*_NOT_OF_THE_RESULTS, *_RESOLVED)
    config = {key: value for key, value in sweep.config.items() if key not in left_out}
    options = {engine: sweep.options_of(engine) for engine in sweep.engines}
    return json.loads(
        json.dumps({"cells": len(sweep.cells), "config": config, "engines": sweep.engines, "options": options})
    )


def write_configuration(path: str | Path, configuration: Mapping[str, Any]) -> None:
    """Write the configuration from which the tables in the same folder were made."""
    write_json(path, dict(configuration), sealed=True)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Nested mappings as dotted names."""
    if isinstance(value, Mapping) and value:
        for key, entry in value.items():
            yield from _flat(entry, f"{name}.{key}" if name else key)
    else:
        yield name, value


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def configuration_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """ "theories: 100, 200, 300 before, 20, 40 now" for each key in which two configurations differ."""
    lines = []
    old, new = (dict(_flat(one["config"] | {"engines": one["engines"]})) for one in (before, now))
    for engine in before["engines"]:
        if engine in now["engines"]:  # options of an engine that only one of them has are no difference of their own
            for side, one in ((old, before), (new, now)):
                side |= _flat(one["options"][engine], f"engine_options.{engine}")
    for key in dict.fromkeys([*new, *old]):
        words = [_words(side[key]) if key in side else "absent" for side in (old, new)]
        if words[0] != words[1]:
            lines.append(f"{key}: {words[0]} before, {words[1]} now")
    return lines


def warning_of_change(sweep: Sweep, folder: Path = Path()) -> list[str]:
    """Lines on what a run is about to replace, printed at start-up; none if nothing changes."""
    path = folder / sweep.results.configuration
    if not path.exists():
        return []
    try:
        lines = configuration_differences(read_json(path, "delete it"), configuration_of(sweep))
    except (UserError, KeyError, TypeError):
        lines = [f"{path} cannot be read"]
    if not lines:
        return []
    more = [f"and {len(lines) - MOST_NAMED} more"] if len(lines) > MOST_NAMED else []
    return [
        f"The sweep {sweep.name} was run with another configuration:",
        *(f"    {line}" for line in [*lines[:MOST_NAMED], *more]),
        f"  Its summary, tables, figures and page in {sweep.results.root}/ will be replaced; finished fits are kept.",
        "  To keep them, give this sweep a name of its own: --config sweep=NAME",
    ]


def closing_message(sweep: Sweep, folder: Path = Path()) -> list[str]:
    """The lines printed when a sweep is done: what was recovered, and where everything is."""
    message, page = folder / sweep.results.message, folder / sweep.results.page
    lines = message.read_text(encoding="utf-8").splitlines() if message.exists() else []
    return [*lines, *([f"The page, to open in a browser: {sweep.results.page}"] if page.exists() else [])]


# ---- the sweeps of a folder


def _recovered(results: Results, folder: Path) -> str:
    """ "65 of 65 fits recovered", from the summary."""
    try:
        with open(folder / results.summary("csv"), newline="", encoding="utf-8") as stream:
            answers = [row["recovered"] for row in csv.DictReader(stream)]
    except (OSError, KeyError, UnicodeDecodeError):
        return "no summary"
    return f"{answers.count('yes'):,} of {counted(len(answers), 'fit')} recovered"


def describe_sweeps(folder: Path) -> str:
    """One line per sweep whose tables are in the folder, then the configurations in configs/ that were not run."""
    summaries: dict[str, str] = {}
    for path in sorted(folder.glob(Results.of("*").configuration)):
        name = path.parent.name
        results = Results.of(name)
        try:
            config = read_json(path, "run the sweep again")["config"]
            day = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d")
            page = f"; {results.page}" if (folder / results.page).exists() else ""
            words = f"budget {config['budget']}, {_recovered(results, folder)}, {day}{page}"
        except (UserError, KeyError, TypeError) as error:
            words = f"damaged: {error}"
        summaries[name] = words
    width = max(map(len, summaries), default=0)
    lines = [f"{name:{width}}  {words}" for name, words in summaries.items()]
    if not lines:
        lines = ["no sweep has its tables here yet: run make, or snakemake"]
    own = sorted((folder / "configs").glob("*.yaml"))
    others = [path for path in own or sorted((SHIPPED.parent / "configs").glob("*.yaml")) if path.stem not in summaries]
    if others:
        lines += ["", "configurations that were not run here (snakemake --configfile FILE):"]
        lines += [f"  {path.relative_to(folder) if path.is_relative_to(folder) else path}" for path in others]
    return "\n".join(lines)
