"""How likely two items are the same matter, and why: a score with its reasons, for a person to judge.

Nothing is linked or merged here, and nothing is by itself: whoever works an item sees the suggestions
and decides. Storage finds the candidates by phone, mail address, identity and respondent; this module
only compares. Pure, and cheap enough for 200 candidates in one request.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

from gateway.core import telephone
from gateway.core.item.contact import Person, Task
from gateway.core.item.item import Item
from gateway.core.item.states import RESPONDENT_NAMES
from gateway.core.reason import Reason

THRESHOLD = 60
"""Points from which two items are shown as likely the same; 100 is the most."""
MOST = 200
"""Candidates that are compared at most."""
COMPARED = 1500
"""Characters of a text that are looked at."""
SAME_FIRM = 0.9
"""Likeness of two names of one firm: the same, or one that stands in the other (with its branch, say)."""
SHINGLE = 3
FEWEST = 6
"""Shingles below which a text says nothing about likeness."""

# Points. A person and a respondent in common are enough, and so are respondent and text; a person alone
# is not, since the same person may well have two matters.
SAME_IDENTITY = 42
SAME_PHONE = 40
SAME_EMAIL = 40
SAME_NAME = 8
RESPONDENT = 25
UNKNOWN_RESPONDENT = 12
OTHER_RESPONDENT = -30
TEXT = 30
AMOUNT = 5
NEAR = ((1, 10), (7, 8), (30, 4), (90, 2))
"""Points for at most so many days between the two."""


@dataclass(frozen=True, slots=True)
class Likely:
    """An item that may be the same matter. `score` is 0 to 100."""

    item: Item
    score: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What of an item is compared, brought to one form. The text is cut up when it is needed first."""

    item: Item
    phone: str
    email: str
    identity: str
    name: str
    respondent: str
    respondent_phone: str
    _shingles: list[frozenset[str]] = field(default_factory=list, repr=False, compare=False)

    def shingles(self) -> frozenset[str]:
        """Every run of SHINGLE characters; none for the words that we write ourselves about a call."""
        if not self._shingles:
            text = self.item.content if self.item.task is Task.NONE else ""
            self._shingles.append(shingles(text))
        return self._shingles[0]


def profile(item: Item, places: Sequence[str] = ()) -> Profile:
    """An item, ready to be compared. `places` are names that stand before a firm's own (临汾市, 尧都区)."""
    person = item.person
    return Profile(
        item=item,
        phone=telephone.comparable(person.phone),
        email=person.email.strip().casefold(),
        identity=_letters(person.id_number),
        name=_letters(person.name),
        respondent=firm(item.respondent.name, tuple(places)),
        respondent_phone=telephone.comparable(item.respondent.phone),
    )


def same_person(first: Person, other: Person) -> bool:
    """Do both have a telephone number or a mail address in common?"""
    phone, email = telephone.comparable(first.phone), first.email.strip().casefold()
    same_phone = bool(phone) and phone == telephone.comparable(other.phone)
    return same_phone or (bool(email) and email == other.email.strip().casefold())


def likely(
    item: Item, others: Iterable[Item], places: Sequence[str] = (), least: int = THRESHOLD
) -> tuple[Likely, ...]:
    """The others that reach `least` points, the likeliest first; at most MOST are looked at."""
    first = profile(item, places)
    candidates = []
    for place, other in enumerate(others):
        if place == MOST:
            break
        if other.number != item.number:
            compared = compare(first, profile(other, places), least)
            if compared.score >= least:
                candidates.append(compared)
    return tuple(sorted(candidates, key=_likeliest_first))


def compare(first: Profile, other: Profile, least: int = 0) -> Likely:
    """The second item as a likely twin of the first.

    The texts, which cost most, are left alone when even equal ones could not reach `least`.
    """
    reasons = [reason for look in _LOOKS if (reason := look(first, other))]
    if sum(reason.points for reason in reasons) + TEXT >= least and (reason := _text(first, other)):
        reasons.append(reason)
    score = max(0, min(100, sum(reason.points for reason in reasons)))
    return Likely(other.item, score, tuple(sorted(reasons, key=_weightiest_first)))


# ---------------------------------------------------------------- one thing in common


def _person(first: Profile, other: Profile) -> Reason | None:
    """The strongest sign that it is the same person."""
    if first.identity and first.identity == other.identity:
        return Reason("identity", SAME_IDENTITY, "证件号码相同", "the same identity number")
    if telephone.same(first.phone, other.phone):
        return Reason("phone", SAME_PHONE, "联系电话相同", "the same telephone number")
    if first.email and first.email == other.email:
        return Reason("email", SAME_EMAIL, "电子邮箱相同", "the same mail address")
    if len(first.name) > 1 and first.name == other.name:
        return Reason("name", SAME_NAME, "姓名相同", "the same name")
    return None


