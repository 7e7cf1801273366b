"""The administrator's page in a real Chromium: every part looked at, and each kind of act done once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.accounts.program_tokens import ProgramTokens
from gateway.calls.views import AgentView
from gateway.channels.email.mailbox import BoxState
from gateway.core.call.seat import SeatState
from gateway.core.item.deadlines import Rules
from gateway.core.item.delivery import MAIL, DeliveryState, Draft
from gateway.core.roles import Role
from gateway.keeping.backup_desk import BackupDesk
from gateway.pbx.doctor import Finding, Verdict
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.web.pages.admin import Part
from gateway.web.pages.admin_accounts import AccountsPart, TokensPart
from gateway.web.pages.admin_post import ChannelsPart, OutboxPart
from gateway.web.pages.admin_system import BackupsPart, Examined, RulesPart, SettingsPart, StatePart, gaps
from gateway.web.site import utc_now
from tests.shipped_rules import shipped_rules
from tests.web.pages.desk_site import PHONE, WIDE, desk_site, looked_at_everywhere
from tests.web.pages.test_browser import looked_at, opened
from tests.web.pages.test_fax_page import PASSWORD, log_in
from tests.web.real_site import ZONE, Later, RealSite

pytestmark = pytest.mark.live
HOOKS = """
[database]
url = "postgresql://gate:s3cret@127.0.0.1/gate"
[backup]
folder = "kept"
[[mailboxes]]
id = "inbox"
user = "12315"
[[webhooks]]
id = "town"
url = "https://town.example/in"
"""


SEATS = (
    AgentView("agent1", "李红", "8001", SeatState.READY, browser=True),
    AgentView("agent2", "王芳", "8002", SeatState.OFFLINE, reachable=False),
)


class Made:
    """A backup that takes as long as the test wants."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> int:
        self.asked += 1
        return 0


def configured(folder: Path) -> Config:
    file = folder / "gateway.toml"
    file.write_text(HOOKS, "utf-8")
    return load(file, {"GATEWAY_VAR": str(folder / "var")})


def parts(house: dict[str, Later], config: Config, made: Made) -> tuple[Part, ...]:
    """As wiring makes them, on what the site has once it is there."""

    async def examined() -> Examined:
        return Examined(
            (Finding(Verdict.WARN, "磁盘 / the disk", "腾出空间 / make room"),), ("main.yaml:3: x",)
        )

    async def failing(hook: str) -> datetime | None:
        return None if await house["once"].mark(hook) else utc_now()

    def boxes() -> Sequence[BoxState]:
        return (BoxState("inbox", trouble="no route", taken=3, looked_at=utc_now()),)

    tasks: set[asyncio.Task[None]] = set()
    backups = BackupDesk(config, made, lambda work: tasks.add(asyncio.ensure_future(work())))
    rules = shipped_rules()
    return (
        StatePart(dict, examined),
        AccountsPart(house["accounts"], house["units"], lambda: SEATS),
        TokensPart(house["tokens"], house["units"], utc_now),
        OutboxPart(house["outbox"], house["audit"], utc_now),
        ChannelsPart(config, boxes, failing, lambda hook: house["once"].set_mark(hook, "on"), house["audit"]),
        RulesPart(rules, utc_now, ZONE),
        SettingsPart(config),
        BackupsPart(backups, 48, utc_now, house["audit"]),
    )


def fill(house: dict[str, Later], site: RealSite) -> None:
    storage = site.storage
    real = {"accounts": site.accounts, "units": storage.units, "tokens": ProgramTokens(storage, utc_now)}
    real |= {"outbox": storage.outbox, "audit": storage.audit, "once": storage.once}
    for name, part in real.items():
        house[name].real = part


async def test_an_administrator_keeps_the_house(browser: Browser, tmp_path: Path) -> None:
    names = ("accounts", "units", "tokens", "outbox", "audit", "once")
    house, made = {name: Later() for name in names}, Made()
    admin = parts(house, configured(tmp_path), made)
    async with (
        desk_site(tmp_path / "site", admin=admin) as site,
        opened(browser, site, WIDE) as page,
        opened(browser, site, WIDE) as other,
    ):
        fill(house, site)
        await stays_out(other, site)
        await site.accounts.add("root", "赵管理", Role.ADMIN, PASSWORD)
        await site.storage.tokens.create("partner", "town", utc_now())
        await dead_letter(site)
        await log_in(page, "root")
        for part in admin:
            await page.goto(f"/desk/admin?part={part.name}&examine=1")
            await expect(page.locator(".parts [aria-current]")).to_have_text(part.zh)
            if part.name in ("tokens", "channels", "settings"):
                await looked_at(page, f"admin-{part.name}")
        await on_a_phone(page)
        await page.set_viewport_size({"width": 1280, "height": 720})
        await keeps_accounts(page, site)
        await keeps_tokens(page, site)
        await keeps_the_outbox(page, site)
        await looks_at_the_rest(page)
        await reads_one_language(page)
        await page.goto("/desk/admin?part=backups")
        await page.get_by_role("button", name="立即备份").click()
        await expect(page.locator("#told")).to_contain_text("备份已开始")
        assert made.asked == 1
        whats = {row.what for row in await site.storage.audit.page(limit=200) if row.who == "root"}
        assert whats >= {
            *("account.add", "account.lock", "account.unlock", "account.role", "account.password"),
            *("token.create", "token.revoke", "outbox.dropped", "outbox.waiting", "webhook.resume"),
            "backup.begun",
        }


