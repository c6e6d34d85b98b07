"""The inner files of Office packages: written anew so that they say what a persona says, and the same every time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import datetime
from xml.sax.saxutils import escape

from portal.cli.demo.papers.personas import Traces

NAMESPACE = "http://schemas.openxmlformats.org"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
EPOCH = (1980, 1, 1, 0, 0, 0)


def repack(data: bytes, replace: Mapping[str, bytes], drop: tuple[str, ...] = ()) -> bytes:
    """The package with parts replaced, added or dropped, every time stamp fixed as Office itself fixes them."""
    source = zipfile.ZipFile(io.BytesIO(data))
    parts = {name: source.read(name) for name in source.namelist() if name not in drop}
    parts.update(replace)
    for name in list(parts):
        if name.endswith(".rels"):
            parts[name] = _without(parts[name], drop, "Target")
    parts["[Content_Types].xml"] = _without(parts["[Content_Types].xml"], drop, "PartName")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0
            target.writestr(entry, content)
    return out.getvalue()


def _without(xml: bytes, drop: tuple[str, ...], attribute: str) -> bytes:
    text = xml.decode()
    for name in drop:
        tail = re.escape(name.rsplit("/", 1)[-1])
        text = re.sub(rf'<(?:Relationship|Override)\b[^>]*{attribute}="[^"]*{tail}"[^>]*/>', "", text)
    return text.encode()


def _w3c(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def core_properties(traces: Traces) -> bytes:
    """docProps/core.xml."""
    title = f"<dc:title>{escape(traces.title)}</dc:title>" if traces.title else ""
    return (
        HEAD + f'<cp:coreProperties xmlns:cp="{NAMESPACE}/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:dcmitype="http://purl.org/dc/dcmitype/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{title}<dc:creator>{escape(traces.creator)}</dc:creator>"
        f"<cp:lastModifiedBy>{escape(traces.last_modified_by)}</cp:lastModifiedBy>"
        f"<cp:revision>{traces.revision}</cp:revision>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{_w3c(traces.created)}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{_w3c(traces.modified)}</dcterms:modified>'
        "</cp:coreProperties>"
    ).encode()


def application_properties(traces: Traces, pages: int = 0, characters: int = 0) -> bytes:
    """docProps/app.xml."""
    counts = ""
    if pages:
        counts = f"<Pages>{pages}</Pages><Words>{characters // 6}</Words><Characters>{characters}</Characters>"
    template = f"<Template>{escape(traces.template)}</Template>" if traces.template else ""
    company = f"<Company>{escape(traces.company)}</Company>" if traces.company else ""
    version = f"<AppVersion>{traces.version}</AppVersion>" if traces.version else ""
    return (
        HEAD + f'<Properties xmlns="{NAMESPACE}/officeDocument/2006/extended-properties" '
        f'xmlns:vt="{NAMESPACE}/officeDocument/2006/docPropsVTypes">'
        f"{template}<TotalTime>{traces.minutes}</TotalTime>{counts}"
        f"<Application>{escape(traces.application)}</Application><DocSecurity>0</DocSecurity>"
        f"<ScaleCrop>false</ScaleCrop>{company}<LinksUpToDate>false</LinksUpToDate>"
        f"<SharedDoc>false</SharedDoc><HyperlinksChanged>false</HyperlinksChanged>{version}</Properties>"
    ).encode()


def custom_properties(traces: Traces) -> bytes:
    """docProps/custom.xml: where WPS leaves its build and its ICV."""
    rows = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name="{escape(name)}">'
        f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
        for number, (name, value) in enumerate(traces.custom, start=2)
    )
    return (
        HEAD + f'<Properties xmlns="{NAMESPACE}/officeDocument/2006/custom-properties" '
        f'xmlns:vt="{NAMESPACE}/officeDocument/2006/docPropsVTypes">{rows}</Properties>'
    ).encode()


def word_settings(traces: Traces) -> bytes:
    """word/settings.xml with the persona's save identifiers (the first is the root)."""
    identifiers = ""
    if traces.rsids:
        rest = "".join(f'<w:rsid w:val="{rsid}"/>' for rsid in sorted(traces.rsids))
        identifiers = f'<w:rsids><w:rsidRoot w:val="{traces.rsids[0]}"/>{rest}</w:rsids>'
    return (
        HEAD + f'<w:settings xmlns:w="{NAMESPACE}/wordprocessingml/2006/main" '
        f'xmlns:m="{NAMESPACE}/officeDocument/2006/math">'
        '<w:zoom w:percent="100"/><w:bordersDoNotSurroundHeader/><w:bordersDoNotSurroundFooter/>'
        '<w:defaultTabStop w:val="420"/><w:drawingGridVerticalSpacing w:val="156"/>'
        '<w:characterSpacingControl w:val="compressPunctuation"/>'
        "<w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:doNotLeaveBackslashAlone/><w:ulTrailSpace/>"
        "<w:doNotExpandShiftReturn/><w:adjustLineHeightInTable/><w:useFELayout/>"
        '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" '
        f'w:val="{traces.compatibility}"/></w:compat>{identifiers}'
        '<m:mathPr><m:mathFont m:val="Cambria Math"/></m:mathPr>'
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/>'
        '<w:clrSchemeMapping w:bg1="light1" w:t1="dark1" w:bg2="light2" w:t2="dark2" w:accent1="accent1" '
        'w:accent2="accent2" w:accent3="accent3" w:accent4="accent4" w:accent5="accent5" w:accent6="accent6" '
        'w:hyperlink="hyperlink" w:followedHyperlink="followedHyperlink"/>'
        '<w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>'
    ).encode()


def with_custom(data: bytes, traces: Traces) -> dict[str, bytes]:
    """The parts to replace so that the package carries custom properties; empty when the persona has none."""
    if not traces.custom:
        return {}
    package = zipfile.ZipFile(io.BytesIO(data))
    types = package.read("[Content_Types].xml").decode()
    relations = package.read("_rels/.rels").decode()
    kind = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
    return {
        "docProps/custom.xml": custom_properties(traces),
        "[Content_Types].xml": types.replace(
            "</Types>", f'<Override PartName="/docProps/custom.xml" ContentType="{kind}"/></Types>'
        ).encode(),
        "_rels/.rels": relations.replace(
            "</Relationships>",
            f'<Relationship Id="rIdCustom" Type="{NAMESPACE}/officeDocument/2006/relationships/custom-properties" '
            'Target="docProps/custom.xml"/></Relationships>',
        ).encode(),
    }
