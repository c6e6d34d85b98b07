"""Rule ids on every page lead to the lawbook, and on English pages citations of Chinese law are told in English."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import escape

from flask import Response
from flask_babel import get_locale  # type: ignore[import-untyped]

from portal import lawbook
from portal.words.citing import in_english, names

IDS = re.compile(r"\b(?:R-\d{3}|F-\d{1,2}|SVC-\d|CAT-\d)\b")
TOKENS = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+", re.DOTALL)
TAG = re.compile(r"</?([a-zA-Z0-9]+)")
UNREAD = frozenset({"script", "style", "textarea", "template", "code", "pre"})
"""Elements whose text is no words of the page: what is copied from there stays as it is."""
BARE = frozenset({"title", "option"})
"""Elements that take words and no markup."""
LINKLESS = frozenset({"h1", "a", "button", "svg", "label", "summary", "legend"}) | UNREAD | BARE
"""Elements in which no link may stand."""
PART = "第[（(]?[零一二三四五六七八九十百]+[）)]?"
ARTICLES = f"{PART}条(?:至{PART}条)?(?:{PART}款)?(?:{PART}项)?"
HAN = "\u3400-\u9fff"
HELD = re.compile(f"[{HAN}]")


def finish_page(response: Response) -> Response:
    """Link and translate a page of words; what is streamed, sent as a file or no page is left alone."""
    if response.is_streamed or response.direct_passthrough or response.mimetype != "text/html":
        return response
    english = str(get_locale() or "zh").startswith("en")
    body = response.get_data(as_text=True)
    if english or any(mark in body for mark in ("R-", "SVC-", "CAT-", "F-")):
        response.set_data(finished(body, english=english))
    return response


def finished(page: str, *, english: bool) -> str:
    """The page with every known rule id in its words a link and, in English, every citation of law translated."""
    out, inside = [], list[str]()
    for token in TOKENS.findall(page):
        if token.startswith("<"):
            out.append(token)
            found = TAG.match(token)
            name = found[1].lower() if found else ""
            if name in LINKLESS and not token.endswith("/>"):
                if not token.startswith("</"):
                    inside.append(name)
                elif name in inside:
                    inside.remove(name)
            continue
        if english and HELD.search(token) and not UNREAD.intersection(inside):
            token = _cited(token, bool(BARE.intersection(inside)))
        out.append(token if inside else IDS.sub(_link, token))
    return "".join(out)


@lru_cache(maxsize=4096)
def _cited(words: str, bare: bool) -> str:
    """The words with their citations in English; remembered, for every page tells the same ones."""
    return _citations().sub(_bare if bare else _told, words)


def _link(found: re.Match[str]) -> str:
    name = found[0]
    return f'<a class="rule" href="/rules/{name}">{name}</a>' if lawbook.knows(name) else name


def _bare(found: re.Match[str]) -> str:
    return escape(in_english(found[0]), quote=False)


def _told(found: re.Match[str]) -> str:
    return f'<span title="{escape(found[0])}">{_bare(found)}</span>'


@cache
def _citations() -> re.Pattern[str]:
    """A whole source of the lawbook, or a law by name with its articles, standing alone: not in Chinese prose."""
    whole = "|".join(re.escape(source) for source in sorted(lawbook.sources(), key=len, reverse=True))
    law = "|".join(re.escape(name) for name in names())
    one = f"《?(?:{law})》?(?:{ARTICLES}(?:、{ARTICLES})*)?"
    first = "".join(sorted({re.escape(text[0]) for text in (*lawbook.sources(), *names(), "《")}))
    return re.compile(f"(?<![{HAN}])(?=[{first}])(?:{whole}|{one}(?:[；、]{one})*)(?![{HAN}])")
