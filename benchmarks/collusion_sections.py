"""Simulated sections for calibrating the watchman: clean ones with every innocent likeness we know of, and rigged ones.

What it is: five bidders; texts from a seeded grammar, tender quotes, an industry library and purchased templates;
metadata at the measured innocent rates, prices as independent lognormal residuals on a bill. What it is not: real bids.
Its grammar is poorer than people's writing, so shared formulas are likelier; its cheats are as clumsy as we
imagined them.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from collusion.rules.background import ArchivedBid, Background, learn
from collusion.rules.case import Bid, Case, Device
from collusion.rules.documents import BillItem, Document, Marks, Paragraph, Picture, Place
from collusion.rules.spelling import KNOWN

BIDDERS = 5
ITEMS = 80
CHAPTERS = 8
SENTENCES = 110
OPENS = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = timedelta(days=24)


def _words(text: str) -> list[str]:
    return text.split()


PLACES = _words(
    """
取水泵房 清水池 絮凝池 沉淀池 普通滤池 活性炭滤池 臭氧接触池 加氯间 污泥脱水间 送水泵房 配水井
回流泵站 综合楼 变配电间 厂区道路 排水箱涵 顶管工作井 接收井 跨河管段 阀门井 流量计井 围堰
导流渠 边坡 挡墙 路基 面层 人行道 绿化带 雨水管 污水管 电缆沟 检修通道 出水总渠 进水格栅
"""
)
WORKS = _words(
    """
土方开挖 井点降水 垫层浇筑 底板绑扎 池壁支模 顶板浇筑 施工缝处理 后浇带封闭 防水卷材铺贴
满水试验 管道焊接 沟槽支护 管基处理 闭水试验 冲洗消毒 设备吊装 滤板安装 滤料铺填 桥架敷设
电缆穿管 接地测试 联动调试 脚手架搭设 模板拆除 预应力张拉 砌体砌筑 抹灰刮糙 涂料喷涂 栏杆安装
沥青摊铺 路缘石安砌 苗木栽植
"""
)
WAYS = _words(
    """
分仓跳打 由低向高推进 两班轮换 先深后浅 对称均衡 薄层轮加 半幅施工 夜间集中作业 流水搭接
样板引路 逐段验收 先支撑后开挖 隔日复测 带水作业 预拼后整装 工厂预制 现场放样 逐孔核对 分级加载
循环注浆 分区封闭 错峰运输 随挖随护 双控张拉 低速顶进 人工清底 机械初平 湿法养护 覆膜保温
洒水降尘 限速通行 挂牌管理
"""
)
TOOLS = _words(
    """
全站仪 电子水准仪 测斜仪 轴力计 超声探伤仪 回弹仪 环刀 灌砂筒 扭矩扳手 热熔焊机 履带吊 汽车泵
插入式振动棒 平板夯 小型压路机 挖掘机 泥浆泵 潜水泵 高压水枪 雾炮机 砂浆搅拌机 数控弯箍机
套丝机 直流电焊机 绝缘摇表 压力表 氯气检测仪 风速仪 钢筋扫描仪 无人机 水准尺 激光铅垂仪
"""
)
AIMS = _words(
    """
控制沉降 防止渗漏 缩短占道时间 保证平整度 减少冷缝 避免超挖 降低噪声 保护既有管线 稳定水质
便于检修 减轻扰动 确保对中 提前暴露问题 留足养护时间 分散荷载 保持通风 避开汛期 错开高峰
节约周转材料 满足验收 保持连续供水 防止上浮 消除气囊 均匀布气 减少返工
"""
)
PEOPLE = _words(
    """
测量员 施工员 质检员 安全员 试验员 材料员 值班工程师 生产经理 技术负责人 班组长 机械管理员
资料员 监测单位 调试小组
"""
)
WHEN = _words(
    """
开工前三天 每班收工时 浇筑前一小时 雨后次日 夜班交接时 首件完成后 隐蔽之前 回填之前 通水前一周
每周例会上 汛期来临前 设备到场当日 拆模以后 张拉完成后
"""
)
STATES = _words(
    """
