"""Marks, numbers in subjects, what makes two mails one, and who gets no answer."""

from __future__ import annotations

import random
from datetime import date

import pytest

from gateway.core.item import number as numbers
from gateway.mail.automatic import why_no_answer
from gateway.mail.identity import key_of
from gateway.mail.thread import Marks, hints, numbers_in
from tests.mail.mails import INBOX, MARKS, mail

NUMBER = numbers.make(date(2026, 11, 24), 1)
OTHER = numbers.make(date(2026, 11, 24), 2)


def test_a_mark_comes_back_from_any_place() -> None:
    address = MARKS.answer_address(NUMBER, INBOX)
    assert address.startswith(f"12315+{NUMBER}.")
    assert address.endswith("@linfen.example")
    assert MARKS.number_in([address.upper()]) == NUMBER
    assert MARKS.number_in(["a@b", MARKS.message_id(NUMBER, "x9", "linfen.example")]) == NUMBER


def test_a_mark_is_good_for_its_number_and_installation_alone() -> None:
    token = MARKS.token(NUMBER)
    assert MARKS.number_in([f"12315+{OTHER}.{token}@linfen.example"]) == ""
    assert Marks(b"another secret, sixteen or more").number_in([MARKS.answer_address(NUMBER, INBOX)]) == ""
    with pytest.raises(ValueError, match="16 bytes"):
        Marks(b"short")


def test_a_subject_only_claims() -> None:
    said = hints(MARKS, f"Re: {NUMBER}", (), ())
    assert (said.proved, said.claimed) == ("", (NUMBER,))


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        (f"回复：[12315] 受理通知 {NUMBER}", (NUMBER,)),
        (f"{NUMBER[:6]}-{NUMBER[6:11]}-{NUMBER[11]}", (NUMBER,)),
        (f"关于{NUMBER}和{OTHER}的补充", (NUMBER, OTHER)),
        (f"\u200b{NUMBER[:6]}\u202d\u00a0{NUMBER[6:]}\u202c", (NUMBER,)),
        (f"{NUMBER[:-1]}{(int(NUMBER[-1]) + 1) % 10}", ()),
        (f"0{NUMBER}", ()),
        ("电话 13835712345 或 0357-12315", ()),
        ("1 " * 5000, ()),
    ],
)
def test_numbers_in_a_subject(subject: str, found: tuple[str, ...]) -> None:
    assert numbers_in(subject) == found


def test_what_carriers_add_makes_no_other_mail() -> None:
    raw = mail()
    carried = b"Received: by x\r\n\tfor y\r\nDelivered-To: z\r\nX-Spam-Score: 1\r\n" + raw + b"\r\n\r\n"
    assert key_of(carried) == key_of(raw) == key_of(raw.replace(b"\r\n", b"\n"))
    assert key_of(raw) != key_of(mail(text="别的"))
    assert key_of(raw) != key_of(mail(Date="today"))
    assert len(key_of(raw)) <= 100


def test_a_piece_boundary_makes_no_other_mail() -> None:
    body = random.Random(1).randbytes(3 << 20).replace(b"\r", b"").replace(b"\n", b"\r\n")
    raw = mail() + body + b"x"
    assert key_of(raw) == key_of(raw.replace(b"\r\n", b"\n"))


@pytest.mark.parametrize(
    "more",
    [
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"List_Id": "<a.b>"},
        {"Precedence": "Bulk"},
        {"X_Autoreply": "yes"},
        {"Return_Path": "<>"},
        {"X_Hotline_Loop": "1"},
        {"Content_Type": "multipart/report; report-type=disposition-notification; boundary=b"},
        {"From": "Mail Delivery <MAILER-DAEMON@example.cn>"},
        {"From": "noreply@example.cn"},
        {"From": f"12315 <{INBOX.upper()}>"},
        {"From": "12315+261124.abc@linfen.example"},
        {"From": "nobody at all"},
    ],
)
def test_no_answer(more: dict[str, str]) -> None:
    assert why_no_answer(mail(**more), {INBOX})


def test_a_person_may_have_an_answer() -> None:
    assert why_no_answer(mail(Auto_Submitted="no", Return_Path="<zhang@example.cn>"), {INBOX}) == ""
