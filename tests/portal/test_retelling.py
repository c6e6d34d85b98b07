"""Sentences that were kept in Chinese, told again to who reads English."""

from __future__ import annotations

import pytest
from flask import Flask, request
from flask_babel import Babel

from portal.cli.language import CATALOGUES
from portal.words.retelling import retold


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("图片数据完全相同", "Identical image data"),
        ("误写“观查井”，应为“观察井”", "Written “观查井”; it should be “观察井”"),
        ("相同 106 字", "106 characters the same"),
        (
            "可比 76 项中 76 项，01 单价恰为 05 的 1.0150 倍（精确到分）",
            "Of 76 comparable items, in 76 the unit price of 01 is exactly 1.0150 times that of 05 (to the fen)",
        ),
        ("技术标.docx 第 3 章 基坑降水", "技术标.docx 第 3 章 基坑降水"),
        ("", ""),
    ],
)
def test_a_kept_sentence_is_recognised_with_its_facts(kept: str, told: str) -> None:
    """Seen red: with holes that have a number of decimals (%(ratio).4f) not recognised."""
    app = Flask(__name__)
    Babel(app, default_translation_directories=str(CATALOGUES), locale_selector=lambda: request.args["lang"])
    with app.test_request_context("/?lang=en"):
        assert retold(kept) == told
    with app.test_request_context("/?lang=zh"):
        assert retold(kept) == kept
