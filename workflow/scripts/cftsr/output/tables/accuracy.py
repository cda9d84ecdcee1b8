"""How often random products of theories are identified, and the accuracy of a transformer on its own data."""

from __future__ import annotations

from typing import Any

from cftsr.output.tables.model import GRID, PAPER, SOURCE, Block, Column, Entry, Row, Table

COLUMNS = (
    "source", "factors", "central_charge", "trials", "named", "named_low", "named_high", "alone", "alone_low",
    "alone_high", "agreeing", "median_answers", "most_answers", "mean_seconds", "largest_seconds",
)  # fmt: skip

TRANSFORMER = "transformer (Cao, Merz, Cranmer, Shiu, arXiv:2605.01072)"
# From the abstract; no other number of the paper is repeated here.
TRANSFORMER_ACCURACY = "98%"
DIFFERENCES = [
    "The transformer's 98% is its accuracy in recovering the constituents of products of WZW models, from the paper's "
    "abstract. It was not measured on the data of the rows above: the two stand side by side and are not compared.",
    "Differences, as far as the abstract and the authors' repository (Christopher-H-Cao/AICFT-Transformers) tell: its "
    "data are products of two to five factors out of 19 algebras (su(2) to su(6), so(7) to so(12), sp(4) to sp(8), G2, "
    "F4, E6, E7, E8) with c below 50, levels up to 15, the lowest ten weights of each factor; ours are one to three "
    "factors of five series, each with c up to 24. It gives one answer for a spectrum, the algebra and c of each "
    "factor; ours names every theory of its index with these levels.",
    "For larger c and unseen classes of theories the transformer is given a small number of further examples. Ours is "
    "not trained: a theory outside its index gets the answer none, with the bound.",
]


def rows_of(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per kind of question, with COLUMNS."""
    rows = []
    for kind in measured["kinds"]:
        row = {key: kind[key] for key in COLUMNS if key in kind}
        row |= {"source": "exact search", "central_charge": "given" if kind["with_c"] else "unknown"}
        for key in ("named", "alone"):
            row[f"{key}_low"], row[f"{key}_high"] = kind["intervals"][key]
        rows.append(row)
    return rows


def accuracy_table(measured: dict[str, Any]) -> Table:
    rows = []
    for kind in measured["kinds"]:
        rows.append(
            Row(
                (
                    Entry(words="exact search"),
                    Entry(words=str(kind["factors"])),
                    Entry(words="given" if kind["with_c"] else "unknown"),
                    Entry(words=_rate(kind, "named")),
                    Entry(words=_rate(kind, "alone")),
                    Entry(words=f"{kind['agreeing']} of {kind['trials']}"),
                    Entry(words=f"{kind['median_answers']} ({kind['most_answers']:,})"),
                    Entry(words=f"{kind['mean_seconds']:.3f} ({kind['largest_seconds']:.2f})"),
                )
            )
        )
    dash = Entry(words="—")
    published = Row(
        (
            Entry(words=TRANSFORMER),
            Entry(words="2 to 5"),
            dash,
            Entry(words=f"{TRANSFORMER_ACCURACY} (its one answer)"),
            dash,
            dash,
            dash,
            dash,
        ),
        PAPER,
    )
    series = ", ".join(measured["series"])
    heading = f"Random theories and products of {series}; the lowest {measured['levels']} distinct weights"
    return Table(
        number=0,
        caption="Which theory is this: random products, and how often they are identified.",
        columns=[
            Column("Source", SOURCE),
            Column("Factors"),
            Column("c"),
            Column("Truth named [95%]"),
            Column("Named alone [95%]"),
            Column("All answers agree"),
            Column("Answers: median (most)"),
            Column("CPU s: mean (largest)"),
        ],
        blocks=[Block(heading, [rows, [published]])],
        notes=[
            f"Drawn with seed {measured['seed']}, levels up to {measured['largest_level']}. Truth named: the product "
            "that was drawn is among the answers, with Wilson's 95% interval. Alone: it is the only answer; where it "
            "is not, others have exactly the same levels (isomorphisms, and spectra that agree so far), and nothing "
            "that is given tells them apart. Agree: every answer has exactly the given levels as its lowest.",
            f"The index has {measured['theories']:,} theories, {measured['distinct']:,} of them distinct, up to "
            f"{measured['bound']}; it takes {measured['index_seconds']:.1f} CPU seconds, once.",
            f"A spectrum outside the bound: {measured['outside']}.",
            *DIFFERENCES,
        ],
        kind=GRID,
    )


def _rate(kind: dict[str, Any], key: str) -> str:
    low, high = kind["intervals"][key]
    return f"{kind[key] / kind['trials']:.1%} [{low:.1%}, {high:.1%}]"
