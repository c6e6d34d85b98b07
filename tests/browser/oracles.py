"""What must hold of every page, measured in a real browser: axe alone passes pages that people cannot read.

Each oracle takes a Playwright page and returns the problems it sees as sentences; none means sound. `assert_sound` asks
all of them at the page's present width, `WIDTHS` are the widths to try. `Watch` listens for console errors and refusals
of the content security policy from before the first request on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

WIDTHS = (390, 768, 1280)
AXE = Axe()
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def overflow(page: Page) -> list[str]:
    """Nothing makes the page scroll sideways."""
    found: list[str] = page.evaluate(
        """() => {
          const root = document.documentElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          const wide = [...document.querySelectorAll("body *")].filter((element) =>
            element.getBoundingClientRect().right > root.clientWidth + 1 &&
            ![...element.children].some((child) => child.getBoundingClientRect().right > root.clientWidth + 1));
          return [`page is ${root.scrollWidth} wide, window ${root.clientWidth}: ` +
            wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)).join(" | ")];
        }"""
    )
    return found


def wrapped(page: Page) -> list[str]:
    """No number, hash, tag or time is broken over two lines, and no column is one sign wide."""
    found: list[str] = page.evaluate(
        """() => {
          const lines = (element) => {
            const range = document.createRange();
            const tops = [];
            const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
              if (!walker.currentNode.textContent.trim()) continue;
              range.selectNodeContents(walker.currentNode);
              for (const box of range.getClientRects()) {
                if (box.width && !tops.some((top) => Math.abs(top - box.top) < box.height / 2)) tops.push(box.top);
              }
            }
            return tops.length;
          };
          const shown = (element) => element.getClientRects().length && !element.closest(".visually-hidden, svg");
          const broken = [...document.querySelectorAll(".num, .mono, .tag, time")]
            .filter((element) => shown(element) && !element.matches("table, tr, td.num, th.num") && lines(element) > 1)
            .map((element) => `broken over lines: ${element.outerHTML.slice(0, 160)}`);
          const columns = [...document.querySelectorAll("td, th, dd, .tag, .button")]
            .filter((element) => shown(element) && lines(element) > 2 &&
              lines(element) >= [...element.textContent.replace(/\\s/g, "")].length)
            .map((element) => `one sign a line: ${element.outerHTML.slice(0, 160)}`);
          return broken.concat(columns);
        }"""
    )
    return found


def overlaps(page: Page) -> list[str]:
    """No two texts of a drawing lie on each other."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("svg")].flatMap((svg) => {
          const texts = [...svg.querySelectorAll("text")]
            .map((text) => [text.textContent, text.getBoundingClientRect()]);
          const beside = (a, b) => a.left >= b.right - 1 || b.left >= a.right - 1;
          const below = (a, b) => a.top >= b.bottom - 3 || b.top >= a.bottom - 3;
          return texts.flatMap(([one, a], index) => texts.slice(index + 1)
            .filter(([, b]) => !beside(a, b) && !below(a, b)).map(([other]) => `"${one}" lies on "${other}"`));
        })"""
    )
    return found


def empty_figures(page: Page, least: int = 1) -> list[str]:
    """Every figure has drawn marks, a title and a description; a blank chart makes no console error."""
    found: list[str] = page.evaluate(
        """(least) => [...document.querySelectorAll("figure svg")].flatMap((svg) => {
          const marks = [...svg.querySelectorAll(".mark")].filter((mark) => {
            const box = mark.getBoundingClientRect();
            return box.width > 0 && box.height > 0;
          });
          const named = (svg.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean)
            .every((id) => document.getElementById(id)?.textContent.trim()) && svg.hasAttribute("aria-labelledby");
          return [
            ...(marks.length < least ? [`figure with ${marks.length} marks: ${svg.textContent.slice(0, 60)}`] : []),
            ...(named ? [] : [`figure without title or description: ${svg.outerHTML.slice(0, 120)}`]),
          ];
        })""",
        least,
    )
    return found


def accessibility(page: Page, contrast: bool = True) -> list[str]:
    """axe finds nothing at level AA of WCAG 2.2, nor against its good practices; contrast takes it half of its time."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    options = {
        "runOnly": STANDARDS,
        "resultTypes": ["violations"],
        "rules": {"color-contrast": {"enabled": contrast}},
    }
    violations: list[dict[str, Any]] = page.evaluate(
        "options => axe.run(options).then((told) => told.violations)", options
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for violation in violations
        for node in violation["nodes"]
    ]


