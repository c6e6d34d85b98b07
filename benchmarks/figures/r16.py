"""R16: back up, take in more bids, restore the backup, start: refused, and every missing receipt number named.

The platform is the installation's own (`build_platform`), the bids are sealed and committed for real, the start is
that of `serve`, `worker`, `tick` and `doctor`. `--blind` starts without journal and witness: that must go through
unnoticed, or the figure shows nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from core.errors import Conflict
from core.ledger import vouching
from core.ledger.log import newest_head
from portal.app import Settings, build_platform, create_app
from portal.cli.schema import upgrade
from portal.cli.witness import WitnessFolder
from tests.bidding.stage import Bidder, Stage
from tests.cluster import load_tables


def watch(platform: Any, folder: WitnessFolder) -> None:
    """What a witness keeps after a look: the leaves it has read and the head it cosigned."""
    from core.ledger.log import LedgerEntry, select

    with platform.reading() as session:
        import rfc8785

        leaves = [
            rfc8785.dumps(entry.leaf())
            for entry in session.scalars(select(LedgerEntry).order_by(LedgerEntry.leaf_index))
        ]
        head = newest_head(session)
    assert head is not None
    folder.keep_leaves(leaves[: head.size])
    folder.keep_head(head.note + folder.witness.cosign(vouching.body_of(head.note), platform.clock.now()))


def starts(folder: Path, witness: Path) -> dict[str, bool]:
    """Whether each command runs on the restored database, each in a process of its own."""
    environment = {
        **os.environ,
        "SUNBID_FOLDER": str(folder),
        "SUNBID_LOG_NAME": "sunbid.figure",
        "SUNBID_WITNESS_HEADS": f'["{witness}"]',
        "LANG": "en",
    }
    done = {}
    for words in (["tick"], ["worker"], ["serve", "--port", "8399"], ["doctor"]):
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "portal.cli", *words],
                env=environment, capture_output=True, text=True, timeout=45,
            )  # fmt: skip
            told = ran.stdout + ran.stderr
            done[words[0]] = ran.returncode == 0 or (
                "rolled_back" not in told and "older than the witnessed" not in told
            )
        except subprocess.TimeoutExpired:
            done[words[0]] = True
    return done


def main(arguments: list[str]) -> int:
    """`--bids N`: how many bids after the backup (40), `--long`: 500."""
    parser = argparse.ArgumentParser(prog="R16", description=__doc__)
    parser.add_argument("--bids", type=int, default=40)
    parser.add_argument("--long", action="store_true", help="500 bids after the backup")
    parser.add_argument("--blind", action="store_true", help="no journal, no witness: the loss passes unnoticed")
    options = parser.parse_args(arguments)
    count = 500 if options.long else options.bids
    load_tables()
    with tempfile.TemporaryDirectory(prefix="sunbid-r16-") as name:
        folder, outside = Path(name) / "platform", Path(name) / "elsewhere"
        settings = Settings(folder=folder, log_name="sunbid.figure", journal=outside / "ledger.journal")
        platform = build_platform(settings)
        upgrade(platform.database)
        witness = WitnessFolder.create(
            outside / "witness", name="w.figure", server="http://localhost", log_key=str(platform.signer.verifier)
        )
        stage = Stage(platform).publish()
        before = [stage.commit(Bidder(f"早{n}", Path(name) / f"b{n}").seal(stage.policy()))[1] for n in range(3)]
        platform.database.checkpoint()
        shutil.copy(folder / "sunbid.db", outside / "backup.db")
        after = []
        for number in range(count):
            bidder = Bidder(f"晚{number}", Path(name) / f"a{number}")
            after.append(stage.commit(bidder.seal(stage.policy()))[1]["leaf_index"])
            shutil.rmtree(bidder.folder)
        watch(platform, witness)
        platform.database.checkpoint()
        platform.database.close()
        for file in folder.glob("sunbid.db*"):
            file.unlink()
        shutil.copy(outside / "backup.db", folder / "sunbid.db")
        verdicts = {}
        for source, (journal, heads) in {
            "journal": (outside / "ledger.journal", []),
            "witness": (outside / "no.journal", [str(outside / "witness")]),
            "nobody": (outside / "none.journal", []),
        }.items():
            try:
                create_app(settings.model_copy(update={"journal": journal, "witness_heads": heads}))
                verdicts[source] = None
            except Conflict as refusal:
                verdicts[source] = refusal
        named = {
            source: sorted(set(refusal.facts["receipts"]) & set(after)) if refusal else []
            for source, refusal in verdicts.items()
        }
        ran = {} if options.blind else starts(folder, outside / "witness")
    for source, refusal in verdicts.items():
        code = refusal.code if refusal else "started"
        print(f"{source}: {code}, {len(named[source])} of {count} missing receipts named")
    print("commands that ran on the restored database: " + (", ".join(c for c, r in ran.items() if r) or "none"))
    whole = all(named[source] == sorted(after) for source in ("journal", "witness"))
    exact = all(
        set(refusal.facts["receipts"]) == set(after)
        and not {r["leaf_index"] for r in before} & set(refusal.facts["missing"])
        for refusal in verdicts.values()
        if refusal
    )
    good = whole and exact and verdicts["nobody"] is None and not any(ran.values())
    print(
        f"R16: backup restored after {count} more receipts: {'refused at start' if whole else 'NOT refused'}, "
        f"{len(named['journal'])} of {count} missing receipt numbers named"
    )
    if options.blind:
        return 0 if verdicts["nobody"] is None else 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
