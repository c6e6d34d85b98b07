"""Who typed what, with which program, when: the persona and the traces of each author of the demo's files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portal.cli.demo.papers.dates import TenderDates
from portal.cli.demo.papers.noise import Noise
from portal.cli.demo.papers.personas import Persona, Traces, wps
from portal.cli.demo.papers.sheet import Look

RIGGED = ("dongqi", "beichen")
GHOST = "苗春生"  # the one person who saved both bids of the rigged pair
SHARED_RSIDS = 6


@dataclass(frozen=True)
class Tool:
    """A program on an author's machine; `build` is set for WPS alone."""

    application: str
    version: str
    template: str
    company: str
    build: str = ""
    compatibility: int = 15
    producer: str = ""


@dataclass(frozen=True)
class Author:
    """A bidder's (or the agent's) way of making files: `days` before the deadline each file was begun."""

    key: str
    persona: Persona
    look: Look
    tool: Tool
    creator: str
    saver: str
    days: int
    hour: int
    technical: Literal["docx", "pdf"]

    def traces(self, what: str, title: str, dates: TenderDates, seed: int) -> Traces:
        """The traces this author leaves in the file `what` (technical, qualification, price, letter)."""
        noise = Noise("traces", seed, self.key, what)
        later = {"technical": 0, "qualification": 2, "price": 4, "letter": 5}[what]
        begun = max(self.days - later, 3)
        saved = max(begun - 2 - noise.below(max(begun - 3, 1)), 1)
        rigged = self.key in RIGGED and what == "technical"
        rsids: tuple[str, ...] = tuple(
            ("00" if not self.tool.build else "") + noise.hexadecimal(6 if not self.tool.build else 8)
            for _ in range(9 + noise.below(12))
        )
        if rigged:
            shared = Noise("shared rsids", seed)
            rsids = tuple(shared.hexadecimal(8) for _ in range(SHARED_RSIDS)) + rsids
        custom: tuple[tuple[str, str], ...] = ()
        if self.tool.build:
            icv = Noise("icv", seed, self.key, what).hexadecimal(32) + ("_13" if self.tool.build > "12" else "")
            custom = (("KSOProductBuildVer", f"2052-{self.tool.build}"), ("ICV", icv))
        excel = {"Microsoft Office Word": "Microsoft Excel"}
        return Traces(
            creator=self.creator,
            last_modified_by=GHOST if rigged else self.saver,
            created=dates.before_deadline(
                begun, self.hour + (0 if what == "technical" else noise.below(6)), noise.below(60), noise.below(60)
            ),
            modified=dates.before_deadline(saved, 14 + noise.below(8), noise.below(60), noise.below(60)),
            revision=3 + noise.below(60),
            minutes=40 + noise.below(2400),
            company=self.tool.company,
            application=excel.get(self.tool.application, self.tool.application)
            if what == "price"
            else self.tool.application,
            version=self.tool.version,
            template=self.tool.template if what != "price" else "",
            title=title,
            rsids=rsids,
            custom=custom,
            compatibility=self.tool.compatibility,
            producer=self.tool.producer,
        )


