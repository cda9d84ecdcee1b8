"""Small multiples: the sweep at a glance, a card for each family, a line for each quantity and engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cftsr.data.tasks import GIVEN
from cftsr.output.page.views import STATES, FitView, View
from cftsr.output.tables.plan import paper_first

MOST_TILES = 60  # in a line: if there are more, only the shares are shown


@dataclass(frozen=True)
class Tile:
    """A data set and a setting, by one engine. state: of its fits; words: of its tooltip."""

    state: str
    words: str
    address: str


@dataclass(frozen=True)
class Strip:
    """The results of one engine for one quantity: tiles, in the order of the list of cells, and how many are proved."""

    symbol: str
    engine: str
    tiles: list[Tile]
    proved: int
    total: int


@dataclass(frozen=True)
class Card:
    title: str
    strips: list[Strip]


def multiples_of(views: Sequence[View]) -> list[Card]:
    """A card for each family, those of the paper first."""
    groups: dict[str, dict[str, list[View]]] = {}
    for view in views:
        groups.setdefault(view.family, {}).setdefault(view.task, []).append(view)
    cards = []
    for family in paper_first(groups):
        strips = [
            _strip(engine, members)
            for members in groups[family].values()
            for engine in dict.fromkeys(fit.engine for view in members for fit in view.fits)
        ]
        first = next(iter(groups[family].values()))[0]
        cards.append(Card(first.family_title, strips))
    return cards


def _strip(engine: str, views: Sequence[View]) -> Strip:
    tiles: list = []
    counted: set[int] = set()
    for view in views:
        # A fit that ignores the setting is in several views, but is one tile.
        fits = [fit for fit in view.fits if fit.engine == engine and id(fit) not in counted]
        counted.update(map(id, fits))
        if fits:
            tiles.append(_tile(view, fits))
    proved = sum(tile.state == "yes" for tile in tiles)
    symbol = "" if views[0].task == GIVEN else views[0].symbol
    return Strip(symbol, engine, tiles if len(tiles) <= MOST_TILES else [], proved, len(tiles))


def _tile(view: View, fits: Sequence[FitView]) -> Tile:
    best = min(fits, key=lambda fit: STATES.index(fit.state))
    words = f"{view.dataset_title}, {view.setting_words}: {best.words}"
    return Tile(best.state, words, view.address if view.shown else "")