def _respondent(first: Profile, other: Profile) -> Reason | None:
    whom = RESPONDENT_NAMES[first.item.kind]
    if telephone.same(first.respondent_phone, other.respondent_phone):
        return Reason("respondent", RESPONDENT, f"{whom}电话相同", "the same telephone of the respondent")
    if not first.respondent and not other.respondent and not _both_calls(first, other):
        return None
    if not first.respondent or not other.respondent:
        return Reason(
            "respondent_unknown", UNKNOWN_RESPONDENT, f"一方未写明{whom}", "one of them names no respondent"
        )
    like = firm_likeness(first.respondent, other.respondent)
    if like >= 0.5:
        percent = round(like * 100)
        zh, en = ("名称相同", "the same") if percent == 100 else (f"名称相近 {percent}%", f"{percent}% alike")
        return Reason("respondent", round(RESPONDENT * like), f"{whom}{zh}", f"the respondents are {en}")
    return Reason("other_respondent", OTHER_RESPONDENT, f"{whom}不同", "another respondent")


def _both_calls(first: Profile, other: Profile) -> bool:
    """Are both a call's items, of which nobody has yet written what they are about?"""
    return Task.NONE not in (first.item.task, other.item.task)


def _time(first: Profile, other: Profile) -> Reason | None:
    apart = abs(first.item.received_at - other.item.received_at)
    for days, points in NEAR:
        if apart <= timedelta(days=days):
            zh = "24 小时内收到" if days == 1 else f"{days} 天内收到"
            en = "received within a day" if days == 1 else f"received within {days} days"
            return Reason("time", points, zh, en)
    return None


def _amount(first: Profile, other: Profile) -> Reason | None:
    if first.item.amount and first.item.amount == other.item.amount:
        return Reason("amount", AMOUNT, "涉及金额相同", "the same amount")
    return None


def _text(first: Profile, other: Profile) -> Reason | None:
    like = text_likeness(first.shingles(), other.shingles())
    if like < 0.2:
        return None
    percent = round(like * 100)
    return Reason("text", round(TEXT * like), f"内容相近 {percent}%", f"the texts are {percent}% alike")


_LOOKS: tuple[Callable[[Profile, Profile], Reason | None], ...] = (_person, _respondent, _time, _amount)


# ---------------------------------------------------------------- names of firms

_LEGAL_FORMS = re.compile(
    "(?:有限责任公司|股份有限公司|有限公司|集团公司|总公司|子公司|公司|个体工商户|普通合伙|有限合伙"
    "|个人独资|专业合作社|合作社|集团|经营部|营业部|服务部|门市部|经销部|销售部)$"
)
_BRACKETS = re.compile(r"[(\[{<〔【《「].{0,40}?[)\]}>〕】》」]")


@lru_cache(maxsize=4096)
def firm(name: str, places: tuple[str, ...] = ()) -> str:
    """A firm's own name: without place, legal form, brackets and marks. "" when nothing was given."""
    plain = unicodedata.normalize("NFKC", name[:200]).casefold()
    short = _letters(_BRACKETS.sub("", plain)) or _letters(plain)
    for place in places:
        rest = short.removeprefix(place)
        short = rest if len(rest) >= 2 else short
    while len(rest := _LEGAL_FORMS.sub("", short)) >= 2 and rest != short:
        short = rest
    return short


def place_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of divisions as they stand before a firm's name, with and without their last character."""
    places: list[str] = []
    for name in names:
        places += [name, name[:-1]] if len(name) > 2 and name[-1] in "省市区县" else [name]
    return tuple(dict.fromkeys(places))


def firm_likeness(name: str, other: str) -> float:
    """0 to 1, of two names as `firm` gives them."""
    if not name or not other:
        return 0.0
    if name == other:
        return 1.0
    short, long = sorted((name, other), key=len)
    if len(short) >= 3 and short in long:
        return 0.9
    first, second = _runs(name, 2), _runs(other, 2)
    if not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


# ---------------------------------------------------------------- texts


def shingles(text: str) -> frozenset[str]:
    """Every run of SHINGLE letters and digits of the text's beginning."""
    return _runs(_letters(unicodedata.normalize("NFKC", text[:COMPARED]).casefold()), SHINGLE)


def text_likeness(first: frozenset[str], other: frozenset[str]) -> float:
    """0 to 1: what two texts share; a text that stands whole in a longer one is nearly the same."""
    fewer = min(len(first), len(other))
    if fewer < FEWEST:
        return 0.0
    shared = len(first & other)
    return max(shared / (len(first) + len(other) - shared), 0.9 * shared / fewer if fewer >= 20 else 0.0)


def _runs(text: str, length: int) -> frozenset[str]:
    return frozenset(text[n : n + length] for n in range(len(text) - length + 1))


def _letters(text: str) -> str:
    """Letters and digits alone, in one width and case."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, plain))


def _likeliest_first(candidate: Likely) -> tuple[int, str]:
    return -candidate.score, candidate.item.number


def _weightiest_first(reason: Reason) -> int:
    return -abs(reason.points)