async def on_a_phone(page: Page) -> None:
    """Tables of a phone's width, with the names of their columns; seats, and where they are set."""
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for part in ("accounts", "outbox", "tokens", "channels"):
        await page.goto(f"/desk/admin?part={part}")
        tables = await page.locator(".wide-table").evaluate_all(
            "tables => tables.map((one) => one.scrollWidth - one.clientWidth)"
        )
        assert tables and max(tables) <= 0, f"{part} is scrolled sideways: {tables}"
        await looked_at_everywhere(page, f"admin-{part}", (PHONE, WIDE) if part == "accounts" else (PHONE,))
    await page.goto("/desk/admin?part=accounts")
    row = page.locator("tr[data-seat='8002']")
    await expect(row).to_contain_text("agent2")
    await expect(row).to_contain_text("离线")
    await expect(page.locator("main")).to_contain_text("gateway.toml 的 [[agents]]")


async def dead_letter(site: RealSite) -> None:
    draft = Draft("k", MAIL, "li@example.cn", {"subject": "x", "text": "y"})
    await site.storage.outbox.post("", draft, utc_now())
    (row,) = await site.storage.outbox.list(None, "", 0, 10)
    await site.storage.outbox.move(row.id, (DeliveryState.WAITING,), DeliveryState.DEAD, utc_now())


async def keeps_accounts(page: Page, site: RealSite) -> None:
    """One is added and logs in by the password shown once; disabled, undone; another role, a new password."""
    await page.goto("/desk/admin?part=accounts")
    await page.fill("#add-account", "Li Hong")
    await page.get_by_role("button", name="新建").click()
    await expect(page.locator("#told.bad")).to_contain_text("账号须为")
    await expect(page.locator("#add-account + .fault")).to_contain_text("账号须为")
    await expect(page.locator("#add-account")).to_be_focused()
    await looked_at_everywhere(page, "admin-accounts-fault", (WIDE, PHONE))
    await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    assert await page.input_value("#add-account") == "Li Hong", "what was typed stays"
    await page.fill("#add-account", "li.hong")
    await page.get_by_role("button", name="新建").click()
    password = await page.inner_text("#once")
    assert await site.accounts.log_in("li.hong", password, "::1")
    await page.get_by_role("button", name="停用 agent1").click()
    await expect(page.locator("tr[data-account=agent1]")).to_contain_text("已停用")
    assert not await page.locator("#once").count(), "a password is shown once"
    await page.get_by_role("button", name="撤销").click()
    await expect(page.locator("tr[data-account=agent1]")).to_contain_text("正常")
    row = page.locator("tr[data-account='li.hong']")
    await row.get_by_text("角色…").click()
    await row.locator("select[name=role]").select_option("handler")
    await row.get_by_role("button", name="修改").click()
    await expect(row.locator("select[name=unit] + .fault")).to_contain_text("须选择所在单位")
    await expect(row.locator("select[name=role]")).to_have_value("handler")  # open, as it was sent
    await row.locator("select[name=role]").select_option("dispatcher")
    await row.get_by_role("button", name="修改").click()
    await expect(row).to_contain_text("分派员")
    await row.get_by_text("重置密码…").click()
    await row.get_by_role("button", name="重置", exact=True).click()
    again = await page.inner_text("#once")
    assert await site.accounts.log_in("li.hong", password, "::1") is None
    assert await site.accounts.log_in("li.hong", again, "::1")
    assert not await page.locator("tr[data-account=root]").get_by_text("停用").count(), "not oneself"


