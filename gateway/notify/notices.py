"""The one planner of all that people are told: acknowledgements, decisions, answers, replies.

Plans, sends nothing. What goes by mail or fax is handed over by the outbox; a call and a letter stand there
until somebody of the desk does them. A mail that would not be right to send becomes a call or a letter
where the law wants the person told.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from gateway.core.item import written
from gateway.core.item.contact import Channel
from gateway.core.item.deadlines import Rules
from gateway.core.item.delivery import MAIL, About, Draft, Occasion, Plan
from gateway.core.item.item import Item
from gateway.core.item.notice import WAYS, NoticeKind, NoticeTemplate, first_way, notice_of
from gateway.mail.automatic import OWN_LOOP, why_no_answer
from gateway.notify.letterhead import Letterhead, thread
from gateway.notify.notice_text import Texts

FAX = "fax"


class Notices:
    """A planner. `sends` are the ways that are set up; `faxable` is the expression of numbers to dial."""

    def __init__(
        self, head: Letterhead, rules: Rules, sends: Collection[str], faxable: str = r"(?!)"
    ) -> None:
        self._head = head
        self._templates = rules.notices
        self._texts = Texts(head, rules)
        self._sends = frozenset(sends)
        self._faxable = re.compile(faxable)

    def plan(self, occasion: Occasion, about: About) -> Plan:
        kind = notice_of(occasion.topic, occasion.what)
        if kind is None:
            return Plan()
        template = self._templates[kind]
        if kind is NoticeKind.ACKNOWLEDGEMENT:
            return self._acknowledged(template, occasion, about)
        if kind is NoticeKind.REPLY:
            return self._replied(template, occasion, about)
        return self._decided(template, occasion, about)

    # ------------------------------------------------------------ by which way

    def _acknowledged(self, template: NoticeTemplate, occasion: Occasion, about: About) -> Plan:
        """By every way it came that can be answered; nobody is called or written to for it."""
        reach, why = self._reach(about), self._why_no_mail(about)
        drafts, notes = [], []
        if MAIL in reach and not why:
            drafts.append(self._draft(template, MAIL, reach[MAIL], occasion, about))
        elif MAIL in reach:
            notes.append(f"未发邮件：{why}")
        if FAX in reach and about.item.attachments:
            drafts.append(self._draft(template, FAX, reach[FAX], occasion, about))
        elif FAX in self._sends and about.item.channel == Channel.FAX and about.item.attachments:
            notes.append("未发传真回执：来电号码不可外拨传真")
        return Plan(tuple(drafts), tuple(notes))

    def _replied(self, template: NoticeTemplate, occasion: Occasion, about: About) -> Plan:
        """By the ways that whoever wrote it chose; no limit of automatic mail holds it up."""
        reach = self._reach(about)
        wanted = [way for way in occasion.facts.get("ways", "").split(",") if way in WAYS]
        there = [way for way in wanted if way in reach]
        drafts = tuple(self._draft(template, way, reach[way], occasion, about) for way in there)
        missing = (WAYS[way].zh for way in wanted if way not in reach)
        return Plan(drafts, tuple(f"未告知：没有可用的联系方式（{name}）" for name in missing))

    def _decided(self, template: NoticeTemplate, occasion: Occasion, about: About) -> Plan:
        """By one way: by mail if that can be, else by hand where the law wants it."""
        reach, notes = self._reach(about), []
        if MAIL in reach and (why := self._why_no_mail(about)):
            del reach[MAIL]
            if template.official:
                notes.append(f"未发邮件：{why}")
        way = first_way(reach, official=template.official)
        if not way:
            return Plan(notes=tuple(notes))
        return Plan((self._draft(template, way, reach[way], occasion, about),), tuple(notes))

    def _reach(self, about: About) -> dict[str, str]:
        """The address of each way that is set up and leads to the person."""
        item, person = about.item, about.item.person
        faxed = item.channel == Channel.FAX and self._faxable.fullmatch(person.phone)
        known = {
            MAIL: person.email if MAIL in self._sends else "",
            FAX: person.phone if faxed and FAX in self._sends else "",
            "phone": person.phone,
            "letter": person.address,
        }
        return {way: address for way, address in known.items() if address}

    def _why_no_mail(self, about: About) -> str:
        """RFC 3834 first, then the limits that end a loop of two who both do not declare themselves."""
        email = about.item.person.email
        own = {*self._head.own, self._head.sender.lower(), self._head.inbox.lower()} - {""}
        if about.item.channel == Channel.EMAIL and (why := why_no_answer(about.raw, own)):
            return f"自动邮件或非个人来信（{why}）"
        if email.lower() in own:
            return "收件人是本中心的地址"
        try:
            written.mailable(email)
        except ValueError as error:
            return str(error)
        if about.sent_today >= self._head.per_person:
            return "已达该邮箱每日上限"
        if about.sent_here >= self._head.per_item:
            return "已达该事项每日上限"
        return ""

    # ------------------------------------------------------------ what is sent

    def _draft(
        self, template: NoticeTemplate, way: str, address: str, occasion: Occasion, about: About
    ) -> Draft:
        composed = self._texts.of(template, way, occasion, about)
        content = {"subject": composed.subject, "text": composed.text}
        if way == FAX:
            del content["subject"]  # the sheet has a head of its own
        if composed.holds_code:
            content["code"] = about.query_code
        key = f"{way}:{occasion.topic}:{about.item.number}:{occasion.stamp}"
        reference = ""
        if way == MAIL:
            content |= self._mail_head(template.kind, occasion, about.item, about.raw)
            reference = content["message_id"].strip("<>")
        return Draft(key, way, address, content, reference, template.kind.value)

    def _mail_head(self, kind: NoticeKind, occasion: Occasion, item: Item, raw: bytes) -> dict[str, str]:
        """Ids, thread and address for answers of a mail. A reply was written by a person."""
        head, number = self._head, item.number
        message_id = head.marks.message_id(number, f"o{occasion.stamp}", head.sender.rpartition("@")[2])
        automatic = "auto-replied" if kind is NoticeKind.ACKNOWLEDGEMENT else "auto-generated"
        content = {"message_id": message_id, OWN_LOOP: "1"}
        content["auto_submitted"] = "no" if kind is NoticeKind.REPLY else automatic
        if head.inbox:
            content["reply_to"] = head.marks.answer_address(number, head.inbox)
        if before := thread(raw):
            content["in_reply_to"], content["references"] = before[-1], " ".join(before)
        return content
