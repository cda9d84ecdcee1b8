"""The environment of the page's templates."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cftsr.output.typesetting.names import small_indices, subscripts


def environment_of(assets: str | Path, keep_trailing_newline: bool = False) -> Environment:
    """An environment that escapes text and raises an error for a missing variable."""
    environment = Environment(
        loader=FileSystemLoader(assets),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=keep_trailing_newline,
    )
    environment.filters |= {"subscripts": subscripts, "small_indices": small_indices}
    return environment
