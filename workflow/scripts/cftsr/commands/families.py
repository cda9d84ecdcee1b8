"""cftsr families: the families of theories, with labels, formulas and where they are printed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cftsr.families.base import Family


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="families; default: all")
    style = parser.add_mutually_exclusive_group()
    style.add_argument("--markdown", action="store_true", help="as docs/families.md")
    style.add_argument("--json", action="store_true", help="as JSON, with every closed form and convention")


def run(arguments: argparse.Namespace) -> None:
    from cftsr.families import family_names, get_family

    entries = [entry(get_family(name)) for name in arguments.names or family_names()]
    if arguments.json:
        print(json.dumps(entries, indent=1))
    else:
        print(markdown(entries) if arguments.markdown else "\n\n".join(map(in_words, entries)))


def entry(family: Family) -> dict[str, Any]:
    """A family as JSON values; formulas by the symbols of their tasks, as Python reads them."""
    from cftsr.algebra.formula import parse
    from cftsr.algebra.other_notations import as_text
    from cftsr.data.tasks import TASKS

    forms = {}
    for task in TASKS.values():
        text = task.closed_form(family)
        if text is not None and task.labelled:
            forms[task.symbol] = as_text(parse(text, task.labels(family)), "python")
    return {
        "name": family.name,
        "title": family.title,
        "theory_labels": list(family.theory_labels),
        "state_labels": list(family.state_labels),
        "formulas": forms,
        "conventions": {field.name: getattr(family, field.name) for field in fields(family)},  # type: ignore[arg-type]
        "source": family.source,
    }


def in_words(family: dict[str, Any]) -> str:
    formulas = [f"  {symbol} = {family['formulas'][symbol]}" for symbol in ("c", "h") if symbol in family["formulas"]]
    labels = f"  theory: {', '.join(family['theory_labels'])}; field: {', '.join(family['state_labels'])}"
    return "\n".join([f"{family['name']}: {family['title']}", labels, *formulas, f"  {family['source']}"])


def markdown(families: Sequence[dict[str, Any]]) -> str:
    """The page docs/families.md."""
    lines = [
        "# Families",
        "",
        "Made by `cftsr families --markdown`. Each family is one file in `workflow/scripts/cftsr/families/`. Closed",
        "forms judge fits; they make none.",
        "",
        "| name | family | theory | field | c | h |",
        "| ---- | ------ | ------ | ----- | - | - |",
    ]
    for family in families:
        c, h = (f"`{family['formulas'][symbol]}`" if symbol in family["formulas"] else "" for symbol in ("c", "h"))
        theory, state = (", ".join(family[key]) for key in ("theory_labels", "state_labels"))
        lines.append(
            f"| [{family['name']}](#{family['name']}) | {_plain(family['title'])} | {theory} | {state} | {c} | {h} |"
        )
    for family in families:
        lines += ["", f"## {family['name']}", "", f"{_plain(family['title'])}. {_plain(family['source'])}.", ""]
        lines += [f"- {_plain(symbol)} = `{text}`" for symbol, text in family["formulas"].items()]
        if family["conventions"]:
            values = ", ".join(f"`{name}: {_yaml(value)}`" for name, value in family["conventions"].items())
            lines.append(f"- conventions (`conventions.{family['name']}` in config.yaml): {values}")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Markdown takes an underscore between words for emphasis."""
    return text.replace("_", r"\_")


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
