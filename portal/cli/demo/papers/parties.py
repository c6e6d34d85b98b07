"""Who takes part: tenderer, agent and six bidders, all invented, with valid synthetic credit codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def unified_social_credit_code(division: str, body: str) -> str:
    """The 18-character code of an enterprise in `division` (6 digits) with organisation body `body` (8 characters).

    Both check symbols are computed: GB 11714 for the organisation code (R-011), GB 32100 for the whole (R-010).
    """
    inner = sum(int(c, 36) * w for c, w in zip(body, INNER_WEIGHTS, strict=True))
    check = (11 - inner % 11) % 11
    front = "91" + division + body + ("X" if check == 10 else str(check))
    total = sum(ALPHABET.index(c) * w for c, w in zip(front, WEIGHTS, strict=True))
    return front + ALPHABET[(31 - total % 31) % 31]


@dataclass(frozen=True)
class Person:
    """A named member of a bidder's project team; `certificate` may be empty."""

    role: str
    name: str
    title: str
    certificate: str
    years: int


@dataclass(frozen=True)
class Contract:
    """A finished contract a bidder claims; amount in ten thousand yuan, `led_by_manager` when its manager ran it."""

    name: str
    employer: str
    amount: int
    finished: str
    content: str
    led_by_manager: bool


@dataclass(frozen=True)
class Year:
    """One year of a bidder's accounts, in ten thousand yuan."""

    year: int
    assets: int
    liabilities: int
    revenue: int
    profit: int


@dataclass(frozen=True)
class Party:
    """An organisation of the story, invented: what its licence, seal and bank slip would say."""

    key: str
    name: str
    short: str
    division: str
    body: str
    address: str
    legal_representative: str
    contact: str
    mobile: str
    telephone: str
    email: str
    bank: str = ""
    account: str = ""

    @property
    def uscc(self) -> str:
        """The valid synthetic unified social credit code."""
        return unified_social_credit_code(self.division, self.body)


@dataclass(frozen=True)
class Bidder(Party):
    """A bidder: the party and what its qualification file shows."""

    founded: str = ""
    capital: str = ""
    qualification: str = ""
    safety_licence: str = ""
    staff: tuple[int, int, int] = (0, 0, 0)
    team: tuple[Person, ...] = ()
    contracts: tuple[Contract, ...] = ()
    accounts: tuple[Year, ...] = ()

    @property
    def manager(self) -> Person:
        """The project manager: first of the team."""
        return self.team[0]

    @property
    def objective_points(self) -> dict[str, int]:
        """The points the tender's objective items give for the contracts claimed: two each, Q1 up to 6, Q2 up to 4."""
        large = sum(contract.amount >= 10_000 for contract in self.contracts)
        led = sum(contract.led_by_manager and contract.amount >= 8_000 for contract in self.contracts)
        return {"Q1": min(6, 2 * large), "Q2": min(4, 2 * led)}


TENDERER = Party(
    "tenderer",
    "滨江新区水务投资有限公司",
    "滨江水投",
    "330100",
    "MA0TE5T1",
    "江城市滨江新区望潮路 1 号水务大厦",
    "陆承海",
    "田晓芸",
    "13800000101",
    "0100-60000101",
    "zhaobiao@binjiang-water.example",
)

PURCHASER = Party(
    "purchaser",
    "滨江新区城市管理局",
    "滨江城管",
    "330100",
    "MB0TE5P3",
    "江城市滨江新区望潮路 18 号政务中心 B 座",
    "傅采薇",
    "傅采薇",
    "13800000303",
    "0100-60000303",
    "caigou@binjiang-cg.example",
)

AGENT = Party(
    "agent",
    "江城工程咨询有限公司",
    "江城咨询",
    "330100",
    "MA0TE5T2",
    "江城市中环路 266 号咨询大厦 9 层",
    "郭静宜",
    "彭立人",
    "13800000202",
    "0100-60000202",
    "pengliren@jiangcheng-consult.example",
)


def bidders() -> tuple[Bidder, ...]:
    """The six bidders in the order of the story: three honest, the rigged pair, and the late one."""
    rows = json.loads((Path(__file__).parent / "texts" / "bidders.json").read_text(encoding="utf-8"))
    return tuple(
        Bidder(
            **{
                **row,
                "staff": tuple(row["staff"]),
                "team": tuple(Person(**person) for person in row["team"]),
                "contracts": tuple(Contract(**contract) for contract in row["contracts"]),
                "accounts": tuple(Year(**year) for year in row["accounts"]),
            }
        )
        for row in rows
    )
