"""What people are told: the texts by which way, really received, and what shows that they were told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.channels.registry import REGISTRY
from gateway.core.item.contact import Kind, Person, Respondent
from gateway.core.item.delivery import DeliveryState
from gateway.core.item.item import QueueQuery
from gateway.core.item.notice import PLACEHOLDERS, NoticeKind, filled, first_way, placeholders
from gateway.core.item.states import Event
from gateway.errors import RuleError
from gateway.intake.decisions import Act
from gateway.rules.load import load_rules
from tests.notify.conftest import RULES, House
from tests.notify.mail_server import MailServer
from tests.notify.test_mail_out import plan

ANSWER = "经调解，商家同意退款1299元，三日内原路退回。"
PAPERS = "购物小票原件照片"


async def decided(house: House, number: str, *acts: Act) -> None:
    await house.intake.claim("agent1", QueueQuery(), number)
    for act in acts:
        await house.matters.act(number, "agent1", act)


async def test_the_answer_stands_in_the_mail(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port))
    number = (await house.form(county="141002")).number
    await decided(house, number, Act(Event.ACCEPT), Act(Event.ANSWER, {"text": ANSWER}))
    mails = await server.until(3)
    accepted, answered = mails[1].get_content(), mails[2].get_content()
    assert "尧都区市场监督管理局" in accepted and "调解期限" in accepted
    assert answered.count(ANSWER) == 2, "above and in the English half"
    (sent, *_) = await house.until(DeliveryState.SENT, 3)
    assert sent.draft.notice == "answered" and ANSWER in sent.draft.content["text"]
    assert sent.draft.reference in sent.proof and "OK" in sent.proof


async def test_a_refusal_tells_ground_basis_and_the_ways_left(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port))
    number = (await house.form()).number
    await decided(house, number, Act(Event.REFUSE_ACCEPTANCE, {"text": "内部说明"}, 3))
    text = (await server.until(2))[1].get_content()
    assert "不是为生活消费需要" in text and "第十六条第（3）项" in text
    assert "提请仲裁机构仲裁" in text and "人民法院" in text and "内部说明" not in text


async def test_the_end_of_a_mediation_tells_ground_and_ways_left(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port))
    receipt = await house.form()
    ended = Act(Event.END_MEDIATION, {"text": "内部说明"}, 3)
    await decided(house, receipt.number, Act(Event.ACCEPT), ended)
    text = (await server.until(3))[2].get_content()
    assert "无法达成调解协议" in text and "第二十三条第一款第（3）项" in text and "人民法院" in text
    assert "内部说明" not in text
    state = await house.intake.public_state(receipt.number, receipt.query_code, "web:1")
    assert state and state.steps[-1].zh == "已终止调解" and "无法达成调解协议" in state.steps[-1].text
    assert [due.clock for due in state.due] == ["tell_mediation_ended"]


async def test_the_business_is_told_by_hand_that_a_mediation_ended(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port))
    receipt = await house.form(respondent=Respondent("某电器商行", "鼓楼街 1 号", "03572020088"))
    ended = Act(Event.END_MEDIATION, {"text": "内部说明"}, 3)
    await decided(house, receipt.number, Act(Event.ACCEPT), ended)
    await server.until(3)
    rows = await house.storage.outbox.list(None, receipt.number, 0, 20)
    (theirs,) = [row for row in rows if row.draft.notice == NoticeKind.OTHER_SIDE_TOLD]
    assert (theirs.draft.way, theirs.draft.address) == ("phone", "03572020088")
    text = theirs.draft.content["text"]
    assert "已终止调解" in text and "达成" in text and "第二十三条第一款第（3）项" in text
    assert not any(word in text for word in (receipt.query_code, "张三", "内部说明", "人民法院"))


async def test_which_papers_are_wanted(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port))
    number = (await house.form()).number
    await decided(house, number, Act(Event.WAIT_FOR_PAPERS, {"papers": PAPERS, "text": "内部说明"}))
    mail = (await server.until(2))[1]
    assert f"需要补充：{PAPERS}" in mail.get_content() and "请补充材料" in mail["Subject"]
    assert "内部说明" not in mail.get_content()


@pytest.mark.parametrize(("kind", "settings"), [(Kind.COMPLAINT, '["question"]'), (Kind.REPORT, "")])
async def test_an_answer_that_is_held_back_says_where_it_is(
    house: House, server: MailServer, kind: Kind, settings: str
) -> None:
    """By the setting of its kind, and always of a report."""
    text = f"text_kinds = {settings}" if settings else ""
    await house.opened(house.settings(server.port, text))
    number = (await house.form(kind=kind)).number
    await decided(house, number, Act(Event.ANSWER, {"text": ANSWER}))
    told = (await server.until(2))[1].get_content()
    assert ANSWER not in told and "查看：https://12315.example/track" in told
    assert kind is not Kind.REPORT or ("举报" not in told and "report" not in told.lower())


async def test_who_left_no_address_is_called(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port))
    number = (await house.form(email="")).number
    await decided(house, number, Act(Event.ACCEPT), Act(Event.ANSWER, {"text": ANSWER}))
    await plan(house, office)
    answered, accepted = await house.post()
    assert {accepted.draft.way, answered.draft.way} == {"phone"}
    assert answered.draft.address == "13835700000" and ANSWER in answered.draft.content["text"]
    assert "Number" not in answered.draft.content["text"]
    assert not await office.send_due(office._ways[0]) and not server.took


async def test_a_letter_is_to_be_printed(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port))
    number = (await house.form(person=Person("张三", address="古县岳阳镇1号"))).number
    await decided(house, number, Act(Event.ACCEPT))
    await plan(house, office)
    (letter,) = await house.post()
    assert (letter.draft.way, letter.draft.address) == ("letter", "古县岳阳镇1号")


async def test_a_limit_of_mails_loses_no_official_notice(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port, per_item=1))
    number = (await house.form()).number
    await plan(house, office)
    await decided(house, number, Act(Event.ACCEPT))
    await plan(house, office)
    assert (await house.post())[0].draft.way == "phone"
    assert "未发邮件：已达该事项每日上限" in [text for _, text in await house.past(number)]


def test_a_line_without_a_value_is_left_out() -> None:
    assert filled("A {x}\n\n{y}\n\nB", {"x": "1", "y": ""}) == "A 1\n\nB"
    assert filled("{x}", {"x": "a {y}"}) == "a {y}", "what people write is no template"


def test_every_notice_has_a_text_and_every_placeholder_is_told() -> None:
    used = {
        name
        for one in RULES.notices.values()
        for text in (one.subject, one.zh, one.en)
        for name in placeholders(text)
    }
    assert used == set(PLACEHOLDERS)
    page = Path("docs/operating/notices.md").read_text("utf-8")
    assert all(f"`{{{name}}}`" in page for name in PLACEHOLDERS)


def test_a_wrong_placeholder_is_told_with_its_line(tmp_path: Path) -> None:
    folder = Path(shutil.copytree("rules", tmp_path / "rules"))
    file = folder / "notices.yaml"
    file.write_text(file.read_text("utf-8").replace("{papers}", "{paper}", 1), "utf-8")
    with pytest.raises(RuleError) as failed:
        load_rules(folder, REGISTRY)
    (fault,) = failed.value.problems
    assert fault.line and "unknown placeholder `{paper}`" in str(fault) and "papers" in str(fault)


@pytest.mark.parametrize(
    ("reach", "official", "way"),
    [
        ({"mail": "a@b.cn", "phone": "1"}, False, "mail"),
        ({"phone": "1", "letter": "x"}, True, "phone"),
        ({"letter": "x"}, True, "letter"),
        ({"phone": "1"}, False, ""),
        ({}, True, ""),
    ],
)
def test_the_first_way(reach: dict[str, str], official: bool, way: str) -> None:
    assert first_way(reach, official=official) == way
