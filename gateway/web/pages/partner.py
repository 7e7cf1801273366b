"""/partner/…: where a partner replies to a slip by its signed link, without an account or JavaScript.

The link opens one referral and nothing else; a wrong one is not found, whatever it names. What is shown
is the slip alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from gateway.core.item.referral import (
    FIELD_NAMES,
    NEEDS_REASON,
    TABLE,
    WHO,
    Referral,
    ReferralEvent,
    side_of,
    state_name_told,
)
from gateway.errors import BadContact, Conflict, NotFound
from gateway.web.api.referrals import EVENT_WORDS, LinkageDesk
from gateway.web.pages.item_value import item_value
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages

TEXT, NUMBER = 4000, 64


class PartnerPage:
    """Serves the one page, and takes what is replied."""

    def __init__(self, pages: Pages, linkage: LinkageDesk) -> None:
        self._pages = pages
        self._linkage = linkage

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", "/partner/{id}.{token}", self.shown)
        self._pages.add(app, "POST", "/partner/{id}.{token}", self.reply)

    async def shown(self, request: web.Request, look: Look) -> web.StreamResponse:
        return self._show(look, await self._opened(request), {}, {})

    async def reply(self, request: web.Request, look: Look) -> web.StreamResponse:
        referral = await self._opened(request)
        fields = await self._pages.fields(request)
        self._pages.speak(look, fields)
        faults = _faults(referral, fields)
        if not faults:
            try:
                event = ReferralEvent(fields["event"])
                done = await self._linkage.happen(
                    referral.id,
                    event,
                    f"partner:{referral.partner}",
                    text=fields.get("text", "").strip()[:TEXT],
                    their_number=fields.get("their_number", "").strip()[:NUMBER],
                    partner=referral.partner,
                )
                return self._show(look, done, {}, {}, done=True)
            except Conflict as error:
                faults["event"] = (error.detail.partition(" / ")[0], error.detail.partition(" / ")[2])
            except BadContact as error:
                faults |= {f.field: (f.zh, f.en) for f in error.faults}
        return self._show(look, referral, fields, faults, status=422)

    async def _opened(self, request: web.Request) -> Referral:
        """Raises NotFound for whatever the link does not open."""
        name, token = request.match_info["id"], request.match_info["token"]
        if not self._linkage.opens(name, token):
            raise NotFound
        referral = await self._linkage.get(name)
        if self._linkage.expired(referral):
            raise NotFound("此链接已过期，请与我们联系 / this link has expired, please contact us")
        return referral

    def _show(
        self,
        look: Look,
        referral: Referral,
        fields: Mapping[str, str],
        faults: Mapping[str, tuple[str, str]],
        *,
        done: bool = False,
        status: int = 200,
    ) -> web.Response:
        slip = [
            (look.t(*FIELD_NAMES[name]), item_value(look, self._pages.public.rules.divisions, name, text))
            for name, text in referral.slip.items()
        ]
        return self._pages.show(
            look,
            "partner.html",
            status,
            {"Cache-Control": "no-store"},
            one=referral,
            standing=look.t(*_standing(referral)),
            slip=slip,
            choices=[(event, look.t(*EVENT_WORDS[event])) for event in allowed(referral)],
            fields=fields,
            faults={name: look.t(*words) for name, words in faults.items()},
            done=done,
        )


def _standing(referral: Referral) -> tuple[str, str]:
    """The state's name as the partner would say it: what we call the other side is itself."""
    return state_name_told(referral.state, referral.direction)


def allowed(referral: Referral) -> tuple[ReferralEvent, ...]:
    """What a partner may say of it now."""
    side = side_of(referral.direction, ours=False)
    return tuple(event for event in TABLE[referral.state] if WHO[event] is side)


def _faults(referral: Referral, fields: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    faults: dict[str, tuple[str, str]] = {}
    event = fields.get("event", "")
    if event not in tuple(allowed(referral)):
        faults["event"] = ("请选择一项", "choose one of these")
    elif ReferralEvent(event) in NEEDS_REASON and not fields.get("text", "").strip():
        faults["text"] = ("请填写理由或办理结果", "say why, or what was done")
    return faults