记录在册 拍照留存 当场签认 报监理复核 挂牌公示 录入台账 逐条销号 留样备查 形成纪要 复测两遍
限期整改 停工处理 立即上报 分级处置
"""
)
FRAMES = (
    "{p}的{w}采用{m}，以{a}",
    "{t}，{h}用{e}检查{p}的{w}，结果{s}",
    "为{a}，{w}期间{m}，{e}不少于{n}台",
    "{p}处{w}偏差超过{n}mm时，{h}{t}须{s}",
    "{w}与{v}之间间隔{n}小时，其间{m}",
    "{h}在{t}核对{p}，{w}数据{s}",
    "先做{p}的{w}，再做{q}的{v}，两处{m}",
    "{e}每隔{n}m布点一处，覆盖{p}和{q}",
    "{p}{w}安排{n}人，{h}带班，{m}",
    "遇有{n}级以上大风，{p}暂停{w}，{e}归位，{s}",
    "{q}的{v}以{a}为先，{t}由{h}复查，{s}",
    "{w}每完成{n}m，{e}校核一遍，{m}",
)  # fmt: skip
SYNONYMS = (
    ("采用", "使用"), ("检查", "核查"), ("不少于", "至少"), ("须", "应"), ("安排", "配备"), ("核对", "比对"), ("暂停", "停止"),
    ("完成", "做完"), ("校核", "复核"), ("覆盖", "兼顾"), ("间隔", "相隔"), ("结果", "数据"), ("带班", "值守"),
)  # fmt: skip
TYPOS = tuple(sorted(wrong for wrong in KNOWN if len(wrong) >= 3))[:40]
SURNAMES = (
    "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹喻柏苏潘葛范彭鲁韦马苗方俞任袁柳史唐薛雷贺倪汤"
)
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红梅建文波斌宇浩凯健鑫晨阳帆航博睿哲子轩雨"


def name(rng: random.Random) -> str:
    """Draw a personal name."""
    return rng.choice(SURNAMES) + "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2))))


@dataclass
class Persona:
    """What one author tends to say: a part of every word list and of the frames."""

    words: dict[str, list[str]]
    frames: list[str]

    @classmethod
    def draw(cls, rng: random.Random) -> Persona:
        """Draw a persona holding about two thirds of the words and half of the frames."""
        lists = {"p": PLACES, "w": WORKS, "m": WAYS, "e": TOOLS, "a": AIMS, "h": PEOPLE, "t": WHEN, "s": STATES}
        words = {key: rng.sample(values, 2 * len(values) // 3) for key, values in lists.items()}
        return cls(words | {"q": words["p"], "v": words["w"]}, rng.sample(FRAMES, 6))

    def sentence(self, rng: random.Random) -> str:
        """Say one sentence."""
        filled = {key: rng.choice(values) for key, values in self.words.items()}
        return rng.choice(self.frames).format(n=rng.choice((2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30)), **filled) + "。"


@dataclass
class World:
    """What all sections share: the industry's library, purchased templates, manufacturers' pictures."""

    library: list[str]
    templates: list[list[str]]
    brochures: list[Picture]
    ancestors: list[frozenset[str]]

    @classmethod
    def draw(cls, seed: int) -> World:
        """Draw the world of a seed."""
        rng = random.Random(f"world {seed}")
        authors = [Persona.draw(rng) for _ in range(12)]
        return cls(
            [rng.choice(authors).sentence(rng) for _ in range(240)],
            [[author.sentence(rng) for _ in range(60)] for author in authors[:6]],
            [picture(rng) for _ in range(100)],
            [rsids(rng, 60) for _ in range(2)],
        )


def picture(rng: random.Random) -> Picture:
    """Draw a picture no other resembles."""
    return Picture(
        hashlib.sha256(rng.randbytes(16)).hexdigest(), 900, rng.choice((480, 540, 600)), rng.getrandbits(256)
    )


def rsids(rng: random.Random, count: int) -> frozenset[str]:
    """Draw revision identifiers as Word does."""
    return frozenset(f"{rng.getrandbits(24):08X}" for _ in range(count))


@dataclass
class Draft:
    """A bid in the making, before it becomes documents."""

    bidder: str
    sentences: list[str]
    marks: Marks
    pictures: list[Picture]
    prices: dict[int, int]
    phone: str
    reference: str
    device: Device
    typos: list[str] = field(default_factory=list)
    round_total: bool = False


@dataclass(frozen=True)
class Section:
    """A simulated case and its truth: the ring, empty when clean."""

    case: Case
    ring: frozenset[str]


class Maker:
    """Makes sections of one world, deterministically from (seed, number)."""

    def __init__(self, seed: int, archive: int = 0) -> None:
        """Prepare the world; with `archive` tenders of past bids the sections are warm, else cold."""
        self.seed = seed
        self.world = World.draw(seed)
        past = [
            ArchivedBid(f"past {n}", f"past {n}.{bid.bidder}", bid.documents)
            for n in range(archive)
            for bid in self._case(random.Random(f"archive {seed} {n}"), frozenset()).bids
        ]
        self.background: Background = learn(past)

    def clean(self, number: int) -> Section:
        """Make a section of five independent bidders."""
        return Section(self._case(random.Random(f"clean {self.seed} {number}"), frozenset()), frozenset())

    def rigged(self, number: int) -> Section:
        """Make a section with a ring of two or three."""
        rng = random.Random(f"rigged {self.seed} {number}")
        ring = frozenset(f"b{n}" for n in rng.sample(range(BIDDERS), rng.choice((2, 2, 3))))
        return Section(self._case(rng, ring), ring)

    def _case(self, rng: random.Random, ring: frozenset[str]) -> Case:
        author = Persona.draw(rng)
        quotes = [author.sentence(rng) for _ in range(70)]
        control = [max(200, round(100 * rng.lognormvariate(5, 1.6))) for _ in range(ITEMS)]
        quantities = [rng.choice((1, 12, 85, 240, 1_260, 5_400)) for _ in range(ITEMS)]
        mispriced = [rng.gauss(0, 0.04) for _ in range(ITEMS)]
        published = {i for i in range(ITEMS) if rng.random() < 0.15}
        drafts = [self._draft(rng, f"b{n}", quotes, control, mispriced, published) for n in range(BIDDERS)]
        if ring:
            self._collude(rng, [draft for draft in drafts if draft.bidder in ring], control, quantities)
        tender = Document(
            "招标文件.docx",
            "docx",
            hashlib.sha256(rng.randbytes(8)).hexdigest(),
            tuple(Paragraph(text, n) for n, text in enumerate(quotes, 1)),
            items=_bill(dict(enumerate(control)), quantities),
        )
        bids = tuple(self._bid(rng, draft, quantities) for draft in drafts)
        background = getattr(self, "background", Background())
        return Case((tender,), bids, background, (OPENS, OPENS + WINDOW))

    def _draft(
        self,
        rng: random.Random,
        bidder: str,
        quotes: list[str],
        control: list[int],
        mispriced: list[float],
        published: set[int],
    ) -> Draft:
        author = Persona.draw(rng)
        sentences = [author.sentence(rng) for _ in range(SENTENCES)]
        sentences += rng.sample(quotes, 16) + rng.sample(self.world.library, 16)
        if rng.random() < 0.35:  # a purchased template: two users of one meet in about 2 % of pairs
            template = rng.choice(self.world.templates)
            sentences += template[: rng.randrange(10, 50)]
            inherited = rsids(random.Random(template[0]), 40)
        else:
            inherited = frozenset()
        rng.shuffle(sentences)
        # Two in thirty derive from one widespread ancestor: pairs share rare rsids at the measured .043.
        ancestor = rng.choice(self.world.ancestors) if rng.random() < 0.29 else frozenset()
        marks = Marks(
            creator=rng.choices(("Administrator", "admin", "Windows 用户", name(rng)), (66, 20, 10, 4))[0],
            last_modified_by=rng.choices(("Administrator", "PC", name(rng)), (13, 5, 82))[0],
            rsids=rsids(rng, rng.randrange(20, 200)) | ancestor | inherited,
            created_at=self._born(rng),
        )
        pictures = [picture(rng) for _ in range(3)] + rng.sample(self.world.brochures, rng.randrange(3))
        return Draft(
            bidder,
            sentences,
            marks,
            pictures,
            _prices(rng, control, mispriced, published),
            f"13{rng.randrange(10**9):09d}",
            f"13{rng.randrange(10**9):09d}",
            Device(
                frozenset({f"{rng.getrandbits(48):012x}"}),
                frozenset({f"{rng.getrandbits(64):016x}"}),
                Place("d", None, None),
            ),
            [typo for typo in TYPOS if rng.random() < 0.03],
            rng.random() < 0.3,
        )

    def _born(self, rng: random.Random) -> datetime:
        if rng.random() < 0.3:  # a template's birth time nobody has listed: the same second for a tenth of pairs
            return OPENS + timedelta(days=1, hours=3, seconds=7)
        day = timedelta(days=rng.randrange(WINDOW.days), hours=rng.randrange(1, 10), seconds=rng.randrange(3600))
        return OPENS + day

    def _collude(self, rng: random.Random, ring: list[Draft], control: list[int], quantities: list[int]) -> None:
        """Let the first of the ring write the others' bids in part; every trace is left only sometimes."""
        source = ring[0]
        how = rng.choices(("coefficient", "noise", "independent"), (5, 3, 2))[0]
        for number, draft in enumerate(ring[1:], 1):
            share = rng.uniform(0.05, 0.4)
            copied = rng.sample(range(SENTENCES), round(share * SENTENCES))
            kept = [sentence for n, sentence in enumerate(draft.sentences) if n not in set(copied)]
            draft.sentences = kept + [_edited(rng, source.sentences[n]) for n in copied]
            if rng.random() < 0.5:
                draft.marks = replace(draft.marks, last_modified_by=source.marks.last_modified_by)
            if rng.random() < 0.5:
                some = frozenset(rng.sample(sorted(source.marks.rsids), 6))
                draft.marks = replace(draft.marks, rsids=draft.marks.rsids | some)
            if rng.random() < 0.4:
                draft.pictures.append(source.pictures[0])
            if rng.random() < 0.5:
                draft.typos.append(source.typos[0] if source.typos else TYPOS[number])
                source.typos = source.typos or [TYPOS[number]]
            if rng.random() < 0.15:
                draft.phone = source.phone
            if rng.random() < 0.3:
                draft.device = source.device
            if how == "coefficient":
                factor = 1 + rng.choice((0.008, 0.01, 0.015, 0.02, -0.012))
                draft.prices = {i: p if _provisional(i) else round(p * factor) for i, p in source.prices.items()}
            elif how == "noise":
                sigma = rng.choice((0.002, 0.005, 0.02))
                draft.prices = {
                    i: p if _provisional(i) else max(1, round(p * rng.lognormvariate(0.01, sigma)))
                    for i, p in source.prices.items()
                }

    def _bid(self, rng: random.Random, draft: Draft, quantities: list[int]) -> Bid:
        sentences = [*draft.sentences, *(f"施工时注意{typo}。" for typo in draft.typos)]
        paragraphs = [Paragraph("".join(sentences[i : i + 4]), i // 4 + 1) for i in range(0, len(sentences), 4)]
        last = len(paragraphs) + 1
        paragraphs.append(Paragraph(f"项目联系电话：{draft.phone}。", last))
        paragraphs.append(Paragraph(f"类似业绩证明人（建设单位）电话：{draft.reference}。", last + 1))
        digest = hashlib.sha256(rng.randbytes(8)).hexdigest()
        text = Document(
            "技术标.docx", "docx", digest, tuple(paragraphs), pictures=tuple(draft.pictures), marks=draft.marks
        )
        items = _bill(draft.prices, quantities)
        bill = Document("已标价工程量清单.xlsx", "xlsx", digest[::-1], items=items)
        total = sum(item.amount or 0 for item in items)
        if draft.round_total:
            total = round(total, -6)
        return Bid(draft.bidder, (text, bill), total, draft.device)


def _provisional(number: int) -> bool:
    return number % 20 == 19


def _prices(rng: random.Random, control: list[int], mispriced: list[float], published: set[int]) -> dict[int, int]:
    level = rng.gauss(-0.06, 0.03)
    flat_cut = rng.random() < 0.08  # lawful and common: one percentage off the published limit
    chapters = [rng.gauss(0, 0.03) for _ in range(CHAPTERS)]
    found = {}
    for number, price in enumerate(control):
        noise = mispriced[number] + chapters[number * CHAPTERS // ITEMS] + rng.gauss(0, 0.05)
        if _provisional(number):
            found[number] = price
        elif flat_cut:
            found[number] = round(price * round(1 + level, 3))
        elif number in published and rng.random() < 0.3:
            found[number] = round(price * 0.97)
        else:
            found[number] = max(1, round(price * 2.718281828 ** (level + noise)))
    return found


def _bill(prices: dict[int, int], quantities: list[int]) -> tuple[BillItem, ...]:
    return tuple(
        BillItem(
            number + 2,
            f"0{number * CHAPTERS // ITEMS + 1:03d}01{number:03d}001",
            "暂估设备" if _provisional(number) else f"清单项{number}",
            "暂估价" if _provisional(number) else "",
            "项",
            Decimal(quantities[number]),
            price,
            price * quantities[number],
        )
        for number, price in prices.items()
    )


def _edited(rng: random.Random, sentence: str) -> str:
    """Copy a sentence as a careful cheat does: verbatim, with synonyms, clauses moved, or a number changed."""
    kind = rng.randrange(4)
    if kind == 1:
        for one, other in SYNONYMS:
            if rng.random() < 0.5:
                sentence = sentence.replace(one, other)
    elif kind == 2:
        clauses = sentence.rstrip("。").split("，")
        rng.shuffle(clauses)
        sentence = "，".join(clauses) + "。"
    elif kind == 3:
        sentence = "".join(str((int(c) + 1) % 10) if c.isdigit() else c for c in sentence)
    return sentence
