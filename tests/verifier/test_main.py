"""The command: its exit codes and what it prints."""

import json
import random
import sys
from pathlib import Path

import pytest

from tests.verifier.tools import EMPTY, SPELLED, archive, save
from verifier import __main__ as program


def run(*arguments: str) -> int:
    """The exit code."""
    try:
        return program.main(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)


def test_good_is_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """With the lines an empty section can hold. Seen red: with `return 1` always."""
    names = {"container", "manifest", "credit", "warnings"}
    monkeypatch.setattr(program, "CLAIMS", [row for row in program.CLAIMS if row[0] in names])
    assert run(str(save(tmp_path, archive())), "--key", SPELLED) == 0
    printed = capfdbinary.readouterr().out.decode().splitlines()
    assert len(printed) == 5 and all(line.startswith("✓ ") and " / " in line for line in printed)


def test_wrong_is_one(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """And --json says the same of every line. Seen red: with any() for all() in main()."""
    assert run(str(save(tmp_path, archive())), "--json") == 1
    said = json.loads(capfdbinary.readouterr().out)
    assert said["good"] is False and [line["check"] for line in said["lines"]] == [row[0] for row in program.CLAIMS]
    holds = {line["check"]: line["holds"] for line in said["lines"]}
    assert holds["container"] and holds["manifest"] and not holds["policies"] and not holds["reports"]


@pytest.mark.parametrize(
    "arguments", [[], ["none.tar"], ["."], ["/dev/null"], [__file__, "--key", "x"], [__file__, "-z"]]
)
def test_misuse_is_two(arguments: list[str]) -> None:
    """Seen red: with is_file() left out, and with Key.read() outside its try."""
    assert run(*arguments) == 2


def test_no_bytes_raise(tmp_path: Path) -> None:
    """Noise, nothing, zeros, cuts. Seen red: with the test for a short block left out of _walk()."""
    chance, data = random.Random(1), archive(EMPTY, (b"x",))
    samples = [b"", bytes(512), bytes(1024), bytes(5000), chance.randbytes(5000), "报价".encode() * 999]
    samples += [data[: chance.randrange(len(data))] for _ in range(20)]
    for sample in samples:
        assert run(str(save(tmp_path, sample))) == 1


def test_nothing_of_the_archive_reaches_the_terminal_raw(tmp_path: Path) -> None:
    """Escapes and right-to-left marks in names are shown as '?'. Seen red: with the join in text() left out."""
    rows = [{"code": "\x1b[2J\u202e"}]
    lines = program.check(save(tmp_path, archive(EMPTY | {"warnings.json": {"scan": None, "warnings": rows}})))
    text = next(line.text() for line in lines if line.check == "warnings")
    assert text.isprintable() and "?[2J?" in text


def test_the_verifier_imports_nothing_of_the_platform() -> None:
    """Only the standard library, asn1crypto, cryptography, itself. Seen red: with `import core` in one of its files."""
    allowed = sys.stdlib_module_names | {"asn1crypto", "cryptography"}
    for path in Path(program.__file__).parent.glob("*.py"):
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and not words[1].startswith("."):
                assert words[1].split(".")[0].rstrip(",") in allowed, f"{path.name}: {line}"