def authors() -> dict[str, Author]:
    """The authors by key: the agent and the six bidders."""
    word16 = Tool("Microsoft Office Word", "16.0000", "Normal.dotm", "Microsoft", producer="Microsoft® Word 2016")
    word15 = Tool("Microsoft Office Word", "15.0000", "Normal.dotm", "Microsoft", producer="Microsoft® Word 2013")
    persons = (
        Author(
            "agent",
            Persona(
                "tender",
                "full",
                "running",
                "宋体",
                "黑体",
                "Times New Roman",
                10.5,
                (18, 14, 12, 10.5),
                line=1.45,
                margins=(2.5, 2.6, 2.3, 2.8),
                table_size=9,
                table_shade="F2F2F2",
                header="滨江新区第三水厂扩建工程施工一标段招标文件",
            ),
            Look(title="滨江新区第三水厂扩建工程施工一标段 招标控制价工程量清单"),
            Tool(wps("12.1.0.16120"), "", "Normal.dotm", "", "12.1.0.16120", producer="WPS 文字"),
            "彭立人",
            "江城咨询招标二部",
            40,
            9,
            "docx",
        ),
        Author(
            "changhe",
            Persona(
                "chapter",
                "full",
                "chapter",
                "仿宋_GB2312",
                "黑体",
                "Times New Roman",
                13,
                (18, 15, 13, 13),
                line=26,
                exact_line=True,
                margins=(3.0, 2.6, 2.8, 2.8),
                table_size=10.5,
                table_shade="E2EFDA",
                header="长河水务集团有限公司  技术标",
                footer="dash",
                palette=("2e6b4f", "8fc3a8", "e2efe8"),
            ),
            Look("仿宋", 10, "E2EFDA", (6, 15, 30, 48, 8, 12, 14, 17), "长河水务集团有限公司投标清单"),
            Tool(wps("12.1.0.18276"), "", "Normal.dotm", "长河水务", "12.1.0.18276", producer="WPS 文字"),
            "方可盈",
            "changhe-toubiao",
            19,
            10,
            "pdf",
        ),
        Author(
            "jiangnan",
            Persona(
                "decimal",
                "bracket",
                "chapter",
                "宋体",
                "微软雅黑",
                "Arial",
                11,
                (16, 13, 11.5, 11),
                "1F3864",
                False,
                line=1.4,
                after=4,
                margins=(2.2, 2.2, 2.2, 2.5),
                table_size=9.5,
                table_lines="light",
                table_shade="D9E2F3",
                header="施工组织设计 | 江南建设集团有限公司",
                footer="of",
                cover="band",
                chapter_page=False,
                palette=("1f3864", "8eaadb", "d9e2f3"),
            ),
            Look("微软雅黑", 9, "D9E2F3", (6, 15, 32, 50, 8, 12, 14, 16), "江南建设集团有限公司 已标价工程量清单"),
            word16,
            "Administrator",
            "taoye",
            22,
            8,
            "docx",
        ),
        Author(
            "hengji",
            Persona(
                "chinese",
                "circled",
                "running",
                "宋体",
                "宋体",
                "Times New Roman",
                12,
                (16, 14, 12, 12),
                centred_chapters=False,
                line=1.55,
                margins=(2.54, 3.18, 2.54, 3.18),
                table_size=10.5,
                table_lines="three",
                header="恒基水利水电工程局有限公司",
                footer="plain",
                cover="plain",
                contents_depth=1,
                chapter_page=False,
                palette=("444444", "a6a6a6", "ededed"),
            ),
            Look("宋体", 10.5, "", (7, 16, 30, 44, 9, 13, 15, 18), "工程量清单报价表（恒基水利水电工程局有限公司）"),
            word15,
            "Administrator",
            "HJ-JYB-03",
            17,
            14,
            "pdf",
        ),
        Author(
            "dongqi",
            Persona(
                "numbered-chapter",
                "full",
                "chapter",
                "宋体",
                "黑体",
                "Times New Roman",
                12,
                (16, 14, 12, 12),
                line=1.5,
                margins=(2.5, 2.5, 2.5, 3.0),
                table_size=10.5,
                table_shade="DEEAF6",
                header="滨江新区第三水厂扩建工程施工一标段  施工组织设计",
                cover="boxed",
                bold_headings=False,
                palette=("1f4e79", "9dc3e6", "deebf7"),
            ),
            Look("宋体", 10, "DDEBF7", (7, 16, 34, 52, 9, 13, 15, 18), "东启建工股份有限公司  已标价工程量清单"),
            Tool(wps("11.8.2.12094"), "", "Normal.dotm", "", "11.8.2.12094", 14, producer="WPS 文字"),
            "dq-jjb",
            "阮小棠",
            16,
            9,
            "docx",
        ),
        Author(
            "beichen",
            Persona(
                "part",
                "full",
                "running",
                "仿宋",
                "黑体",
                "Calibri",
                12,
                (18, 14, 12, 12),
                line=24,
                exact_line=True,
                margins=(2.8, 2.6, 2.5, 2.6),
                table_size=10,
                table_shade="FFF2CC",
                header="北辰市政建设有限公司技术投标文件",
                footer="dash",
                cover="formal",
                palette=("7f6000", "ffd966", "fff2cc"),
            ),
            Look("仿宋", 10.5, "FFF2CC", (6, 15, 30, 46, 8, 13, 14, 18), "北辰市政建设有限公司投标报价"),
            Tool(wps("12.1.0.17147"), "", "Normal.dotm", "北辰市政", "12.1.0.17147", producer="WPS 文字"),
            "薛丹",
            "beichen01",
            16,
            13,
            "docx",
        ),
        Author(
            "tianheng",
            Persona(
                "decimal",
                "diamond",
                "running",
                "微软雅黑",
                "微软雅黑",
                "Calibri",
                10.5,
                (20, 14, 12, 10.5),
                "C55A11",
                False,
                line=1.35,
                after=5,
                margins=(2.0, 2.0, 2.0, 2.0),
                table_size=9,
                table_lines="light",
                table_shade="FBE4D5",
                header="天衡环境 · 第三水厂扩建工程技术方案",
                footer="plain",
                cover="band",
                palette=("c55a11", "f4b183", "fbe5d6"),
            ),
            Look("等线", 10, "FBE4D5", (6, 15, 30, 46, 8, 12, 13, 16), "天衡环境科技有限公司报价清单"),
            Tool(wps("12.1.0.15990"), "", "Normal.dotm", "", "12.1.0.15990", producer="WPS 文字"),
            "user",
            "user",
            12,
            11,
            "docx",
        ),
    )
    return {author.key: author for author in persons}
