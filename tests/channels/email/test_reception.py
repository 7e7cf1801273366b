"""What becomes of a mail: an item, a follow-up, or nothing new. On the real intake."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.channels.email.reception import PATIENCE, Fate, NotTaken, Reception, Taken
from gateway.core.item import number as numbers
from gateway.core.item.contact import Contact, Task
from gateway.core.item.item import ItemDetail, QueueQuery
from gateway.errors import StorageDown
from gateway.intake.virus_scan import Clamd
from tests.channels.email.conftest import House, arrival
from tests.mail.mails import INBOX, MARKS, mail
from tests.web.test_uploads import StandInClamd

SAMPLES = Path(__file__).resolve().parents[2] / "samples/mail"


async def only(house: House) -> ItemDetail:
    (one,) = await house.items()
    return one


def follow_ups(one: ItemDetail) -> list[str]:
    return [entry.text for entry in one.timeline if entry.what == "follow_up"]


async def test_a_mail_becomes_an_item_with_its_files(house: House, reception: Reception) -> None:
    raw = (SAMPLES / "file-name-raw-gbk.eml").read_bytes()
    taken = await reception.take(raw, arrival())
    one = await only(house)
    assert taken == Taken(one.item.number, Fate.ITEM)
    assert one.item.person.email == "zhang@example.cn"
    assert one.item.content == "主题：投诉\n\n证据见附件"
    assert [(a.name, a.media_type, a.role) for a in one.attachments] == [
        ("购物小票.jpg", "image/jpeg", "evidence"),
        ("原始邮件.eml", "message/rfc822", "raw"),
    ]
    assert house.storage.files.path(one.attachments[1].sha256).read_bytes() == raw
    assert house.storage.files.path(one.attachments[0].sha256).read_bytes() == b"\xff\xd8\xff\xe0picture"
    assert [due.clock for due in one.item.due] == ["decide_acceptance"]
    assert list((house.var / "spool").glob("*")) == []


async def test_a_script_in_a_subject_is_kept_as_text(house: House, reception: Reception) -> None:
    """The desk sets texts as text: tests/live/test_desk.py looks at such an item."""
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    await reception.take(mail(evil), arrival())
    assert (await only(house)).item.content == f"主题：{evil}\n\n商家拒绝退款"


FILES = """--b
Content-Type: text/plain

see
--b
Content-Type: image/png; name=bad.png

BAD
--b
Content-Type: text/plain; name=really-a.pdf

