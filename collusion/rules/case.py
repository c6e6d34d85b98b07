"""One tender after its opening, as the watchman sees it: tender papers, bids, control prices, archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from collusion.rules import history
from collusion.rules.archive_index import MANIFEST, ArchiveIndex
from collusion.rules.asked import read_extract
from collusion.rules.background import ArchivedBid, Background, learn
from collusion.rules.documents import BillItem, Document, Place, extract
from collusion.rules.history import Meeting, Pricing
from collusion.rules.owners import MEMBER, REGISTRY, Owners, read_owners
from collusion.rules.passages import Comparison, Seeds, compare_all
from collusion.rules.publications import Publications, read_publications
from collusion.rules.reading import Ordinary, read_bid
from core.errors import Invalid

Progress = Callable[[str], None]
GIVEN_PRICES = ("暂估", "暂列", "甲供", "甲方供")
SCHEDULE = "sunbid-schedule/v1"
DEVICE = "sunbid-device/v1"
BIDDER = "sunbid-bidder/v1"
CONDUCT = "sunbid-conduct/v1"
BILL_MARKS = "sunbid-marks/v1"
"""What the pricing program left in the XML of a bill."""
READERS = 2
MAX_FILES = 2_000


@dataclass(frozen=True, slots=True)
class Device:
    """Identifiers of the machine that made a bid, as its client recorded them; where the record stands."""

    adapters: frozenset[str]
    disks: frozenset[str]
    place: Place


@dataclass(frozen=True, slots=True)
class Conduct:
    """When a bid was received, as the platform's receipt says; where the record stands."""

    received_at: datetime
    place: Place


@dataclass(frozen=True)
class Bid:
    """One opened bid: documents, total in fen when declared, authoring machine when recorded.

    `known_as` is who the bidder is beyond this tender; without a record of it, the folder's name.
    """

    bidder: str
    documents: tuple[Document, ...]
    total: int | None = None
    device: Device | None = None
    identifier: str = ""
    conduct: Conduct | None = None
    owners: Owners | None = None
    partners: tuple[Owners, ...] = ()
    """What the registry says of the other members of the consortium that bids."""

    @property
    def known_as(self) -> str:
        """The name under which an archive knows this bidder."""
        return self.identifier or self.bidder

    @cached_property
    def bill(self) -> tuple[tuple[str, BillItem], ...]:
        """Give (file, item) of the priced bill."""
        return tuple((document.file, item) for document in self.documents for item in document.items)

    @cached_property
    def prices(self) -> Mapping[tuple[str, int], int]:
        """Give unit prices in fen by (code, occurrence of that code); only prices above zero."""
        return unit_prices(item for _, item in self.bill)


@dataclass(frozen=True)
class Case:
    """Everything an indicator may look at. Bids are in order of their bidder's key.

    `window` is from publication to deadline when known; `unread` names the files that were refused and why.
    """

    tender: tuple[Document, ...]
    bids: tuple[Bid, ...]
    background: Background = field(default_factory=Background)
    window: tuple[datetime, datetime] | None = None
    unread: tuple[tuple[str, str], ...] = ()
    skipped: tuple[str, ...] = ()
    history: tuple[Meeting, ...] = ()
    pricing: Pricing | None = None
    publications: Publications | None = None

    @cached_property
    def pairs(self) -> tuple[tuple[Bid, Bid], ...]:
        """Give every two bids once."""
        return tuple(combinations(self.bids, 2))

    @cached_property
    def control(self) -> Mapping[tuple[str, int], int]:
        """Give the control file's unit prices in fen, keyed as `Bid.prices`; a later file amends an earlier one."""
        prices: dict[tuple[str, int], int] = {}
        for document in self.tender:
            prices.update(unit_prices(document.items))
        return prices

    @cached_property
    def provisional(self) -> frozenset[tuple[str, int]]:
        """Give the items whose price the tenderer set (暂估, 暂列, 甲供): as its own bill says, else as any bid's."""
        listed = [document.items for document in self.tender if document.items]
        sources = listed or [tuple(item for _, item in bid.bill) for bid in self.bids]
        return frozenset(
            key
            for source in sources
            for key, item in keyed(source)
            if any(word in item.name + item.feature for word in GIVEN_PRICES)
        )

    @cached_property
    def comparisons(self) -> Mapping[tuple[str, str], Comparison]:
        """Give what every two bids share of their own text."""
        ordinary = Ordinary(self.tender, self.background)
        seeds = [Seeds(read_bid(bid.bidder, bid.documents, ordinary), ordinary) for bid in self.bids]
        names = [bid.bidder for bid in self.bids]
        return {(names[a], names[b]): found for (a, b), found in compare_all(seeds, ordinary).items()}

    @cached_property
    def tender_digests(self) -> frozenset[str]:
        """Give digests of the tender's pictures."""
        return frozenset(picture.sha256 for document in self.tender for picture in document.pictures)


