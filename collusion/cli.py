"""`sunbid collusion`: the watchman from the terminal."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click
import rfc8785

from awards.rules.container import open_container
from bidding.cli.telling import said
from collusion.rules import fusion
from collusion.rules.archive_index import ArchiveIndex
from collusion.rules.case import learn_tenders, read_case
from collusion.rules.machine_records import compare
from collusion.rules.material import RESULT, command_line, read_window
from collusion.rules.relaying import lay_out_again
from collusion.rules.scan import scan as scan_case
from core.errors import Conflict
from core.seal.age import open_whole
from core.seal.keyfile import KeyFile, make_key_file

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
LARGE = 32 << 20
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def collusion() -> None:
    """Look for traces of bid rigging; leads for people to judge, never a verdict."""


@collusion.command()
@click.option(
    "--tender", "tender", multiple=True, required=True, type=FILE, help="Tender document or control-price file."
)
@click.option("--bids", required=True, type=FOLDER, help="One folder per bidder.")
@click.option(
    "--archive",
    type=click.Path(exists=True, path_type=Path),
    help="Bids of other tenders: <tender>/<bidder>/…, an index of `sunbid collusion learn`, or an extract of one.",
)
@click.option("--window", help="From publication to deadline, two instants: 2026-01-02T09:00:00Z/…")
@click.option(
    "--budget",
    default=fusion.BUDGET,
    show_default=True,
    type=click.FloatRange(1e-6, 10),
    help="False leads accepted per section: lower shows fewer, higher shows more.",
)
@click.option(
    "--select",
    default=fusion.Selection.EACH.value,
    show_default=True,
    type=click.Choice([selection.value for selection in fusion.Selection]),
    help="The budget bounds false leads per section (each), or their share among the leads (e-bh).",
)
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, allow_dash=True), help="Write the result here (- = stdout)."
)
@click.option("--canonical", is_flag=True, help="Write canonical JSON (RFC 8785), as the digest is taken.")
@click.option("--quiet", is_flag=True, help="No progress.")
def scan(
    tender: tuple[Path, ...],
    bids: Path,
    archive: Path | None,
    window: str | None,
    budget: float,
    select: str,
    out: str | None,
    canonical: bool,
    quiet: bool,
) -> None:
    """Scan the opened bids of one tender. Exit 0 when done, whatever was found; 2 for bad arguments."""

    def progress(what: str) -> None:
        if not quiet:
            click.echo(f"· {what}", err=True)

    if sum(path.is_dir() and not path.name.startswith(".") for path in bids.iterdir()) < 2:
        raise click.BadParameter("needs at least two folders, one per bidder", param_hint="--bids")
    case = read_case(tender, bids, archive, window=read_window(window) if window else None, progress=progress)
    result = scan_case(case, budget=budget, selection=fusion.Selection(select), progress=progress)
    text = rfc8785.dumps(result).decode() if canonical else _text(result)
    if out == "-":
        sys.stdout.write(text)
    elif out is not None:
        Path(out).write_text(text, encoding="utf-8")
    if out != "-":
        click.echo(_summary(result))


@collusion.command()
@click.option("--archive", required=True, type=FOLDER, help="Bids of closed tenders: <tender>/<bidder>/…")
@click.option(
    "--index", "index", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the index."
)
def learn(archive: Path, index: Path) -> None:
    """Add tenders to an archive index; those it holds are left alone. A scan then asks the index instead of reading."""
    added, unread = learn_tenders(archive, ArchiveIndex(index))
    click.echo(said(f"新增 {added} 个项目。", f"{added} tenders added."))
    for file, code in unread:
        click.echo(said(f"未读取 {file}：{code}", f"not read: {file}: {code}"), err=True)


@collusion.command()
@click.argument("bids", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--json",
    "out",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write the result here (- = stdout).",
)
@click.option("--first", type=click.IntRange(min=0), help="Write only so many leading tenders and bidders.")
@click.option(
    "--engine",
    type=click.Choice(["memory", "embedded", "cluster"]),
    help="Where to compute: in memory, part by part on this machine, or on a Dask cluster. The numbers are the same. "
    "Without it: part by part for a folder and for files above 32 MB, else in memory.",
)
@click.option("--workers", help="The cluster's scheduler, tls://host:port (tcp:// on this machine only).")
@click.option("--cores", type=click.IntRange(1, 256), help="Processes of the embedded engine; all cores when left out.")
@click.option(
    "--memory", default=1024, show_default=True, type=click.IntRange(256), help="Megabytes to keep to; the rest spills."
)
@click.option(
    "--work", type=FOLDER, help="Where working files lie; on a cluster every worker must see it under the same name."
)
@click.option(
    "--tables",
    type=click.Path(exists=False, path_type=Path),
    help="Also write all tenders, bidders and faults as Parquet into this new folder.",
)
def screen(
    bids: Path,
    out: str,
    first: int | None,
    engine: str | None,
    workers: str | None,
    cores: int | None,
    memory: int,
    work: Path | None,
    tables: Path | None,
) -> None:
    """Screen the prices of many tenders: tender_id, bidder_id, bid_value and optional columns of BIDS.

    BIDS is a CSV file or a folder of Parquet files. Optional columns: date, winner, reserve_price, award_rule. A tender
    with a line that cannot be used is set aside whole and the line is named. Exit 0 when done, whatever was found; 1
    when the table is refused.
    """
    from collusion.rules.screens.command import Request, screen_bids

    if engine is None:
        engine = "embedded" if bids.is_dir() or tables or bids.stat().st_size > LARGE else "memory"
    if engine == "memory" and (bids.is_dir() or tables):
        message = said("内存方式只读 CSV，也不写 --tables。", "In memory only CSV is read, and no tables are written.")
        raise click.UsageError(message)
    if (engine == "cluster") != (workers is not None):
        message = said("--workers 与 --engine cluster 须一起给出。", "--workers goes with --engine cluster.")
        raise click.UsageError(message)
    if tables and tables.exists():
        raise click.BadParameter(said("文件夹已存在。", "The folder exists."), param_hint="--tables")
    request = Request(bids, engine, first, workers, cores or len(os.sched_getaffinity(0)), memory, work, tables)
    faults, digest = screen_bids(request, None if out == "-" else Path(out))
    for fault in faults.shown:
        click.echo(said(f"第 {fault['line']} 行：{fault['zh']}", f"line {fault['line']}: {fault['en']}"), err=True)
    if more := faults.found - len(faults.shown):
        click.echo(said(f"另有 {more} 行不可用。", f"{more} more lines cannot be used."), err=True)
    if digest and out != "-":
        click.echo(said(f"全部数值的 SHA-256：{digest}", f"SHA-256 of all numbers: {digest}"))


@collusion.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--protocol",
    required=True,
    type=click.Choice(["paper", "loco", "time", "disjoint", "partly"]),
    help="How to split the data; partly: with labels hidden.",
)
@click.option("--repetitions", default=10, show_default=True, type=click.IntRange(1, 100), help="Random splits a row.")
@click.option("--market", "only", multiple=True, help="Only these markets; all when left out.")
def evaluate(folder: Path, protocol: str, repetitions: int, only: tuple[str, ...]) -> None:
    """Measure the price models on published markets (FOLDER/DB_Collusion_*_processed.csv), one JSON line per row.

    Beside each figure stands the published one. Exit 0 when every shuffled-label control fell to chance, else 1;
    whether a figure was reached stands in its row.
    """
    from collusion.rules.evaluation.markets import read_markets
    from collusion.rules.evaluation.protocols import evaluate as rows_of

    markets = [market for market in read_markets(folder) if not only or market.name in only]
    if unknown := sorted(set(only) - {market.name for market in markets}):
        raise click.BadParameter(", ".join(unknown), param_hint="--market")
    leaking = False
    for row in rows_of(protocol, markets, repetitions):
        click.echo(json.dumps(row, ensure_ascii=False))
        leaking = leaking or (row["kind"] == "shuffled" and row["holds"] is False)
    if leaking:
        sys.exit(1)


def _text(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _summary(result: dict[str, Any]) -> str:
    lines = []
    for pair in result["pairs"]:
        families = " ".join(f"{name}={weight:+.1f}" for name, weight in pair["families"].items())
        lines.append(f"{pair['a']} – {pair['b']}\t{pair['score']:+.2f}\t{pair['tier'] or '-'}\t{families}")
    rings = ["、".join(ring["bidders"]) for ring in result["rings"]]
    lines.append("串通线索（非认定）：" + ("；".join(rings) if rings else "无"))
    if result["model"]["cold_start"]:
        lines.append("没有历史档案（冷启动）：误差放大。")
    budget = result["budget"]
    if budget["measured"]:
        low, high = budget["interval_per_100"]
        lines.append(
            f"模拟清白标段每百个误报 {budget['false_alarms_per_100']:.2f}（95% 区间 {low:.2f}–{high:.2f}，"
            f"共 {budget['clean_sections']} 个）。"
        )
    else:
        lines.append("本模型尚无误报率实测。")
    scanned = result["scanned"]
    if scanned["pages"]:
        how = scanned["program"] or "未安装 tesseract（含 chi_sim），扫描页的文字没有比对"
        lines.append(f"扫描页 {scanned['pages']} 页，已识别 {scanned['read']} 页（{how}）。")
    lines.extend(f"未读取 {entry['file']}：{entry['code']}" for entry in result["unread"])
    return "\n".join(lines)


@collusion.command("regulator-key")
@click.argument("file", type=click.Path(path_type=Path, exists=False, dir_okay=False))
@click.password_option("--passphrase", help="passphrase of the file, at least 12 characters")
def regulator_key_command(file: Path, passphrase: str) -> None:
    """Make the regulator's key in FILE, encrypted by a passphrase, and print its public part. Needs no server."""
    click.echo(make_key_file(file, passphrase))


