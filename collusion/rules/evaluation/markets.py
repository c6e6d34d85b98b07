"""Markets in the file layout of García Rodríguez et al. 2022 (Automation in Construction 133): one CSV per market.

Those files are CC BY-NC-ND: they are read where they lie, for evaluation only; no model learnt from them is kept.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Invalid

FILE = re.compile(r"DB_Collusion_(?P<market>\w+)_processed\.csv")
NEEDED = ("Tender", "Bid_value", "Collusive_competitor")


@dataclass(frozen=True)
class Market:
    """One market, a row per bid. `label` is the paper's, a flag of the whole tender; `own` the bidder's, if known."""

    name: str
    columns: Mapping[str, NDArray[np.float64]]

    @cached_property
    def tender(self) -> NDArray[np.int64]:
        """Number the tenders from 0; the numbers of the file mean nothing."""
        return np.unique(self.columns["Tender"], return_inverse=True)[1].astype(np.int64)

    @cached_property
    def label(self) -> NDArray[np.int64]:
        """Give the paper's label per bid."""
        return (self.columns["Collusive_competitor"] > 0).astype(np.int64)

    @cached_property
    def own(self) -> NDArray[np.int64] | None:
        """Give the bidder's own label per bid."""
        found = self.columns.get("Collusive_competitor_original")
        return None if found is None else (found > 0).astype(np.int64)

    @cached_property
    def bidder(self) -> NDArray[np.int64] | None:
        """Number the bidders from 0."""
        found = self.columns.get("Competitors")
        return None if found is None else np.unique(found, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def rows(self) -> list[NDArray[np.int64]]:
        """Give the rows of each tender, by its number."""
        order = np.argsort(self.tender, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.tender))[:-1])

    @cached_property
    def tender_label(self) -> NDArray[np.int64]:
        """Give the paper's label per tender: 1 when any bid bears it."""
        return np.asarray([int(self.label[rows].max()) for rows in self.rows])

    @cached_property
    def tender_date(self) -> NDArray[np.float64] | None:
        """Give the date per tender, in the file's unit."""
        found = self.columns.get("Date")
        return None if found is None else np.asarray([found[rows].min() for rows in self.rows])


def read_markets(folder: Path) -> list[Market]:
    """Read every market file of the folder, in order of name.

    Invalid `market.none` without any, `market.columns` for a heading that lacks what is needed, `market.row` naming
    file, line and column of what is no number.
    """
    found = sorted((match["market"], path) for path in folder.iterdir() if (match := FILE.fullmatch(path.name)))
    if not found:
        raise Invalid("market.none", field="folder", pattern="DB_Collusion_<market>_processed.csv")
    return [_read(name, path) for name, path in found]


def _read(name: str, path: Path) -> Market:
    columns: dict[str, list[float]]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            heading = [cell.strip() for cell in next(reader, [])]
            if missing := [column for column in NEEDED if column not in heading]:
                raise Invalid("market.columns", field="folder", file=path.name, missing=", ".join(missing))
            columns = {column: [] for column in heading}
            for cells in reader:
                if len(cells) != len(heading):
                    raise Invalid("market.row", field="folder", file=path.name, line=reader.line_num, column="*")
                for column, cell in zip(heading, cells, strict=True):
                    columns[column].append(_number(cell, column, path.name, reader.line_num))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid("market.row", field="folder", file=path.name, line=0, column="*") from error
    if not columns["Tender"]:
        raise Invalid("market.row", field="folder", file=path.name, line=2, column="Tender")
    return Market(name, {column: np.asarray(values) for column, values in columns.items()})


def _number(cell: str, column: str, file: str, line: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (column == "Bid_value" and value <= 0):
        raise Invalid("market.row", field="folder", file=file, line=line, column=column)
    return value