def small_targets(page: Page, least: int = 24, buttons: int = 44) -> list[str]:
    """What is pressed is at least `least` px each way, a button `buttons` high; links inside a sentence are exempt."""
    found: list[str] = page.evaluate(
        """([least, buttons]) => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
          .filter((element) => {
            const box = element.getBoundingClientRect();
            if (!box.width || element.closest(".skip, .visually-hidden") || element.type === "hidden") return false;
            if (element.matches("a") && getComputedStyle(element).display === "inline") {
              const around = element.parentElement.textContent.trim();
              if (around !== element.textContent.trim()) return false;
            }
            return box.height < least || box.width < least || (element.matches(".button") && box.height < buttons);
          })
          .map((element) => {
            const box = element.getBoundingClientRect();
            return `target of ${box.width.toFixed(0)} × ${box.height.toFixed(0)}: ${element.outerHTML.slice(0, 120)}`;
          })""",
        [least, buttons],
    )
    return found


def identity(page: Page) -> list[str]:
    """The page has a title of its own, one h1 with words, a language and no id twice."""
    found: list[str] = page.evaluate(
        """() => {
          const heads = document.querySelectorAll("h1");
          const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
          return [
            ...(document.title.split(" · ")[0].trim() ? [] : ["no title"]),
            ...(heads.length === 1 && heads[0].textContent.trim() ? [] : [`${heads.length} h1`]),
            ...(["zh-CN", "en"].includes(document.documentElement.lang) ? [] : ["no language"]),
            ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `id twice: ${id}`),
          ];
        }"""
    )
    return found


def inline_style(page: Page) -> list[str]:
    """No style attribute and no inline handler: the policy drops them, and people see something else than meant."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("*")]
          .filter((element) => [...element.attributes].some(({ name }) => name === "style" || /^on[a-z]+$/.test(name)))
          .map((element) => `inline style or handler: ${element.outerHTML.slice(0, 120)}`)"""
    )
    return found


class Watch:
    """Collects console errors, page errors and failed requests of a page from now on."""

    def __init__(self, page: Page, allowed: Callable[[str], bool] = lambda problem: False) -> None:
        self._found: list[str] = []
        self._allowed = allowed
        page.on("console", lambda message: self._note(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("response", self._answered)

    def _note(self, problem: str) -> None:
        if not self._allowed(problem):
            self._found.append(problem)

    def _answered(self, response: Response) -> None:
        if response.status >= 500 or (response.status == 404 and response.request.resource_type != "document"):
            self._note(f"{response.status} {response.url}")

    def problems(self) -> list[str]:
        """Return what was seen since the watch began."""
        return list(self._found)


ORACLES: tuple[Callable[[Page], list[str]], ...] = (
    overflow, wrapped, overlaps, empty_figures, accessibility, small_targets, identity, inline_style,
)  # fmt: skip


def accessibility_but_contrast(page: Page) -> list[str]:
    """`accessibility` for a second look at a page whose colours were looked at."""
    return accessibility(page, contrast=False)


WITHOUT_CONTRAST = tuple(accessibility_but_contrast if oracle is accessibility else oracle for oracle in ORACLES)


def problems(
    page: Page, watch: Watch | None = None, oracles: tuple[Callable[[Page], list[str]], ...] = ORACLES
) -> list[str]:
    """Return what any oracle sees on the page as it stands."""
    found = [f"{oracle.__name__}: {problem}" for oracle in oracles for problem in oracle(page)]
    return found + ([f"console: {problem}" for problem in watch.problems()] if watch else [])


def problems_at_widths(page: Page, watch: Watch) -> list[str]:
    """Return what any oracle sees on the page on a phone and on a desk; contrast, which no width changes, only once."""
    page.wait_for_load_state()  # after a form was sent what is waited for may stand before its style does
    found = []
    for width, oracles in ((390, ORACLES), (1280, WITHOUT_CONTRAST)):
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{page.url} at {width}: {problem}" for problem in problems(page, watch, oracles)]
    return found


def assert_sound(page: Page, watch: Watch | None = None) -> None:
    """Fail with every problem of the page as it stands."""
    found = problems(page, watch)
    assert not found, f"{page.url} at {page.viewport_size}:\n" + "\n".join(found)


def assert_titles_differ(titles: Iterable[tuple[str, str]]) -> None:
    """Fail where two (address, title) share a title: people tell tabs and bookmarks apart by it."""
    seen: dict[str, str] = {}
    for address, title in titles:
        assert title not in seen, f"{address} and {seen[title]} are both called {title!r}"
        seen[title] = address
