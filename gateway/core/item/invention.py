"""Invented arrivals for trials at a city's size: people, firms, matters, calls. Chance is an argument.

Names, numbers and texts are put together from parts; telephone numbers are of the form 199xxxxxxxx. Many
share respondents and callers, as real ones do. Used by `gateway demo fill`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from gateway.core.call.record import CallOutcome, CallRecord, PathStep, RecordingState
from gateway.core.item.contact import Channel, Contact, Kind, Person, Respondent, Task
from gateway.core.item.item import ItemState


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = _words("伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀兰 建国")
CITY = "临汾市"
STREETS = _words("解放路 鼓楼街 平阳街 建设路 新华街 迎宾路")
BRANDS = _words("恒信 佳美 鼎盛 万家 金源 华宇 天和 瑞丰 百姓 新世纪 康泰 宏达 晋味 平阳")
TRADES = _words("家电商行 超市 健身馆 美容院 汽车服务有限公司 通信器材店 装饰工程有限公司 餐饮有限公司")
GOODS = _words("冰箱 手机 电动车 健身卡 沙发 热水器 奶粉 羽绒服 轮胎 地板 洗衣机 预付卡")
FAULTS = _words("用了三天就坏 与宣传不符 多收了费用 拒绝退款 已过保质期 没有发票 到期不发货 称重不足")
WISHES = _words("要求退款 要求更换 要求赔偿损失 请尽快调查处理 希望给个说法")
CHANNELS = (
    *((Channel.PHONE, 62), (Channel.WEB, 22), (Channel.EMAIL, 6), (Channel.FAX, 2)),
    *((Channel.LETTER, 3), (Channel.COUNTER, 3), (Channel.PARTNER, 2)),
)
KINDS = ((Kind.COMPLAINT, 58), (Kind.REPORT, 20), (Kind.QUESTION, 22))
AFTER = (  # states of what is older than a month
    *((ItemState.CLOSED, 50), (ItemState.ANSWERED, 22), (ItemState.NOT_ACCEPTED, 10), (ItemState.MERGED, 4)),
    *((ItemState.WITHDRAWN, 5), (ItemState.HANDED_OVER, 7), (ItemState.WAITING, 1), (ItemState.ACCEPTED, 1)),
)
LATELY = (
    *((ItemState.RECEIVED, 25), (ItemState.IN_WORK, 8), (ItemState.WAITING, 8), (ItemState.ACCEPTED, 20)),
    *((ItemState.ANSWERED, 20), (ItemState.NOT_ACCEPTED, 10), (ItemState.HANDED_OVER, 9)),
)
LOST = (
    (CallOutcome.GAVE_UP, 6),
    (CallOutcome.TURNED_AWAY, 3),
    (CallOutcome.SERVED, 6),
    (CallOutcome.CUT_OFF, 1),
)
TAKEN = {ItemState.RECEIVED: ItemState.ACCEPTED, ItemState.IN_WORK: ItemState.ACCEPTED}  # as if taken up
MONTH = timedelta(days=31)
HOURS = timedelta(hours=10)  # of a day, from eight in the morning
T = TypeVar("T")
AGENTS = ("agent1", "agent2", "agent3", "agent4")


class Chance(Protocol):
    """The part of random.Random that is used."""

    def random(self) -> float: ...
    def randrange(self, start: int, stop: int | None = None) -> int: ...
    def choice(self, seq: Sequence[T]) -> T: ...
    def choices(self, population: Sequence[T], *, cum_weights: Sequence[float]) -> list[T]: ...
    def expovariate(self, lambd: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Invented:
    """One arrival: what came, where it stands now, and the call it came by, if it did.

    `contact` is None for a call of which no item was made.
    """

    contact: Contact | None
    state: ItemState
    call: CallRecord | None


@cache
def _apart(weighted: tuple[tuple[T, int], ...]) -> tuple[tuple[T, ...], tuple[int, ...]]:
    """The values, and the running sums of their weights."""
    return tuple(value for value, _ in weighted), tuple(accumulate(weight for _, weight in weighted))


class Inventor:
    """Makes arrivals of a day. `counties` are codes of divisions by their names, `problems`, `subjects` and
    `claims` ids of rules/."""

    def __init__(
        self,
        chance: Chance,
        zone: ZoneInfo,
        today: date,
        *,
        counties: Mapping[str, str],
        problems: Sequence[str],
        subjects: Sequence[str],
        claims: Sequence[str],
    ) -> None:
        self._chance = chance
        self._zone = zone
        self._today = today
        self._counties, self._problems, self._subjects = counties, problems, subjects
        self._claims = claims
        self._places = tuple(counties)
        self._firms = [self._firm() for _ in range(4000)]
        self._phones = [f"199{chance.randrange(10**8):08}" for _ in range(200_000)]

    def day(
        self, day: date, count: int, behind: int = 0, *, now: datetime | None = None, queued: bool = True
    ) -> Iterator[Invented]:
        """So many arrivals with items, in order of their time, and the calls that came to nothing.

        Their keys and call ids count from `behind`; none is later than `now`. Unless `queued`, none waits
        to be claimed.
        """
        start, span = self._hours(day, now)
        for place in range(count):
            at = start + span * ((place + self._chance.random()) / count)
            arrival = self._arrival(day, behind + place, at)
            yield arrival if queued else replace(arrival, state=TAKEN.get(arrival.state, arrival.state))
            if self._chance.random() < 0.12:
                call = self._call(
                    f"demo-{day:%y%m%d}-{behind + place}x", at, self._drawn(LOST), self._phone()
                )
                yield Invented(None, ItemState.CLOSED, call)

    def _hours(self, day: date, now: datetime | None) -> tuple[datetime, timedelta]:
        """The first moment of a day's arrivals, and how long they go on."""
        start = datetime.combine(day, time(8), self._zone)
        if now is None or now >= start + HOURS:
            return start, HOURS
        if now <= start:
            start = datetime.combine(day, time(), self._zone)
        return start, max(timedelta(), now - start)

    def _arrival(self, day: date, place: int, at: datetime) -> Invented:
        old = self._today - day > MONTH
        contact = self._contact(f"demo:{day:%y%m%d}-{place}", at)
        call = None
        if contact.channel == Channel.PHONE:
            talked = contact.task in (Task.NONE, Task.TALK)
            outcome = CallOutcome.TALKED if talked else CallOutcome.MESSAGE
            call = self._call(contact.call_id, at, outcome, contact.person.phone or self._phone())
        return Invented(contact, self._drawn(AFTER if old else LATELY), call)

    def _contact(self, key: str, at: datetime) -> Contact:
        chance, kind, channel = self._chance, self._drawn(KINDS), self._drawn(CHANNELS)
        reporter = kind is Kind.REPORT
        goods, fault = chance.choice(GOODS), chance.choice(FAULTS)
        firm = chance.choice(self._firms)
        price = chance.randrange(20, 9000) * 100
        text = f"本人在{firm.name}购买的{goods}{fault}，价格{price // 100}元，{chance.choice(WISHES)}。"
        text += f"单号{chance.randrange(10**7)}。"
        return Contact(
            key,
            channel,
            kind,
            at,
            Person() if reporter else Person(self._name(), self._phone(), email=self._email()),
            firm,
            text,
            (chance.choice(self._claims),) if kind is Kind.COMPLAINT else (),
            price if kind is Kind.COMPLAINT else None,
            (at - timedelta(days=chance.randrange(40))).date(),
            self._counties[self._place(firm)],
            chance.choice(self._problems),
            chance.choice(self._subjects),
            anonymous=reporter,
            publish_consent=chance.random() < 0.8,
            mediation_consent=kind is Kind.COMPLAINT,
            task=Task.LISTEN if channel == Channel.PHONE and chance.random() < 0.05 else Task.NONE,
            call_id=key.replace(":", "-") if channel == Channel.PHONE else "",
        )

    def _call(self, call_id: str, at: datetime, outcome: CallOutcome, caller: str) -> CallRecord:
        chance = self._chance
        turned_away = outcome is CallOutcome.TURNED_AWAY
        answered = None if turned_away else at + timedelta(seconds=1)
        wait = 0.0 if turned_away else round(chance.expovariate(1 / 25), 1)
        talked = at + timedelta(seconds=12 + wait) if outcome is CallOutcome.TALKED else None
        length = timedelta(seconds=0 if turned_away else 30 + wait + chance.randrange(400))
        return CallRecord(
            *(call_id, "in", caller, "12315", chance.randrange(1, 6), at, answered),
            None if turned_away else at + timedelta(seconds=12),
            talked,
            at + length + (timedelta(seconds=13 + wait) if talked else timedelta()),
            () if turned_away else (PathStep(at, "main", chance.choice("01235")),),
            wait,
            chance.choice(AGENTS) if talked else "",
            outcome,
            "main",
            recording_state=RecordingState.NONE,
        )

    def _drawn(self, weighted: Sequence[tuple[T, int]]) -> T:
        """One value, by its weight."""
        values, weights = _apart(tuple(weighted))
        value: T = self._chance.choices(values, cum_weights=weights)[0]
        return value

    def _name(self) -> str:
        return self._chance.choice(SURNAMES) + self._chance.choice(GIVEN)

    def _phone(self) -> str:
        return self._chance.choice(self._phones)

    def _email(self) -> str:
        return f"user{self._chance.randrange(10**6)}@example.cn" if self._chance.random() < 0.1 else ""

    def _firm(self) -> Respondent:
        chance = self._chance
        place = chance.choice(self._places)
        name = f"{place}{chance.choice(BRANDS)}{chance.choice(BRANDS)}{chance.choice(TRADES)}"
        address = f"{CITY}{place}{chance.choice(STREETS)}{chance.randrange(1, 300)}号"
        return Respondent(name, address, f"0357{chance.randrange(2000000, 8999999)}")

    def _place(self, firm: Respondent) -> str:
        return next(place for place in self._places if firm.address.startswith(f"{CITY}{place}"))
