"""What a report arrived as tells who made it: by name, handwriting or voice. Such files are sealed like the
identity itself: for those who may learn it, who give a reason; both stand in the audit log."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from typing import Annotated

from pydantic import Field

from gateway.core.call.record import CallRecord
from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemDetail
from gateway.core.roles import Account, Role
from gateway.errors import BadContact, FieldFault, NotAllowed, NotFound
from gateway.web.http.fields import Text
from gateway.web.http.models import RequestModel
from gateway.web.http.route import Scope
from gateway.web.ports import IntakeQueue

ROLES = ("raw", "body", "recording", "message", "page", "pdf")
"""What a contact arrived as, in the roles of attachments; files that a person added are evidence."""
WHY = "举报的原件和录音含举报人身份，须有查看身份的权限 / only for those who may learn who the reporter is"
SHORTEST = 4
"""Characters of a reason, as for the identity."""


class SealedAsked(RequestModel):
    """Why the original of a report has to be seen; it stands in the audit log."""

    reason: Annotated[str, Text(200)] = Field(
        default="", description="查看理由（举报的原件必填） / why it has to be seen: needed for a report"
    )


class Sealed:
    """Who may open what of reports. `openers` are the roles that may learn who a reporter is.

    Every method raises NotAllowed for whoever may not, and BadContact for whoever may and gives no reason.
    """

    def __init__(self, intake: IntakeQueue, openers: Collection[Role], scope: Scope | None = None) -> None:
        self._intake = intake
        self._openers = openers
        self._scope = scope

    async def may_open(self, who: Account, detail: ItemDetail, sha256: str, reason: str) -> None:
        """A file of an item; whose unit has but a copy of its order sees no original. Raises StorageDown
        too."""
        if detail.item.kind is not Kind.REPORT:
            return
        if any(file.sha256 == sha256 and file.role in ROLES for file in detail.attachments):
            self._check(who, reason)
            if self._scope is not None:
                await self._scope.check(who, detail.item.number, handles=True)

    async def may_see_pages(self, who: Account, numbers: Iterable[str], reason: str) -> None:
        """The fax pages of these items and what was read in them. Raises NotFound, StorageDown too."""
        for number in sorted(set(numbers)):
            if (await self._intake.get(number)).item.kind is Kind.REPORT:
                self._check(who, reason)

    async def may_listen(self, who: Account, call: CallRecord, reason: str) -> None:
        """The recording of a call; the agent who spoke in it needs no reason. Raises StorageDown too."""
        if not call.number or who.name == call.agent:
            return
        with contextlib.suppress(NotFound):
            if (await self._intake.get(call.number)).item.kind is Kind.REPORT:
                self._check(who, reason)

    def _check(self, who: Account, reason: str) -> None:
        if who.role not in self._openers:
            raise NotAllowed(WHY)
        if len(reason.strip()) < SHORTEST:
            raise BadContact(
                FieldFault(
                    "reason",
                    f"查看举报的原件须写明理由，至少 {SHORTEST} 个字",
                    f"an original of a report is opened for a reason of at least {SHORTEST} characters",
                )
            )
