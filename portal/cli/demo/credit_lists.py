"""The credit lists the operator of the demo imports, in the style of 信用中国, and the ratings of bidders."""

from __future__ import annotations

from portal.cli.demo.guarantees import RATED
from portal.cli.demo.stage import Stage
from portal.cli.demo.tender import parties

HEADER = "name,identifier,document_number,reason,listed_on,ban_until"
STRANGER = "江城远帆贸易有限公司,91330100MA0TE5U07A"


def import_lists(stage: Stage, listed: tuple[str, str]) -> int:
    """Snapshots of today of every list: `listed` (name, code) stands on one; how many lists."""
    lists = {
        "serious_dishonesty": (
            f"{','.join(listed)},江严失字〔2026〕17号,重大工程质量责任事故被列入严重失信主体名单,2026-03-02,2028-03-01",
            f"{STRANGER},江严失字〔2026〕18号,恶意拖欠农民工工资,2026-04-11,2027-04-10",
        ),
        "judgment_defaulters": (
            f"{STRANGER},（2026）江0102执1188号,有履行能力而拒不履行生效法律文书确定义务,2026-05-20,",
        ),
        "tax_violations": (f"{STRANGER},江税重违〔2026〕6号,虚开增值税专用发票,2026-02-09,2029-02-08",),
        "procurement_violations": (f"{STRANGER},江财采罚〔2026〕3号,提供虚假材料谋取中标,2026-01-15,2027-01-14",),
        "tender_bans": (f"{STRANGER},江水罚〔2026〕9号,串通投标，取消一年投标资格,2026-02-20,2027-02-19",),
        "major_penalties": (f"{STRANGER},江市监罚〔2026〕31号,责令停产停业,2026-03-18,2029-03-17",),
    }
    rated = parties()[RATED]
    for source, rows in {**lists, "credit_ratings": (f"{rated.name},{rated.uscc},AAA,2027-12-31",)}.items():
        file = stage.folder / "credit" / f"{source}.csv"
        file.parent.mkdir(exist_ok=True)
        heading = "name,identifier,grade,ban_until" if source == "credit_ratings" else HEADER
        file.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
        with file.open("rb") as stream:
            stage.as_("operator").send(
                "/credit/imports",
                {"source": source, "as_of": stage.clock.now().isoformat()},
                files={"file": (file.name, stream)},
            )
    return len(lists)
