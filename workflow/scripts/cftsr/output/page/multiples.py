"""Small multiples: the sweep at a glance, one small map for each family and quantity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cftsr.data.tasks import GIVEN
from cftsr.output.page.views import STATES, Fit, View

MOST_TILES = 60  # of one engine in one map: of more, the shares alone are shown


@dataclass(frozen=True)
class Tile:
    """A data set and a setting, by one engine. state: of its fits; words: what it is, for those who point at it."""

    state: str
    words: str
    address: str


@dataclass(frozen=True)
class Strip:
    """What one engine did: its tiles, in the order of the list of cells, and how many are proved."""

    engine: str
    tiles: list[Tile]
    proved: int
    total: int


@dataclass(frozen=True)
class Map:
    title: str
    symbol: str
    strips: list[Strip]


def multiples_of(views: Sequence[View]) -> list[Map]:
    """Maps in the order of the list of cells."""
    groups: dict[tuple[str, str], list[View]] = {}
    for view in views:
        groups.setdefault((view.family, view.task), []).append(view)
    return [
        Map(
            members[0].family_title,
            members[0].symbol if task != GIVEN else "",
            [_strip(engine, members) for engine in dict.fromkeys(fit.engine for v in members for fit in v.fits)],
        )
        for (_, task), members in groups.items()
    ]


def _strip(engine: str, views: Sequence[View]) -> Strip:
    tiles, counted = [], set()
    for view in views:
        fits = [fit for fit in view.fits if fit.engine == engine]
        # A fit that ignores the setting is one tile.
        new = [fit for fit in fits if id(fit) not in counted]
        counted.update(map(id, fits))
        if new:
            tiles.append(_tile(view, new))
    proved = sum(tile.state == "yes" for tile in tiles)
    return Strip(engine, tiles if len(tiles) <= MOST_TILES else [], proved, len(tiles))


def _tile(view: View, fits: Sequence[Fit]) -> Tile:
    best = min((fit.state for fit in fits), key=STATES.index)
    words = f"{view.dataset_title}, {view.setting_words}: {min(fits, key=lambda fit: STATES.index(fit.state)).words}"
    return Tile(best, words, view.address if view.shown else "")