async def keeps_tokens(page: Page, site: RealSite) -> None:
    await page.goto("/desk/admin?part=tokens")
    await page.fill("#add-shown", "大厅 大屏")
    await page.locator("#add-role").select_option("display")
    await page.fill("#add-days", "三十天")
    await page.get_by_role("button", name="新建").click()
    await expect(page.locator("#add-days + .fault")).to_contain_text("1 至 3650 天")
    await page.fill("#add-days", "30")
    await page.get_by_role("button", name="新建").click()
    await expect(page.locator("#add-shown + .fault")).to_contain_text("不含空格")
    await page.fill("#add-shown", "display-2")
    await page.get_by_role("button", name="新建").click()
    token = await page.inner_text("#once")
    info = await site.storage.tokens.check(token, utc_now())
    assert info and info.role == "display" and info.expires_at
    await page.goto("/desk/admin?part=tokens")
    row = page.locator(f"tr[data-token='{info.id}']")
    await expect(row.locator("time")).to_have_count(3)
    await row.get_by_text("吊销…").click()
    await row.get_by_role("button", name="吊销", exact=True).click()
    await expect(row).to_contain_text("已吊销")
    assert await site.storage.tokens.check(token, utc_now()) is None


async def keeps_the_outbox(page: Page, site: RealSite) -> None:
    """A dead letter is dropped with a reason, and that is undone: it waits to be sent again."""
    await page.goto("/desk/admin?part=outbox")
    row = page.locator("tr[data-delivery]")
    await expect(row).to_contain_text("l***@example.cn")
    await row.get_by_text("作废…").click()
    await row.get_by_role("button", name="作废", exact=True).click()
    await expect(row.locator("input[name=reason] + .fault")).to_have_text("请填写作废原因")
    await row.locator("input[name=reason]").fill("地址有误")
    await row.get_by_role("button", name="作废", exact=True).click()
    await expect(page.locator("#told.good")).to_contain_text("已作废")
    (log,) = [row for row in await site.storage.audit.page() if row.what == "outbox.dropped"]
    assert "地址有误" in str(log.detail)
    await page.get_by_role("button", name="撤销").click()
    await expect(page.locator("#told.good")).to_contain_text("将重新发送")
    assert [row.state for row in await site.storage.outbox.list(None, "", 0, 9)] == [DeliveryState.WAITING]


async def looks_at_the_rest(page: Page) -> None:
    await page.goto("/desk/admin?part=channels")
    await expect(page.locator("main")).to_contain_text("no route")
    await page.get_by_role("button", name="重新尝试 town").click()
    await expect(page.locator("#told.good")).to_contain_text("town")
    await page.goto("/desk/admin?part=settings")
    shown = await page.inner_text("main")
    assert "postgresql://gate:***@127.0.0.1/gate" in shown and "s3cret" not in shown
    await expect(page.locator("main")).to_contain_text("公众拨打的号码。")
    await page.goto("/desk/admin?part=state&examine=1")
    await expect(page.locator("#findings")).to_contain_text("磁盘")
    await expect(page.locator("#findings")).not_to_contain_text("the disk")
    await expect(page.locator("#findings")).to_contain_text("腾出空间")
    await expect(page.locator("#findings")).to_contain_text("main.yaml:3: x")


async def reads_one_language(page: Page) -> None:
    """A refusal that services tell in both languages is told in the reader's."""
    csrf = await page.get_attribute("meta[name=csrf]", "content")
    form = {"csrf": str(csrf), "part": "accounts", "act": "sign-out", "account": "nobody"}
    for lang, told, other in (
        ("en", "there is no account nobody", "没有账号"),
        ("zh", "没有账号 nobody", "there is"),
    ):
        answer = await page.request.post(f"/desk/admin?lang={lang}", form=form)
        shown = await answer.text()
        assert answer.status == 422 and told in shown and other not in shown
        assert "gateway: " not in shown


async def stays_out(page: Page, site: RealSite) -> None:
    """A shift leader sees no link, gets no page, and no form of his counts."""
    await log_in(page, "boss")
    csrf = await page.get_attribute("meta[name=csrf]", "content")
    assert "系统管理" not in await page.inner_text(".places")
    assert (await page.request.get("/desk/admin")).status == 403
    form = {"csrf": str(csrf), "part": "accounts", "act": "lock", "account": "agent1"}
    assert (await page.request.post("/desk/admin", form=form)).status == 403
    assert (await site.accounts.get("agent1")).locked_at is None


def test_a_year_without_a_calendar_is_a_gap() -> None:
    rules: Rules = shipped_rules()
    known = max(rules.calendar.years)
    assert not [gap for gap in gaps(rules, date(known - 1, 6, 1)) if str(known) in gap.zh]
    assert [gap for gap in gaps(rules, date(known, 12, 31)) if f"缺 {known + 1} 年" in gap.zh]