@collusion.command("link")
@click.argument("bundle", type=FILE)
@click.option(
    "--key", "key", required=True, type=FILE, help="The regulator's key file; it is read here and sent nowhere."
)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Write the answer here.")
@click.option("--passphrase", prompt=True, hide_input=True, help="Passphrase of the key file.")
def link_command(bundle: Path, key: Path, out: Path, passphrase: str) -> None:
    """Compare the sealed machine records of BUNDLE on this machine, without any server, and write the answer."""
    if out.exists():
        raise Conflict("identity.exists", file=str(out))
    with key.open("rb") as file:
        identity = KeyFile.sent(file, passphrase).identity
    found = compare(bundle.read_bytes(), lambda sealed: open_whole(sealed, identity))
    with out.open("xb") as made:
        made.write(rfc8785.dumps(found) + b"\n")
    for match in found["answer"]["matches"]:
        bid, other = match["bid"], match["other"]
        kinds = ", ".join(f"{one['kind']} ({one['holders']})" for one in match["equal"])
        click.echo(f"{bid['section']} {bid['number']} – {other['section']} {other['number']}\t{kinds}")
    click.echo(str(len(found["answer"]["matches"])))


@collusion.command("lay-out")
@click.argument("archive", type=FILE)
@click.option("--out", required=True, type=click.Path(exists=False, path_type=Path), help="Folder to make.")
def lay_out_command(archive: Path, out: Path) -> None:
    """Lay out what the scan in a section's closed file was made from, and print the command that makes it again."""
    with archive.open("rb") as file:
        container = open_container(file)
        out.mkdir(parents=True)
        held = lay_out_again(container, out)
        told = container.json("warnings.json")["scan"]["result_sha256"]
    click.echo(f"cd {shlex.quote(str(out))} && {command_line(held)} && sha256sum {RESULT}")
    click.echo(told)
