"""What the API and the command line show of the outbox, and what leaders may do with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.core.item.delivery import DeliveryState, Draft, shown_address
from gateway.storage import Storage
from gateway.web.site import utc_now
from tests.storage.databases import contact
from tests.web.real_site import RealSite, real_site

CONTENT = {"subject": "已收到", "text": "查询码 4829", "message_id": "<a@b>"}


async def one_dead(site: RealSite) -> int:
    """A dead letter about an item; its id."""
    number = (await site.intake.submit(contact())).number
    outbox = site.storage.outbox
    await outbox.post(number, Draft("mail:1", "mail", "zhang@example.cn", CONTENT), utc_now())
    (one,) = await outbox.claim(("mail",), 1, utc_now(), timedelta(seconds=60))
    await outbox.settle(one, DeliveryState.DEAD, utc_now(), error="550 no such user")
    return one.id


async def test_leaders_see_dead_letters_and_send_them_again(tmp_path: Path) -> None:
    async with real_site(tmp_path / "var") as site:
        dead = await one_dead(site)
        leader, path = site.bearer("supervisor"), f"/api/v1/outbox/{dead}/resend"
        async with site.client.get("/api/v1/outbox?state=dead", headers=leader) as answer:
            text = await answer.text()
            (row,) = (await answer.json())["items"]
        assert row["to"] == "z***@example.cn" and row["error"].startswith("550")
        assert "4829" not in text and "zhang" not in text
        async with site.client.get("/healthz") as answer:
            assert (await answer.json())["storage"]["detail"] == "outbox: 1 dead"
        async with site.client.get("/metrics") as answer:
            assert 'gateway_outbox{state="dead",way="mail"} 1.0' in await answer.text()
        async with site.client.post(path, headers=site.bearer("agent")) as answer:
            assert answer.status == 403
        async with site.client.post(path, headers=leader) as answer:
            assert answer.status == 200 and (await answer.json())["state"] == "waiting"
        async with site.client.post(path, headers=leader) as answer:
            assert answer.status == 409
        for wrong in ("0", "x", "9" * 30):
            async with site.client.post(f"/api/v1/outbox/{wrong}/resend", headers=leader) as answer:
                assert answer.status == 404


async def test_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    var = tmp_path / "var"
    async with real_site(var) as site:
        dead = await one_dead(site)
    (tmp_path / "gateway.toml").write_text('[[webhooks]]\nid = "city"\nurl = "https://city.example/x"\n')
    monkeypatch.setenv("GATEWAY_VAR", str(var))
    monkeypatch.setenv("GATEWAY_CONFIG", str(tmp_path / "gateway.toml"))

    async def outbox(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, ["outbox", *words])
        return code, capsys.readouterr().out

    code, shown = await outbox("list", "--state", "dead")
    assert code == 0 and "z***@example.cn" in shown and "550" in shown
    assert "查询码 4829" in (await outbox("show", str(dead)))[1]
    assert (await outbox("resend", str(dead)))[0] == 0
    assert (await outbox("resend", str(dead)))[0] == 1
    assert (await outbox("drop", str(dead)))[0] == 0
    assert (await outbox("resume", "city"))[0] == 0
    assert (await outbox("resume", "other"))[0] == 2
    storage = await Storage.open(f"sqlite:///{var / 'gateway.db'}", var)
    found = await storage.outbox.get(dead)
    await storage.close()
    assert found and found.state is DeliveryState.DROPPED


def test_an_address_is_not_shown_whole() -> None:
    assert shown_address("zhang@example.cn") == "z***@example.cn"
    assert shown_address("city") == "city"
    assert shown_address("03572000000") == "****0000"
