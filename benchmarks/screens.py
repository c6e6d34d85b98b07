"""`./run bench screens FOLDER [PROTOCOL …] [--repetitions N]`: price models on published cartel markets, all rows.

FOLDER holds DB_Collusion_<market>_processed.csv as published with García Rodríguez et al. 2022 (CC BY-NC-ND: for
evaluation; not part of this project). Holds where every published row is exceeded by one of our models in every figure
it gives and every shuffled-label control is at chance; also told: exceeded in the one figure the row is asked by.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from collusion.rules.evaluation.markets import read_markets
from collusion.rules.evaluation.protocols import PROTOCOLS, evaluate


def main(arguments: list[str]) -> int:
    """Print a row per figure, then how many of the published ones are exceeded."""
    parser = argparse.ArgumentParser(prog="screens")
    parser.add_argument("folder", type=Path)
    parser.add_argument("protocols", nargs="*", default=list(PROTOCOLS))
    parser.add_argument("--repetitions", type=int, default=10)
    given = parser.parse_args(arguments)
    markets = read_markets(given.folder)
    beaten: dict[tuple[str, str], bool] = {}
    asked: dict[tuple[str, str], bool] = {}
    controls = []
    print(f"{'protocol':9}{'market':20}{'model':52}{'BA':>6}{'AUC':>6}{'F1':>6}  published BA/AUC")
    for protocol in given.protocols:
        for row in evaluate(protocol, markets, given.repetitions):
            beside = row["published"] or {}
            told = [
                f"{row[name]:6.1f}" if row[name] is not None else f"{'–':>6}"
                for name in ("balanced_accuracy", "auc", "f1")
            ]
            print(
                f"{protocol:9}{row['market']:20}{row['model']:52}{''.join(told)}  "
                f"{beside.get('balanced_accuracy', '')}/{beside.get('auc', '')} {row.get('note', '')}".rstrip(" /"),
                flush=True,
            )
            if row["kind"] == "model" and beside:
                key = (protocol, row["market"])
                beaten[key] = beaten.get(key, False) or row["holds"] is True
                asked[key] = asked.get(key, False) or row["asked"] is True
            if row["kind"] == "shuffled" and row["holds"] is not None:
                controls.append(row["holds"])
    missed = [" ".join(key) for key, reached in beaten.items() if not reached]
    print(
        f"{len(beaten) - len(missed)} of {len(beaten)} published rows exceeded"
        + (f" (not: {', '.join(missed)})" if missed else "")
        + f"; {sum(asked.values())} in the figure the row is asked by; {sum(controls)} of {len(controls)} shuffled-label controls at chance"
    )
    return 0 if beaten and not missed and all(controls) else 1
