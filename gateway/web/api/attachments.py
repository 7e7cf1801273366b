"""What came with an item, for those who work it: one file, or a part of it.

Files are sent as downloads only, so that no browser opens in our name what a stranger sent.
"""

from __future__ import annotations

import asyncio
import logging
import re
from urllib.parse import quote

from aiohttp import web

from gateway.core.item import number as numbers
from gateway.core.item.item import Attachment
from gateway.core.rights import Right
from gateway.core.roles import Account
from gateway.errors import NotAllowed, NotFound, StorageDown
from gateway.web.api.sealed import Sealed, SealedAsked
from gateway.web.http.auth import LEADERS
from gateway.web.http.file_response import stored_file
from gateway.web.http.route import ApiRequest, Route
from gateway.web.ports import IntakeQueue, StoredFiles

log = logging.getLogger(__name__)

ANY = "application/octet-stream"
QUARANTINED = "quarantined"
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,60}")


class AttachmentsApi:
    """`files` are the attachments of all items."""

    def __init__(self, intake: IntakeQueue, files: StoredFiles, sealed: Sealed) -> None:
        self._intake = intake
        self._files = files
        self._sealed = sealed

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/api/v1/queue/{number}/attachments/{sha256}",
                "attachment",
                "下载附件（支持分段请求；被隔离的文件仅限主管，举报的原件须有查看身份的权限并写明理由）",
                "One attachment; ranges are served. What is quarantined goes to supervisors only; what a"
                " report arrived as, to those who may learn who made it, for a reason",
                self.attachment,
                {200: None, 206: None},
                right=Right.SEE_ITEM,
                query=SealedAsked,
                number=True,
                media=ANY,
                refuses=(NotFound, StorageDown),
                looks="attachment.download",
            ),
        )

    async def attachment(self, request: ApiRequest) -> web.StreamResponse:
        """Who took what stands in the log."""
        number, sha256 = request.part("number"), request.part("sha256")
        if not numbers.valid(number):
            raise NotFound
        detail = await self._intake.get(number)
        attachment_ = next((file for file in detail.attachments if file.sha256 == sha256), None)
        if attachment_ is None:
            raise NotFound
        _may_have(request.account, detail.attachments, sha256)
        await self._sealed.may_open(request.account, detail, sha256, request.query_as(SealedAsked).reason)
        path = self._files.path(attachment_.sha256)
        if not await asyncio.to_thread(path.is_file):
            log.error("item %s: its file %s is not on the disk", number, sha256)
            raise NotFound
        log.info("file %s of item %s goes to %s", sha256[:12], number, request.account.name)
        return await stored_file(path, self._files.open, _headers(attachment_))


def _may_have(who: Account, files: tuple[Attachment, ...], sha256: str) -> None:
    bad = any(file.sha256 == sha256 and file.role == QUARANTINED for file in files)
    if bad and who.role not in LEADERS:
        raise NotAllowed("文件已被隔离，仅限主管 / this file is quarantined: supervisors only")


def _headers(file: Attachment) -> dict[str, str]:
    plain = file.name if _PLAIN.fullmatch(file.name) else "file"
    whole = quote(file.name, safe="")
    return {
        "Content-Type": ANY if file.role == QUARANTINED else file.media_type or ANY,
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    }
