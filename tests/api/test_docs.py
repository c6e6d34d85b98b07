"""docs/API.md says what is so: every curl in it is run against the site, in order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from accounts.rules import Role
from core.act import Platform
from tests.api.test_tokens import token_of
from tests.bidding.stage import Stage
from tests.conftest import Browser

FILE = Path(__file__).resolve().parents[2] / "docs" / "API.md"
SCOPES = ["account:read", "tokens:write", "drafts:read", "drafts:write", "webhooks:read", "webhooks:write"]


def commands() -> list[tuple[list[str], int]]:
    """Every curl of the page as its words, with the status beside it."""
    blocks = re.findall(r"```sh\n(.*?)```", FILE.read_text(encoding="utf-8"), re.DOTALL)
    found = []
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        command, _, status = line.rpartition("#")
        if command.strip():
            found.append((shlex.split(command), int(status)))
    return found


def test_every_curl_of_the_page_is_answered_as_it_says(client: Browser, platform: Platform) -> None:
    """Seen red: with a status in the page changed."""
    assert Stage(platform).publish().code == "ZB2026-00001-01"
    token = token_of(platform, Role.TENDEREE, SCOPES)["Authorization"].removeprefix("Bearer ")
    named = {"$AT": "/api/v1", "$TOKEN": token, "$ETAG": "", "$PLACE": ""}
    ran = 0
    for words, status in commands():
        assert words[0] == "curl"
        for name, value in named.items():
            words = [word.replace(name, value) for word in words]
        headers, method, data, address = {}, "", None, ""
        rest = iter(words[1:])
        for word in rest:
            if word == "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            elif word == "-X":
                method = next(rest)
            elif word == "-d":
                data = next(rest)
            else:
                address = word
        answer = client.open(
            address, method=method or ("POST" if data else "GET"), headers=headers, data=data, plain=True
        )
        assert answer.status_code == status, (words, answer.get_data(as_text=True))
        named["$ETAG"] = answer.headers.get("ETag", named["$ETAG"])
        if "Location" in answer.headers:
            named["$PLACE"] = answer.headers["Location"].removeprefix("/api/v1")
        ran += 1
    assert ran == FILE.read_text(encoding="utf-8").count("curl ") > 25
