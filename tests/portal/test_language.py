"""The commands speak the terminal's language: Chinese unless it asks for English, in help, usage and errors."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from portal.cli.language import terminal_language


def run(*arguments: str, lang: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    return subprocess.run(
        [sys.executable, "-c", "from portal.cli import main; main()", *arguments],
        env={**plain, "LANG": lang, "PYTHONUTF8": "1"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    "lang,language", [("C.UTF-8", "zh"), ("", "zh"), ("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("en", "en")]
)
def test_english_only_where_the_terminal_asks_for_it(monkeypatch: pytest.MonkeyPatch, lang: str, language: str) -> None:
    """Seen red: with locale.normalize, which takes "C" for American English."""
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", lang)
    assert terminal_language() == language


def test_a_misused_command_is_told_so_in_chinese_or_english() -> None:
    """Seen red: without `speak` in `main`."""
    told = run("serve", "--port", "99999")
    assert told.returncode == 2
    assert "'--port' 的值不对：99999 不在范围 1<=x<=65535 内。" in told.stderr
    assert "99999 is not in the range" in run("serve", "--port", "99999", lang="en_US.UTF-8").stderr


def test_help_is_in_chinese() -> None:
    """Seen red: without `translate` in `Lazy.get_command`."""
    assert "从 ARCHIVE 重算回执" in run("verify", "--help").stdout
