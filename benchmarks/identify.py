"""How often a spectrum is identified: random theories and products of two and three, by seed.

    python benchmarks/identify.py                     1,000 of each kind, with c; singles and pairs without c
    python benchmarks/identify.py --trials 100 --levels 6
    python benchmarks/identify.py --algebras          the algebras of the transformer of arXiv:2605.01072, c below 50

Drawn are su(2), su(3), sp(4), G2 and so(n), all primaries, level up to 20 and c up to 24; given are the lowest 10
distinct weights. Printed: how often the truth is among the answers (Wilson's 95% interval), how often it is the only
one, whether every answer has exactly the given levels, and CPU seconds per query, after the index is built once.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from scipy.stats import binomtest

from cftsr.identify.index import build_index
from cftsr.identify.search import identify, query_of
from cftsr.identify.trials import campaign, campaign_of_algebras


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--levels", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--algebras", action="store_true", help="products of two and three of 19 algebras, level to 15")
    arguments = parser.parse_args()
    start = time.process_time()
    index = build_index()
    print(f"index: {index.theories} theories, {len(index.entries)} distinct, {time.process_time() - start:.1f} CPU s")
    print(
        f"{'factors':>7} {'c':7} {'named':>11} {'95%':>15} {'alone':>6} {'agree':>6} {'answers':>12} {'mean s':>7} max"
    )
    kinds = [(True, 1), (True, 2), (True, 3), (False, 1), (False, 2)]
    if arguments.algebras:
        kinds = [(True, 2), (True, 3), (False, 2)]
    draw = campaign_of_algebras if arguments.algebras else campaign
    for with_c, factors in kinds:
        result = draw(index, factors, arguments.trials, arguments.seed + factors, with_c, arguments.levels).as_dict()
        interval = binomtest(result["named"], result["trials"]).proportion_ci(method="wilson")
        print(
            f"{factors:7} {'given' if with_c else 'unknown':7} {result['named']:5}/{result['trials']:5} "
            f"[{interval.low:.4f},{interval.high:.4f}] {result['alone']:6} {result['agreeing']:6} "
            f"{result['median_answers']:5}/{result['most_answers']:6} {result['mean_seconds']:7.4f} "
            f"{result['largest_seconds']:.3f}",
            flush=True,
        )
    outside = identify(index, query_of([0, *(1000 * n + n * n for n in range(1, 5))]))
    print(f"a spectrum outside the bound: {'found' if outside.found else 'none up to ' + index.bounds.describe()}")


if __name__ == "__main__":
    main()
