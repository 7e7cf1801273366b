"""Forms with files over HTTP, on real storage: what is taken, what is refused, and that nothing is left."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.settings.schema import RateSettings, UploadSettings
from gateway.web.http import uploads
from tests.web.forms import TYPE, form
from tests.web.real_site import RealSite, real_site, until
from tests.web.sample_files import FILES, NOT_TAKEN, png

INTAKE = "/api/v1/intake"
FIELDS = [
    ("kind", "complaint"),
    ("name", "张三"),
    ("phone", "13835700000"),
    ("respondent_name", "某商店"),
    ("content", "商家拒绝退款\r\n第二行"),
    ("claims", "return_goods"),
    ("claims", "refund"),
    ("amount", "199.90"),
    ("occurred_on", ""),
    ("publish_consent", "true"),
    ("county", "141081"),
]
MB = 1 << 20


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path) as made:
        yield made


async def post(site: RealSite, data: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    headers["Content-Type"] = TYPE
    async with site.client.post(INTAKE, data=io.BytesIO(data), headers=headers) as response:
        return response.status, await response.json(content_type=None)


async def test_a_form_with_two_pictures(site: RealSite) -> None:
    files = (("证据 一.png", png(), "text/html"), ("b.jpg", FILES["jpg"], "image/jpeg"))
    headers = {"Idempotency-Key": "form-1"}
    status, receipt = await post(site, form(FIELDS, *files), **headers)
    assert (status, receipt["status"]) == (201, "received")
    assert await post(site, form(FIELDS, *files), **headers) == (200, receipt)
    status, problem = await post(site, form(FIELDS, files[0]), **headers)
    assert (status, problem["code"]) == (409, "key_reused")
    (item,) = await site.items()
    assert item["claims"] == ["return_goods", "refund"]
    assert (item["amount"], item["publish_consent"], item["mediation_consent"]) == (199.9, True, None)
    assert item["content"] == "商家拒绝退款\n第二行"
    shown = {one["name"]: (one["media_type"], one["size"], one["role"]) for one in item["attachments"]}
    assert shown == {
        "证据 一.png": ("image/png", len(png()), "evidence"),
        "b.jpg": ("image/jpeg", len(FILES["jpg"]), "evidence"),
    }
    assert site.left() == []


async def test_a_form_and_json_of_one_content_are_one(site: RealSite) -> None:
    said = {"kind": "report", "content": "无照经营", "respondent_name": "某店", "anonymous": True}
    async with site.client.post(INTAKE, json=said, headers={"Idempotency-Key": "k"}) as response:
        receipt = await response.json()
    fields = [(name, str(value).lower()) for name, value in said.items()]
    assert await post(
        site,
        form(
            fields,
        ),
        **{"Idempotency-Key": "k"},
    ) == (200, receipt)


@pytest.mark.parametrize("ending", FILES)
async def test_every_type_is_told_from_its_bytes(site: RealSite, ending: str) -> None:
    status, _ = await post(site, form(FIELDS, ("upload", FILES[ending], "application/x-msdownload")))
    assert status == 201
    (item,) = await site.items()
    assert item["attachments"][0]["media_type"].partition("/")[0] in (
        "image",
        "audio",
        "video",
        "application",
    )


@pytest.mark.parametrize("what", NOT_TAKEN)
async def test_what_is_no_evidence_is_refused(site: RealSite, what: str) -> None:
    status, problem = await post(site, form(FIELDS, ("photo.jpg", NOT_TAKEN[what], "image/jpeg")))
    assert (status, problem["code"]) == (415, "wrong_type")
    assert "photo.jpg" in problem["detail"]
    assert await site.items() == []
    assert site.left() == []


async def test_a_path_in_a_name_leads_nowhere(site: RealSite) -> None:
    names = ("../../../../x.png", "/etc/cron.d/x", "C:\\boot\\x.png", "..", "\u202e")
    status, _ = await post(site, form(FIELDS, *((name, png(), "image/png") for name in names)))
    assert status == 201
    (item,) = await site.items()
    assert sorted({one["name"] for one in item["attachments"]}) == ["file.png", "x", "x.png"]
    assert not list(site.var.parent.glob("x*"))


async def test_eleven_files_are_too_many(site: RealSite) -> None:
    files = [(f"{n}.png", png(n + 1), "image/png") for n in range(11)]
    status, problem = await post(site, form(FIELDS, *files))
    assert (status, problem["code"]) == (413, "too_large")
    status, _ = await post(site, form(FIELDS, *files[:10]))
    assert status == 201
    assert site.left() == []


async def test_a_file_over_the_limit_is_too_large(site: RealSite) -> None:
    status, problem = await post(site, form(FIELDS, ("a.png", png() + bytes(25 * MB), "image/png")))
    assert (status, problem["code"]) == (413, "too_large")
    status, _ = await post(site, form(FIELDS, ("a.png", png() + bytes(19 * MB), "image/png")))
    assert status == 201
    assert site.left() == []


@asynccontextmanager
async def sending(
    site: RealSite, sent: bytes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection on which something was sent; it is aborted at the end."""
    reader, writer = await asyncio.open_connection(site.server.host, site.server.port)
    writer.write(sent)
    await writer.drain()
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_body_over_all_limits_is_refused_before_it_is_read(site: RealSite) -> None:
    async with sending(site, head(10**12)) as (reader, _):
        assert (await reader.readline()).split()[1] == b"413"


