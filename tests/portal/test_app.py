"""The application as a whole: it starts where it should, refuses where it must, answers in the reader's language."""

from __future__ import annotations

from tests.conftest import Browser


def test_home_answers(client: Browser) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "公共资源交易平台" in answer.get_data(as_text=True)
