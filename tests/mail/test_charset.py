"""Bytes whose charset nobody tells: Chinese that happens to be UTF-8 as well, and what only looks like it."""

from __future__ import annotations

import pytest

from gateway.mail.charset import decode


@pytest.mark.parametrize("text", ["小票.png", "投诉", "联通", "赵六", "合同.pdf", "收据 1"])
@pytest.mark.parametrize("charset", ["gb18030", "utf-8"])
def test_short_chinese(text: str, charset: str) -> None:
    assert decode(text.encode(charset)).text == text


@pytest.mark.parametrize(
    "text", ["café", "Zoë Müller–Lüdenscheidt", "Привет мир", "дом", "Ελλάδα", "שלום", "한국어"]
)
def test_others_stay_what_they_are(text: str) -> None:
    assert decode(text.encode()).text == text
