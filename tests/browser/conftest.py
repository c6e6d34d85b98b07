"""A real Chromium for the tests of this folder, and a way to put a Flask application on a local port."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; the tests are skipped aloud where it is not installed."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("NOT TESTED IN A BROWSER: no chromium on the path (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`new_page(width=390, javascript=True)`: a page of a new person in China; more keywords go to the context."""
    with ExitStack() as open_contexts:

        def make(width: int = 1280, *, javascript: bool = True, **options: Any) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": 900}, java_script_enabled=javascript,
                locale=options.pop("locale", "zh-CN"), timezone_id="Asia/Shanghai", **options,
            )  # fmt: skip
            open_contexts.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(10_000)
            return page

        yield make


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """`serve(app)` answers on a local port until the test ends and returns its address."""
    with ExitStack() as running:

        def start(app: Any) -> str:
            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            running.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start
