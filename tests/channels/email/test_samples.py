"""Raw mails in, what an agent gets out: one line of expected.json for each sample on the disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.channels.email import contact as email
from gateway.core.item.contact import Channel, Kind
from gateway.mail.message import read

SAMPLES = Path(__file__).resolve().parents[2] / "samples/mail"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
ARRIVAL = email.Arrival("test", datetime(2026, 11, 24, 1, 0, tzinfo=UTC))


def test_every_sample_is_expected() -> None:
    assert sorted(path.stem for path in SAMPLES.glob("*.eml")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_sample(name: str, tmp_path: Path) -> None:
    raw, wanted = (SAMPLES / f"{name}.eml").read_bytes(), EXPECTED[name]
    message = read(raw)
    files = email.keep_files(message, tmp_path)
    contact = email.contact(message, ARRIVAL, "key", raw, files)
    assert contact.channel == Channel.EMAIL
    assert contact.kind is Kind.UNSORTED
    assert raw.startswith(contact.raw), "its head; the whole mail is a file"
    assert message.subject == wanted.get("subject", "")
    assert wanted.get("name", "") == contact.person.name
    assert wanted.get("contains", "") in message.text
    assert "contains" in wanted or message.text == wanted.get("text", "")
    assert [one.name for one in files] == wanted.get("files", [])
    assert all(Path(one.path).stat().st_size for one in files)
    assert wanted.get("note", "") in "".join(message.notes)
    assert bool(message.notes) == ("note" in wanted)
    assert wanted.get("unreadable", "") in message.unreadable
    assert (
        bool(message.unreadable) == ("unreadable" in wanted) == contact.content.startswith(email.UNREADABLE)
    )
    assert message.automatic == wanted.get("automatic", "")
    assert _bounce(message.bounce) == wanted.get("bounce")


def _bounce(found: Any) -> list[Any] | None:
    if found is None:
        return None
    return [found.action, found.status, found.recipient, found.diagnostic, list(found.originals)]


def test_line_ends_do_not_matter() -> None:
    for path in SAMPLES.glob("*.eml"):
        raw = path.read_bytes()
        crlf, lf = read(raw), read(raw.replace(b"\r\n", b"\n"))
        assert (crlf.subject, crlf.text, crlf.notes) == (lf.subject, lf.text, lf.notes), path.name


def test_html_is_made_harmless(tmp_path: Path) -> None:
    message = read((SAMPLES / "html-only.eml").read_bytes())
    for bad in ("<script", "<img", "track.example", "javascript:", "onclick", "<style"):
        assert bad not in message.html
    assert "<b>手机</b>" in message.html
    (page,) = email.keep_files(message, tmp_path)
    assert (page.role, page.media_type) == ("body", "text/html")
