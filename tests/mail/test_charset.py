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


def test_gbk_far_behind_ascii_is_no_utf8() -> None:
    text = "x" * 30_000 + "商家拒绝退款"
    assert decode(text.encode("gbk"), "gbk").text == text


@pytest.mark.parametrize("cut", range(1, 4))
def test_utf8_with_bytes_missing_beats_a_chinese_label(cut: int) -> None:
    found = decode("我要投诉，商家拒绝退款".encode()[:-cut] + b"\r\n", "gbk")
    assert found.text.startswith("我要投诉，商家拒绝退")


@pytest.mark.parametrize(
    "charset", ["iso-8859-1", "windows-1252", "iso-8859-15", "windows-1250", "iso-8859-2"]
)
@pytest.mark.parametrize("text", ["Ärger", "über", "à", "ÄÖÜß", "é É", "Müller-Café"])
def test_western_charsets_are_believed(text: str, charset: str) -> None:
    data = text.encode(charset, "ignore")
    assert decode(data, charset).text == data.decode(charset)
