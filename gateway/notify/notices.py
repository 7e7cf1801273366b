"""The one planner of all that people are told: acknowledgements, decisions, answers, replies.

Plans, sends nothing. What goes by mail or fax is handed over by the outbox; a call and a letter stand there
until somebody of the desk does them. A mail that would not be right to send becomes a call or a letter
where the law wants the person told.
"""

from __future__ import annotations

import json
from dataclasses import replace

from gateway.core.item import written
from gateway.core.item.contact import Channel
from gateway.core.item.deadlines import Rules
from gateway.core.item.delivery import MAIL, About, Draft, Occasion, Plan
from gateway.core.item.item import Item
from gateway.core.item.notice import (
    TOLD,
    WAYS,
    NoticeKind,
    NoticeTemplate,
    Sending,
    first_way,
    is_secret,
    notice_of,
    reach,
)
from gateway.mail.automatic import OWN_LOOP, why_no_answer
from gateway.mail.thread import conversation
from gateway.notify.letterhead import Letterhead
from gateway.notify.notice_text import Texts

FAX = "fax"
SMS = "sms"


class Notices:
    """A planner. `sending` tells which ways are set up."""

    def __init__(self, head: Letterhead, rules: Rules, sending: Sending) -> None:
        self._head = head
        self._templates = rules.notices
        self._texts = Texts(head, rules, sending.sms_segments)
        self._sending = sending

    def plan(self, occasion: Occasion, about: About) -> Plan:
        kind = notice_of(occasion.topic, occasion.what)
        if kind is None:
            return Plan()
        template = self._templates[kind]
        if occasion.facts.get("ways"):
            return self._chosen(template, occasion, about)
        if kind is NoticeKind.ACKNOWLEDGEMENT:
            return self._acknowledged(template, occasion, about)
        plan = self._decided(template, occasion, about)
        return self._both_sides(plan, occasion, about) if kind is NoticeKind.MEDIATION_ENDED else plan

    def _both_sides(self, plan: Plan, occasion: Occasion, about: About) -> Plan:
        """The business is told of the end of a mediation as well: by hand, since nothing is sent to it."""
        side = about.item.respondent
        leads_to = {way: to for way, to in (("phone", side.phone), ("letter", side.address)) if to}
        way = first_way(leads_to, official=True)
        if not way:
            note = "被投诉人没有电话和地址，请另行告知终止调解"
            return replace(plan, notes=(*plan.notes, note))
        template = self._templates[NoticeKind.OTHER_SIDE_TOLD]
        draft = self._draft(template, way, leads_to[way], occasion, about)
        content = {name: value for name, value in draft.content.items() if name != "occasion"}  # no other way
        theirs = replace(draft, key=f"{draft.key}:other", content=content)
        return replace(plan, drafts=(*plan.drafts, theirs))

    # ------------------------------------------------------------ by which way

    def _acknowledged(self, template: NoticeTemplate, occasion: Occasion, about: About) -> Plan:
        """By every way it came that can be answered; nobody is called or written to for it."""
        leads_to, why = self._reach(about), self._why_no_mail(about)
        drafts, notes = [], []
        if MAIL in leads_to and not why:
            drafts.append(self._draft(template, MAIL, leads_to[MAIL], occasion, about))
        elif MAIL in leads_to:
            notes.append(f"未发邮件：{why}")
        if FAX in leads_to and about.item.attachments:
            drafts.append(self._draft(template, FAX, leads_to[FAX], occasion, about))
        elif FAX in self._sending.ways and about.item.channel == Channel.FAX and about.item.attachments:
            notes.append("未发传真回执：来电号码不可外拨传真")
        return Plan(tuple(drafts), tuple(notes))

    def _chosen(self, template: NoticeTemplate, occasion: Occasion, about: About) -> Plan:
        """By the ways that somebody of the desk chose; no limit of automatic mail holds it up."""
        leads_to = self._reach(about)
        wanted = [way for way in occasion.facts.get("ways", "").split(",") if way in WAYS]
        reachable = [way for way in wanted if way in leads_to]
        drafts = tuple(self._draft(template, way, leads_to[way], occasion, about) for way in reachable)
        missing = (WAYS[way].zh for way in wanted if way not in leads_to)
        return Plan(drafts, tuple(f"未告知：没有可用的联系方式（{name}）" for name in missing))

    def _decided(self, template: NoticeTemplate, occasion: Occasion, about: About) -> Plan:
        """By one way: by mail if that can be, else by hand where the law wants it."""
        leads_to, notes = self._reach(about), []
        official = template.official and self._concerns(template.kind, occasion, about.item)
        if MAIL in leads_to and (why := self._why_no_mail(about)):
            del leads_to[MAIL]
            if official:
                notes.append(f"未发邮件：{why}")
        way = first_way(leads_to, official=official)
        if not way:
            return Plan(notes=tuple(notes))
        return Plan((self._draft(template, way, leads_to[way], occasion, about),), tuple(notes))

    def _concerns(self, kind: NoticeKind, occasion: Occasion, item: Item) -> bool:
        """Is it told by hand too, where there is no mail? Not an answer that stays inside, nor that something
        was taken back which was not told by hand itself."""
        if kind is NoticeKind.ANSWERED:
            return bool(occasion.facts.get("told"))
        if kind is not NoticeKind.RETRACTED:
            return True
        before = TOLD.get(occasion.facts.get("event", ""))
        inside = before is NoticeKind.ANSWERED and is_secret(item)
        return before is not None and self._templates[before].official and not inside

    def _reach(self, about: About) -> dict[str, str]:
        leads_to = reach(about.item.channel, about.item.person, self._sending)
        if is_secret(about.item):
            leads_to.pop(SMS, None)  # a telephone lies on the table: others read it
        return leads_to

    def _why_no_mail(self, about: About) -> str:
        """RFC 3834 first, then the limits that end a loop of two who both do not declare themselves."""
        email = about.item.person.email
        own = {*self._head.own, self._head.sender.lower(), self._head.inbox.lower()} - {""}
        if about.item.channel == Channel.EMAIL and (why := why_no_answer(about.raw, own)):
            return f"自动邮件或非个人邮件（{why}）"
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
        if way in (FAX, SMS):
            del content["subject"]  # the sheet has a head of its own, a short message none
        facts = {name: value for name, value in occasion.facts.items() if name != "ways"}
        again = {"what": occasion.what or template.kind.value, **facts}
        content["occasion"] = json.dumps(again, ensure_ascii=False)
        if composed.holds_code:
            content["code"] = about.query_code
        key = f"{way}:{occasion.topic}:{about.item.number}:{occasion.stamp}"
        reference = ""
        if way == MAIL:
            content |= self._mail_head(template.kind, occasion, about)
            reference = content["message_id"].strip("<>")
        return Draft(key, way, address, content, reference, template.kind.value)

    def _mail_head(self, kind: NoticeKind, occasion: Occasion, about: About) -> dict[str, str]:
        """Ids, thread and address for answers of a mail: it answers the last one of the person. A reply was
        written by a person."""
        head, number = self._head, about.item.number
        message_id = head.marks.message_id(number, f"o{occasion.stamp}", head.sender.rpartition("@")[2])
        automatic = "auto-replied" if kind is NoticeKind.ACKNOWLEDGEMENT else "auto-generated"
        content = {"message_id": message_id, OWN_LOOP: "1"}
        content["auto_submitted"] = "no" if kind is NoticeKind.REPLY else automatic
        if head.inbox:
            content["reply_to"] = head.marks.answer_address(number, head.inbox)
        if before := about.thread or conversation(about.raw):
            content["in_reply_to"], content["references"] = before[-1], " ".join(before)
        return content