async def test_ten_thousand_fields_are_refused(site: RealSite) -> None:
    status, problem = await post(site, form([(f"f{n}", "x") for n in range(10_000)]))
    assert (status, problem["code"]) == (413, "too_large")


async def test_every_bad_field_is_named_at_once(site: RealSite) -> None:
    fields = [
        ("kind", "complaint"),
        ("content", ""),
        ("phone", "abc"),
        ("phone", "1"),
        ("nmae", "x"),
        ("amount", "1,5"),
        ("occurred_on", "2999-01-01"),
        ("anonymous", "perhaps"),
        ("evidence", "text"),
    ]
    status, problem = await post(
        site, form(fields, ("a.png", b"", "image/png")), **{"Idempotency-Key": "a b"}
    )
    assert status == 422
    named = {fault["field"] for fault in problem["faults"]}
    assert named == {
        "content",
        "phone",
        "nmae",
        "amount",
        "occurred_on",
        "anonymous",
        "evidence",
        "Idempotency-Key",
        "name",
        "respondent_name",
    }
    assert await site.items() == []


async def test_an_empty_choice_of_files_is_none(site: RealSite) -> None:
    status, _ = await post(site, form(FIELDS, ("", b"", "application/octet-stream")))
    assert status == 201


async def test_a_field_that_is_no_utf_8_is_named(site: RealSite) -> None:
    fields = [*FIELDS[:3], ("respondent_name", "某商店".encode("gb18030")), *FIELDS[4:]]
    status, problem = await post(site, form(fields))
    assert (status, [f["field"] for f in problem["faults"]]) == (422, ["respondent_name"])


# ------------------------------------------------------------ senders that break off, dawdle or crowd