def keyed(items: Iterable[BillItem]) -> Iterator[tuple[tuple[str, int], BillItem]]:
    """Give each item its key: code and occurrence of that code."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item.code] = counts.get(item.code, 0) + 1
        yield (item.code, counts[item.code]), item


def unit_prices(items: Iterable[BillItem]) -> dict[tuple[str, int], int]:
    """Give unit prices in fen by (code, occurrence), only those above zero."""
    return {key: item.unit_price for key, item in keyed(items) if item.unit_price}


def bid_of(bidder: str, documents: Sequence[Document]) -> Bid:
    """Assemble a bid from its documents, taking total and device from the platform's own JSON records among them."""
    total, device, identifier, conduct, owners = None, None, "", None, None
    partners: list[Owners | None] = []
    for document in documents:
        data = document.data or {}
        if (
            data.get("type") == SCHEDULE
            and isinstance(data.get("price_fen"), int)
            and not isinstance(data.get("price_fen"), bool)
        ):
            total = data["price_fen"]
        elif data.get("type") in (DEVICE, BILL_MARKS) and (data.get("adapters") or data.get("disks") or device is None):
            device = _joined(device, data, Place(document.file, None, None))
        elif data.get("type") == BIDDER and isinstance(data.get("identifier"), str):
            identifier = data["identifier"]
        elif data.get("type") == CONDUCT and (instant := history.instant(data.get("received_at"))) is not None:
            conduct = Conduct(instant, Place(document.file, None, None))
        elif data.get("type") == REGISTRY and data.get("role") == MEMBER:
            partners.append(read_owners(data, Place(document.file, None, None)))
        elif data.get("type") == REGISTRY:
            owners = read_owners(data, Place(document.file, None, None))
    ordered = tuple(sorted(documents, key=lambda document: document.file))
    return Bid(bidder, ordered, total, device, identifier, conduct, owners, tuple(filter(None, partners)))


def _joined(held: Device | None, data: Mapping[str, Any], place: Place) -> Device:
    """The machine of the client's record and of the bill's XML together: the two may keep their marks differently."""
    adapters, disks = _identifiers(data.get("adapters")), _identifiers(data.get("disks"))
    if held is None or not (held.adapters or held.disks):
        return Device(adapters, disks, place)
    return Device(held.adapters | adapters, held.disks | disks, held.place)


def _identifiers(value: Any) -> frozenset[str]:
    values = value if isinstance(value, list) else [value]
    return frozenset(
        "".join(c for c in v.casefold() if c.isalnum() or c == ".") for v in values if isinstance(v, str) and v
    )


