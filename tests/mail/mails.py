"""Plain mails for the tests, and the mark and address of the centre they are sent to."""

from __future__ import annotations

from gateway.mail.thread import Marks

MARKS = Marks(b"a secret that only the tests know")
INBOX = "12315@linfen.example"


def mail(
    subject: str = "投诉", text: str = "商家拒绝退款", sender: str = "zhang@example.cn", **more: str
) -> bytes:
    """A plain mail; further header fields by name, "_" for "-"."""
    fields = {"From": sender, "To": INBOX, "Subject": subject, "MIME-Version": "1.0"}
    fields |= {"Content-Type": "text/plain; charset=utf-8"}
    fields |= {name.replace("_", "-"): value for name, value in more.items()}
    return ("".join(f"{name}: {value}\r\n" for name, value in fields.items()) + f"\r\n{text}\r\n").encode()