def head(length: int) -> bytes:
    return (
        f"POST {INTAKE} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


BEGUN = (
    b'--B\r\nContent-Disposition: form-data; name="kind"\r\n\r\nquestion\r\n'
    b'--B\r\nContent-Disposition: form-data; name="evidence"; filename="a.png"\r\n\r\n' + png() + bytes(MB)
)


async def test_a_body_that_ends_early_is_refused(site: RealSite) -> None:
    async with sending(site, head(len(BEGUN)) + BEGUN) as (reader, _):
        assert (await reader.readline()).split()[1] == b"400"
    assert site.left() == []


async def test_a_sender_that_goes_away_leaves_nothing(site: RealSite) -> None:
    async with sending(site, head(50 * MB) + BEGUN) as (_, writer):
        await until(site.left)
        writer.transport.abort()
        await until(lambda: not site.left())
    assert await site.items() == []


async def test_a_sender_that_dawdles_is_told_so(site: RealSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SILENCE", 0.2)
    async with sending(site, head(50 * MB) + BEGUN) as (reader, _), asyncio.timeout(10):
        assert (await reader.readline()).split()[1] == b"408"
    assert site.left() == []


async def test_uploads_at_once_are_limited(tmp_path: Path) -> None:
    async with real_site(tmp_path, uploads=UploadSettings(at_once_per_address=1)) as site:
        async with sending(site, head(50 * MB) + BEGUN):
            await until(site.left)
            picture = ("a.png", png(), "image/png")
            assert (await post(site, form(FIELDS, picture)))[0] == 429
            assert (await post(site, form(FIELDS)))[0] == 201, "a form without files needs no place"
        await until(lambda: not site.left())
        assert (await post(site, form(FIELDS, picture)))[0] == 201


async def test_slow_uploads_keep_no_other_address_out(tmp_path: Path) -> None:
    settings = UploadSettings(at_once=2)
    proxy = RateSettings(proxies=("127.0.0.0/8",))
    picture = ("a.png", png(), "image/png")
    async with real_site(tmp_path, uploads=settings, rates=proxy) as site:
        slow = head(50 * MB) + BEGUN
        async with sending(site, slow), sending(site, slow):
            await until(lambda: len({path.parent for path in site.left()}) == 2)
            assert (await post(site, form(FIELDS, picture)))[0] == 429
            other = {"X-Forwarded-For": "192.0.2.7"}
            assert (await post(site, form(FIELDS, picture), **other))[0] == 201


async def test_a_disk_that_fails_is_told(site: RealSite) -> None:
    (site.var / "uploads").write_bytes(b"no folder can be made here")
    status, problem = await post(site, form(FIELDS, ("a.png", png(), "image/png")))
    assert (status, problem["code"]) == (503, "storage_down")
    assert (await post(site, form(FIELDS)))[0] == 201


async def test_what_a_crash_left_is_swept_at_the_start(tmp_path: Path) -> None:
    left = tmp_path / "uploads" / "0011"
    left.mkdir(parents=True)
    (left / "0").write_bytes(b"x")
    async with real_site(tmp_path):
        assert not left.exists()


# ------------------------------------------------------------ clamd


class StandInClamd:
    """Speaks INSTREAM as clamd does; knows one bad word."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        body = b""
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            body += await reader.readexactly(size)
        self.sizes.append(len(body))
        said = "Test.Bad FOUND" if b"BAD" in body else "OK"
        writer.write(f"stream: {said}\0".encode())
        await writer.drain()
        writer.close()


async def test_a_file_that_clamd_knows_is_quarantined_and_never_lost(tmp_path: Path) -> None:
    clamd = StandInClamd()
    address = str(tmp_path / "clamd.socket")
    server = await asyncio.start_unix_server(clamd, address)
    async with server, real_site(tmp_path, uploads=UploadSettings(clamd=address)) as site:
        bad = png() + b"BAD" + bytes(200_000)
        files = (("bad.png", bad, "image/png"), ("good.png", png(), "image/png"))
        status, receipt = await post(site, form(FIELDS, *files), **{"Idempotency-Key": "k"})
        assert status == 201
        assert clamd.sizes == [len(bad), len(png())]
        (item,) = await site.items()
        roles = {one["name"]: (one["role"], one["sha256"]) for one in item["attachments"]}
        assert (roles["bad.png"][0], roles["good.png"][0]) == ("quarantined", "evidence")
        path = f"/api/v1/queue/{receipt['number']}/attachments/{roles['bad.png'][1]}"
        async with site.client.get(path, headers=site.bearer("agent")) as response:
            assert response.status == 403
        async with site.client.get(path, headers=site.bearer("supervisor")) as response:
            assert (response.status, response.content_type) == (200, "application/octet-stream")
            assert await response.read() == bad
        server.close()
        assert await post(site, form(FIELDS, *files), **{"Idempotency-Key": "k"}) == (200, receipt)
        status, _ = await post(site, form(FIELDS, files[1]))
        assert status == 201
        later = (await site.items())[1]
        assert [one["role"] for one in later["attachments"]] == ["unchecked"]


# ------------------------------------------------------------ attachments


async def test_an_attachment_is_a_download(site: RealSite) -> None:
    body = FILES["pdf"] + bytes(range(200))
    _, receipt = await post(site, form(FIELDS, ('发票"1".pdf', body, "text/html")))
    sha256 = hashlib.sha256(body).hexdigest()
    path = f"/api/v1/queue/{receipt['number']}/attachments/{sha256}"
    async with site.client.get(path, headers=site.bearer("agent")) as response:
        assert (response.status, await response.read()) == (200, body)
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"].startswith("attachment; ")
        assert "filename*=UTF-8''%E5%8F%91%E7%A5%A8%221%22.pdf" in response.headers["Content-Disposition"]
        assert "sandbox" in response.headers["Content-Security-Policy"]
    headers = site.bearer("agent") | {"Range": "bytes=5-8"}
    async with site.client.get(path, headers=headers) as response:
        assert (response.status, await response.read()) == (206, body[5:9])
    async with site.client.get(path) as response:
        assert response.status == 401
    for other in (path[:-1] + ("0" if path[-1] != "0" else "1"), path.replace(sha256, "../../gateway.db")):
        async with site.client.get(other, headers=site.bearer("agent")) as response:
            assert response.status == 404


async def test_a_file_of_another_item_is_not_found(site: RealSite) -> None:
    await post(site, form(FIELDS, ("a.png", png(), "image/png")))
    _, other = await post(site, form(FIELDS))
    sha256 = hashlib.sha256(png()).hexdigest()
    path = f"/api/v1/queue/{other['number']}/attachments/{sha256}"
    async with site.client.get(path, headers=site.bearer("agent")) as response:
        assert response.status == 404