def read_case(
    tender_files: Sequence[Path],
    bids_dir: Path,
    archive_dir: Path | None = None,
    *,
    window: tuple[datetime, datetime] | None = None,
    progress: Progress = lambda _: None,
) -> Case:
    """Read the tender files, one folder per bidder under `bids_dir`, and the archive; each file in the limited process.

    The archive holds `<tender>/<bidder>/…`, or is an index that `sunbid collusion learn` keeps, or a file of what an
    earlier scan asked of one; a folder or file
    standing directly in it counts as one tender of one bidder. A file that is refused is named in `unread` and the rest
    is read. Raises Invalid `bids.few` below two bidders, `bids.missing` and `archive.missing` when there is no such
    folder.
    """
    if not bids_dir.is_dir():
        raise Invalid("bids.missing", field="bids")
    folders = sorted(path for path in bids_dir.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(folders) < 2:
        raise Invalid("bids.few", field="bids", found=len(folders))
    unread: list[tuple[str, str]] = []
    tender = _read_all([(path, path.name) for path in tender_files], unread, progress)
    bids = [bid_of(folder.name, _read_folder(folder, folder.name + "/", unread, progress)) for folder in folders]
    except_bidders = frozenset(name for bid in bids for name in (bid.bidder, bid.known_as))
    records = [document.data for document in tender if document.data]
    told: dict[str, Any] = {
        "history": history.read_meetings(records),
        "pricing": history.read_pricing(records),
        "publications": read_publications(records),
    }
    if archive_dir is not None and archive_dir.is_file():
        return Case(tuple(tender), tuple(bids), read_extract(archive_dir), window, tuple(sorted(unread)), **told)
    if archive_dir is not None and (archive_dir / MANIFEST).is_file():
        known = ArchiveIndex(archive_dir).background(except_bidders=except_bidders)
        return Case(tuple(tender), tuple(bids), known, window, tuple(sorted(unread)), **told)
    archived: list[ArchivedBid] = []
    skipped: list[str] = []
    present = {document.sha256 for bid in bids for document in bid.documents}
    if archive_dir is not None:
        if not archive_dir.is_dir():
            raise Invalid("scan.no_archive", field="archive", folder=str(archive_dir))
        for bid in read_archive(archive_dir, unread, progress):
            kept = tuple(document for document in bid.documents if document.sha256 not in present)
            # The present bids may already lie in the archive: they must not explain themselves.
            skipped.extend(document.file for document in bid.documents if document.sha256 in present)
            if kept:
                archived.append(ArchivedBid(bid.tender, bid.bidder, kept))
    background = learn(archived, except_bidders=except_bidders)
    return Case(tuple(tender), tuple(bids), background, window, tuple(sorted(unread)), tuple(sorted(skipped)), **told)


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    files = [path for path in found if not path.name.startswith((".", "~$"))]
    if len(files) > MAX_FILES:
        raise Invalid("bids.many", field=folder.name, found=len(files))
    return files


def _read_folder(folder: Path, prefix: str, unread: list[tuple[str, str]], progress: Progress) -> list[Document]:
    named = [(path, path.relative_to(folder).as_posix()) for path in _files(folder)]
    return _read_all(named, unread, progress, prefix)


def _read_all(
    named: Sequence[tuple[Path, str]], unread: list[tuple[str, str]], progress: Progress, prefix: str = ""
) -> list[Document]:
    def one(entry: tuple[Path, str]) -> Document | tuple[str, str]:
        progress(prefix + entry[1])
        try:
            return extract(entry[0], name=entry[1])
        except Invalid as refusal:
            return prefix + entry[1], refusal.code

    documents = []
    with ThreadPoolExecutor(READERS) as pool:
        for answer in pool.map(one, named):
            if isinstance(answer, Document):
                documents.append(answer)
            else:
                unread.append(answer)
    return documents


def learn_tenders(archive: Path, index: ArchiveIndex) -> tuple[int, list[tuple[str, str]]]:
    """Add the tenders of an archive folder the index does not hold yet; gives how many, and the files not read."""
    added = 0
    unread: list[tuple[str, str]] = []
    for top in sorted(archive.iterdir()):
        if top.name not in index.tenders and not top.is_symlink() and not top.name.startswith("."):
            added += index.add(top.name, list(_read_tender(archive, top, unread, lambda _: None)))
    return added, sorted(unread)


def read_archive(archive: Path, unread: list[tuple[str, str]], progress: Progress) -> Iterator[ArchivedBid]:
    """Read `<tender>/<bidder>/…` bid by bid, tender by tender; a refused file is added to `unread`."""
    for top in sorted(archive.iterdir()):
        if not top.is_symlink() and not top.name.startswith("."):
            yield from _read_tender(archive, top, unread, progress)


def read_bids(folder: Path, tender: str) -> tuple[list[tuple[str, ArchivedBid]], list[tuple[str, str]]]:
    """Read one tender's bids, a folder each, for an archive: (folder's name, bid), and the files not read."""
    unread: list[tuple[str, str]] = []
    found = []
    for path in sorted(entry for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []:
        documents = _read_folder(path, path.name + "/", unread, lambda _: None)
        found.append((path.name, ArchivedBid(tender, bid_of(path.name, documents).known_as, tuple(documents))))
    return found, sorted(unread)


def _read_tender(archive: Path, top: Path, unread: list[tuple[str, str]], progress: Progress) -> Iterator[ArchivedBid]:
    if top.is_file():
        yield ArchivedBid(top.name, top.name, tuple(_read_all([(top, top.name)], unread, progress, "archive/")))
        return
    folders = [path for path in sorted(top.iterdir()) if path.is_dir() and not path.is_symlink()]
    for folder in folders or [top]:
        documents = _read_folder(folder, f"archive/{folder.relative_to(archive).as_posix()}/", unread, progress)
        yield ArchivedBid(top.name, bid_of(folder.name, documents).known_as, tuple(documents))