%PDF-1.7 good
--b--
"""


async def test_files_of_a_mail_are_told_by_their_bytes_and_shown_to_clamd(
    house: House, tmp_path: Path
) -> None:
    address = str(tmp_path / "clamd.socket")
    async with await asyncio.start_unix_server(StandInClamd(), address):
        reception = house.reception(Clamd(address))
        await reception.take(mail(text=FILES, Content_Type="multipart/mixed; boundary=b"), arrival())
        reception.close()
    kept = {a.name: (a.media_type, a.role) for a in (await only(house)).attachments}
    assert kept == {
        "bad.png": ("image/png", "quarantined"),
        "really-a.pdf": ("application/pdf", "evidence"),
        "原始邮件.eml": ("message/rfc822", "raw"),
    }


async def test_what_cannot_be_read_is_found_by_its_task(house: House, reception: Reception) -> None:
    await reception.take(mail(), arrival())
    raw = next(SAMPLES.glob("*empty*"), None)
    await reception.take_part(raw.read_bytes() if raw else b"x", arrival(), "imap:1", "太大")
    (one,) = await house.intake.page(QueueQuery(task=Task.UNREADABLE))
    assert "太大" in one.item.content


async def test_the_same_mail_by_another_way_is_the_same_item(house: House, reception: Reception) -> None:
    raw = mail(Message_ID="<1@example.cn>")
    first = await reception.take(raw, arrival())
    carried = b"Return-Path: <zhang@example.cn>\r\nReceived: from a by b; now\r\n" + raw + b"\r\n"
    assert await reception.take(carried, arrival(INBOX)) == Taken(first.number, Fate.REPEATED)
    assert await reception.take(raw.replace(b"\r\n", b"\n"), arrival()) == Taken(first.number, Fate.REPEATED)
    await only(house)


async def test_two_mails_with_one_forged_id_are_two(house: House, reception: Reception) -> None:
    await reception.take(mail(text="一", Message_ID="<1@example.cn>"), arrival())
    await reception.take(mail(text="二", Message_ID="<1@example.cn>"), arrival())
    assert len(await house.items()) == 2


async def test_a_known_sender_is_followed_up_by_number(house: House, reception: Reception) -> None:
    number = (await reception.take(mail(sender="Zhang@Example.CN"), arrival())).number
    spelled = f"{number[:6]} {number[6:11]}-{number[11]}"
    for subject in (
        f"Re: [{number}] 补充",
        f"回复：{spelled}",
        f"Re：{''.join(chr(ord(d) + 0xFEE0) for d in number)}",
    ):
        taken = await reception.take(mail(subject, f"补充材料 {subject}", "zhang@example.cn"), arrival())
        assert taken == Taken(number, Fate.FOLLOW_UP)
        assert (
            await reception.take(mail(subject, f"补充材料 {subject}", "zhang@example.cn"), arrival())
        ) == Taken(number, Fate.REPEATED)
    one = await only(house)
    assert len(follow_ups(one)) == 3
    assert "补充材料" in follow_ups(one)[0]
    assert [a.role for a in one.attachments] == ["raw"] * 4


async def test_a_stranger_cannot_append(house: House, reception: Reception) -> None:
    number = (await reception.take(mail(), arrival())).number
    taken = await reception.take(mail(f"Re: {number}", sender="other@example.org"), arrival())
    assert taken.fate is Fate.ITEM
    assert taken.number != number
    first, second = await house.items()
    assert follow_ups(first) == []
    assert f"主题中提到编号{number}，但发件人与该件登记的不符" in second.item.content


async def test_forged_marks_prove_nothing(house: House, reception: Reception) -> None:
    number = (await reception.take(mail(), arrival())).number
    token = "a" * 12
    forged = mail("Re", sender="other@example.org", In_Reply_To=f"<{number}.{token}.1@linfen.example>")
    taken = await reception.take(forged, arrival(f"12315+{number}.{token}@linfen.example"))
    assert taken.fate is Fate.ITEM
    assert len(await house.items()) == 2


async def test_an_answer_to_our_mail_is_a_follow_up(house: House, reception: Reception) -> None:
    number = (await reception.take(mail(), arrival())).number
    sent = MARKS.message_id(number, "x1", "linfen.example")
    by_reference = mail("Re: 受理通知", "一", References=f"<a@b.c> {sent}")
    by_address = mail("Re: 受理通知", "二", sender="work@example.org", To=MARKS.answer_address(number, INBOX))
    by_envelope = mail("Re: 受理通知", "三")
    assert (await reception.take(by_reference, arrival())).fate is Fate.FOLLOW_UP
    assert (await reception.take(by_address, arrival())).fate is Fate.FOLLOW_UP
    recipient = MARKS.answer_address(number, INBOX).upper()
    assert (await reception.take(by_envelope, arrival(recipient))).fate is Fate.FOLLOW_UP
    one = await only(house)
    notes = ["发件地址与登记的邮箱不同" in text for text in follow_ups(one)]
    assert notes == [False, True, False]


async def test_a_number_that_is_none_of_ours_is_a_new_item(house: House, reception: Reception) -> None:
    gone = numbers.make(date(2026, 11, 24), 77)
    to = MARKS.answer_address(gone, INBOX)
    assert (await reception.take(mail(f"Re: {gone}", To=to), arrival())).fate is Fate.ITEM
    await only(house)


async def test_our_own_mail_is_not_taken_in_again(house: House, reception: Reception) -> None:
    number = (await reception.take(mail(), arrival())).number
    ours = mail("受理通知", sender=INBOX, Message_ID=MARKS.message_id(number, "x1", "linfen.example"))
    assert await reception.take(ours, arrival()) == Taken("", Fate.OWN)
    assert follow_ups(await only(house)) == []


async def test_a_bounce_is_tied_to_its_item(house: House, reception: Reception) -> None:
    number = (await reception.take(mail(), arrival())).number
    sent = MARKS.message_id(number, "x1", "linfen.example").encode()
    report = (SAMPLES / "bounce.eml").read_bytes().replace(b"<abc@linfen.example>", sent)
    for fate in (Fate.BOUNCE, Fate.REPEATED):
        assert await reception.take(report, arrival(sender="")) == Taken(number, fate)
    ((of, bounce),) = house.bounces
    assert (of, bounce.status, bounce.recipient, bounce.final) == (number, "5.1.1", "zhang@example.cn", True)
    (text,) = follow_ups(await only(house))
    assert "邮件未能送达，zhang@example.cn，failed，5.1.1，550 no such user" in text


async def test_a_bounce_of_nothing_of_ours_is_still_an_item(house: House, reception: Reception) -> None:
    await reception.take((SAMPLES / "bounce.eml").read_bytes(), arrival(sender=""))
    assert "自动发出的邮件，不作答复" in (await only(house)).item.content
    assert house.bounces == []


async def test_what_cannot_be_read_is_an_item_with_its_original(house: House, reception: Reception) -> None:
    raw = (SAMPLES / "encrypted.eml").read_bytes()
    await reception.take(raw, arrival())
    one = await only(house)
    assert one.item.content.startswith("〔邮件无法正常读取〕")
    original = next(a for a in one.attachments if a.role == "raw")
    assert house.storage.files.path(original.sha256).read_bytes() == raw


async def test_with_storage_away_nothing_is_counted_against_a_mail(
    house: House, reception: Reception
) -> None:
    house.away = True
    with pytest.raises(StorageDown):
        await reception.take(mail(), arrival(), tries=PATIENCE)
    house.away = False
    assert (await reception.take(mail(), arrival())).fate is Fate.ITEM


async def test_a_mail_that_storage_will_not_have_is_kept_unread(house: House, reception: Reception) -> None:
    def poisonous(contact: Contact) -> bool:
        return "毒" in contact.content

    house.stuck = poisonous
    raw = mail(text="毒")
    for tries in range(PATIENCE):
        with pytest.raises(NotTaken):
            await reception.take(raw, arrival(), tries)
    assert (await reception.take(raw, arrival(), PATIENCE)).fate is Fate.ITEM
    one = await only(house)
    assert "多次处理失败" in one.item.content
    assert [a.role for a in one.attachments] == ["raw"]


async def test_what_a_crash_left_in_the_spool_is_cleared(house: House) -> None:
    left = house.var / "spool/abc"
    left.mkdir(parents=True)
    (left / "000").write_bytes(b"x")
    house.reception().close()
    assert not left.exists()


async def test_a_sender_hides_behind_the_envelope(house: House, reception: Reception) -> None:
    raw = mail().replace(b"From: zhang@example.cn\r\n", b"")
    await reception.take(raw, replace(arrival(), envelope_from="li@example.cn"))
    assert (await only(house)).item.person.email == "li@example.cn"
