"""Nothing breaks a call at the desk: sessions that end, microphones that go, second tabs, a killed gateway.

Call-backs stand with their items. One gateway for all of it.
"""

from __future__ import annotations

import asyncio
import json
import re
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Dialog, Page, expect

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer, Refuse
from tests.live.browser import hears_tone, talking, tone_file
from tests.live.conftest import Gateway, new_gateway, running
from tests.live.test_call_backs import booked, told
from tests.live.test_desk import at_desk, looked_at, seat_is

pytestmark = pytest.mark.live
AGENT, CALLER = 1400.0, 700.0  # Hz
# Notifications are kept, the tab can be said to be hidden, and the microphone unplugged and plugged in again.
DEVICES = """(() => {
  window.notes = [];
  window.Notification = class {
    static permission = "granted";
    constructor(title) { window.notes.push(title); }
    close() {}
  };
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.plugged = true;
  navigator.mediaDevices.getUserMedia = async (wish) => {
    if (!window.plugged) throw new DOMException("none", "NotFoundError");
    window.microphone = await ask(wish);
    return window.microphone;
  };
  window.unplug = () => {
    window.plugged = false;
    const [track] = window.microphone.getAudioTracks();
    track.stop();
    track.dispatchEvent(new Event("ended"));
  };
  window.plugIn = () => {
    window.plugged = true;
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  };
})();"""


@pytest.fixture(scope="module")
def gateway(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Call-backs in vain are made again at once, once."""
    folder = tmp_path_factory.mktemp("desk-calls")
    again = {"GATEWAY_QUEUE_CALL_BACK_AGAIN": "0", "GATEWAY_QUEUE_WRAP_UP_SECONDS": 2}
    yield from running(new_gateway(folder, **again))


@pytest.fixture
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    folder = tmp_path_factory.mktemp("microphone")
    async with talking(tone_file(folder / "agent.wav", AGENT)) as made:
        yield made


async def talks(page: Page, gateway_call: Call) -> None:
    """The caller comes to the desk and both hear each other."""
    await gateway_call.wait_prompt("welcome", timeout=10)
    await gateway_call.press("1")
    await seat_is(page, "ringing")
    await page.keyboard.press("F2")
    await page.wait_for_selector("#call[data-state=talking]")
    gateway_call.tone(int(CALLER))
    await hears_tone(page, CALLER)
    await gateway_call.wait_tone(AGENT)


def password_of(gateway: Gateway) -> str:
    return str(json.loads(gateway.command("user", "show", "agent1", "--json"))["web_password"])


async def test_a_talk_outlives_session_microphone_second_tab_and_gateway(
    gateway: Gateway, browser: Browser
) -> None:
    password = await to_thread(password_of, gateway)
    async with at_desk(browser, gateway, "agent1", ready=False) as page:
        await page.context.add_init_script(DEVICES)
        await page.reload()
        await page.wait_for_selector("#health[data-link=ready]", timeout=15_000)
        await page.keyboard.press("F8")
        await seat_is(page, "ready")
        async with gateway.phone("13835712377") as phone:
            await page.evaluate(
                "Object.defineProperty(document, 'hidden', { value: true, configurable: true })"
            )
            call = await phone.dial("12315")
            await talks(page, call)
            notes = await page.evaluate("window.notes")
            assert len(notes) == 1 and "13835712377" in notes[0] and "等候" in notes[0]
            assert "通话中" in await page.title()
            await page.fill("#d-content", "买到过期食品")
            await page.wait_for_selector("#saved[data-state=saved]")

            # the session ends: the log-in is asked for beside the talk, and the cursor stays
            await to_thread(gateway.command, "user", "sign-out", "agent1")
            await page.focus("#d-content")
            await page.keyboard.press("End")
            await page.keyboard.type("，商家")
            await page.wait_for_selector("dialog.log-in-again")
            await page.keyboard.type("拒绝退款")
            assert await page.input_value("#d-content") == "买到过期食品，商家拒绝退款"
            await looked_at(page, "desk-log-in-again")
            await page.fill("#again-password", "wrong password")
            await page.click("dialog.log-in-again button[type=submit]")
            await page.wait_for_selector("dialog.log-in-again .fault:not(:empty)")
            await page.fill("#again-password", password)
            await page.click("dialog.log-in-again button[type=submit]")
            await page.wait_for_selector("dialog.log-in-again", state="detached")
            await page.wait_for_selector("#saved[data-state=saved]")
            assert await page.get_attribute("#call", "data-state") == "talking"

            # the microphone goes: red, the seat is to be paused; it comes back by itself and is heard
            await page.evaluate("window.unplug()")
            await page.wait_for_selector("#phone-alarm:not([hidden])")
            await looked_at(page, "desk-no-microphone")
            await call.wait_silence(0.5)
            await page.evaluate("window.plugIn()")
            await page.wait_for_selector("#phone-alarm", state="hidden")
            await call.wait_tone(AGENT)

            # a second tab says where the telephone is, and takes it only after the talk
            second = await page.context.new_page()
            await second.goto("/desk")
            await second.wait_for_selector("#health[data-link=other]")
            assert "正在通话" in (await second.text_content("#link-help") or "")
            await second.click("#take")
            await second.wait_for_selector("#take-over[open]")
            await looked_at(second, "desk-take-over")
            await second.click("#take-after")
            await page.bring_to_front()
            assert await page.get_attribute("#call", "data-state") == "talking"

            # closing asks
            asked: list[str] = []

            async def stay(dialog: Dialog) -> None:
                asked.append(dialog.type)
                await dialog.dismiss()

            page.on("dialog", stay)
            await page.close(run_before_unload=True)
            async with asyncio.timeout(10):
                while not asked:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert asked == ["beforeunload"]
            page.remove_listener("dialog", stay)

            # the gateway is killed while the agent types
            await to_thread(gateway.kill)
            await page.focus("#d-content")
            await page.keyboard.press("End")
            await page.keyboard.type("，并且态度恶劣")
            await page.wait_for_selector("#saved[data-state=kept_here]")
            await to_thread(gateway.start)
            await page.wait_for_selector("#saved[data-state=saved]", timeout=30_000)
            assert await page.get_attribute("#call", "data-state") == "talking"
            await page.fill("#d-name", "张三")
            await page.fill("#d-respondent_name", "某超市")
            await page.keyboard.press("Shift+F2")
            await call.ended(5)
            await second.wait_for_selector("#health[data-link=ready]", timeout=20_000)
            await page.wait_for_selector("#health[data-link=other]")
            await page.keyboard.press("F10")
            await page.wait_for_selector("body[data-made]")
            number = await page.get_attribute("body", "data-made") or ""
            await second.close()
        item = await gateway.item_of(number)
        assert item["content"] == "买到过期食品，商家拒绝退款，并且态度恶劣"


async def test_a_second_tab_asks_before_it_breaks_a_talk(gateway: Gateway, browser: Browser) -> None:
    async with at_desk(browser, gateway, "agent1") as page, gateway.phone("13835712378") as phone:
        call = await phone.dial("12315")
        await talks(page, call)
        second = await page.context.new_page()
        await second.goto("/desk")
        await second.wait_for_selector("#health[data-link=other]")
        await second.click("#take")
        await second.wait_for_selector("#take-over[open]")
        assert await page.get_attribute("#call", "data-state") == "talking", (
            "nothing is broken before the answer"
        )
        await second.click("#take-now")
        await second.wait_for_selector("#health[data-link=ready]", timeout=20_000)
        await page.wait_for_selector("#health[data-link=other]")
        await page.close()
        await call.ended(5)
        await seat_is(second, "ready")


async def test_a_seat_without_a_microphone_is_paused_until_there_is_one(
    gateway: Gateway, browser: Browser
) -> None:
    """Nobody rings who could not speak; leaders see why, and the seat is ready again by itself."""
    async with at_desk(browser, gateway, "agent1", ready=False) as page:
        await page.context.add_init_script(DEVICES)
        await page.reload()
        await page.wait_for_selector("#health[data-link=ready]", timeout=15_000)
        await page.keyboard.press("F8")
        await seat_is(page, "ready")
        await page.evaluate("window.unplug()")
        await page.wait_for_selector("#phone-alarm:not([hidden])")
        await page.wait_for_selector("#health[data-link=microphone]")
        await seat_is(page, "paused")
        seats = (await to_thread(gateway.api, "/api/v1/agents"))["items"]
        (seat,) = [one for one in seats if one["id"] == "agent1"]
        assert (seat["state"], seat["reason"]) == ("paused", "microphone")
        await page.evaluate("window.plugIn()")
        await page.wait_for_selector("#phone-alarm", state="hidden")
        await seat_is(page, "ready")


async def rings_back(page: Page, caller: str, number: str, tries: str) -> None:
    """A call-back rings at the desk, and is told as such with its item."""
    await page.wait_for_selector(f"#call-state:has-text('{tries}')", timeout=30_000)
    await page.wait_for_selector("#answer:not([hidden])")
    await page.wait_for_selector(f"body[data-known='{await page.get_attribute('body', 'data-popped')}']")
    assert await page.inner_text("#pop-number") == caller
    assert "回电" in await page.inner_text("#call-state")
    # The item before it stands there until this one is read.
    await expect(page.locator("#pop-item")).to_have_text(re.compile(r"\s*".join(number)))


async def test_a_call_back_shows_its_item_and_writes_into_it(gateway: Gateway, browser: Browser) -> None:
    caller, content = "13912350077", "回电已核实：电饭煲不通电"
    number = await booked(gateway, caller)
    async with (
        gateway.phone(caller, port=gateway.far_end) as customer,
        at_desk(browser, gateway, "agent1", ready=False) as page,
    ):
        customer.answer_with(Answer(0.1, CALLER))
        await page.keyboard.press("F8")
        await rings_back(page, caller, number, "第1次")
        await looked_at(page, "desk-call-back")
        await page.keyboard.press("F2")
        await hears_tone(page, CALLER)
        await page.fill("#d-content", content)
        await page.fill("#d-name", "李四")
        await page.check("input[name=kind][value=question]")
        await page.keyboard.press("F10")
        await page.wait_for_selector(f"body[data-made='{number}']")
        await told(gateway, number, "called_back")
        await page.keyboard.press("Shift+F2")
        await seat_is(page, "ready")
        item = await gateway.item_of(number)
        assert (item["content"], item["task"], item["kind"]) == (content, "none", "question")

        await page.evaluate("number => (location.hash = number)", number)
        await page.wait_for_selector("#item:not([hidden])")
        await page.click("#ring-back")
        await page.wait_for_selector("#answer:not([hidden])")
        await page.keyboard.press("F2")
        await page.wait_for_selector("#call[data-state=talking]")
        assert await page.is_visible("#item") and await page.is_hidden("#pop"), "it stays in its item"
        assert await page.is_visible("#hang-up")
        await looked_at(page, "desk-call-from-item")
        await page.keyboard.press("Shift+F2")
        await page.wait_for_selector("#call", state="hidden")
        assert await page.is_visible("#item")
    assert [one["number"] for one in gateway.queue() if one["person"]["phone"] == caller] == [number]


@pytest.mark.soak
async def test_a_call_back_that_failed_is_tried_again_and_keeps_what_was_typed(
    gateway: Gateway, browser: Browser
) -> None:
    caller, typed = "13912350078", "第一次未接通"
    number = await booked(gateway, caller)
    async with (
        gateway.phone(caller, port=gateway.far_end) as customer,
        at_desk(browser, gateway, "agent1", ready=False) as page,
    ):
        customer.answer_with(Refuse(486))
        await page.keyboard.press("F8")
        await rings_back(page, caller, number, "第1次")
        await page.keyboard.press("F2")
        await page.fill("#d-content", typed)
        await rings_back(page, caller, number, "第2次")
        await page.keyboard.press("F2")
        await told(gateway, number, "call_back_failed")
        assert await page.input_value("#d-content") == typed, "all tries share one draft"
        await seat_is(page, "ready")
        customer.answer_with(Answer(0.1, CALLER))
        await page.evaluate("number => (location.hash = number)", number)
        await page.click("#call-back-again")
        await rings_back(page, caller, number, "第1次")
        await page.keyboard.press("F2")
        await told(gateway, number, "called_back")
        await hears_tone(page, CALLER)
        assert await page.input_value("#d-content") == typed
        await page.keyboard.press("Shift+F2")
        await seat_is(page, "wrap_up")


async def test_what_a_caller_adds_goes_to_the_item_that_was_there(gateway: Gateway, browser: Browser) -> None:
    caller, said = "13912350079", "商家又来电威胁"
    item = {"kind": "question", "content": "会员卡能否退费", "name": "王五", "phone": caller}
    known = (await to_thread(gateway.api, "/api/v1/intake", item))["number"]
    await to_thread(gateway.api, "/api/v1/queue/claim", {"number": known})
    await to_thread(gateway.api, f"/api/v1/queue/{known}/complete", {"text": "已告知"})
    async with at_desk(browser, gateway, "agent1") as page, gateway.phone(caller) as phone:
        call = await phone.dial("12315")
        await talks(page, call)
        await page.fill("#d-content", said)
        await page.click("#earlier-items button:has-text('来电补充')")
        await page.wait_for_selector(f"body[data-matter='{known}']")
        assert await page.input_value("#item-word") == said, "what was typed goes along"
        await looked_at(page, "desk-caller-adds")
        await page.click("#do")
        await expect(page.locator("#item-past")).to_contain_text(f"来电补充：{said}")
        await expect(page.locator("#item-added")).to_be_visible()
        await page.keyboard.press("Shift+F2")
        await call.ended(5)
        await page.keyboard.press("Escape")
        await page.wait_for_selector("#pop:not([hidden])")
        assert await page.input_value("#d-content") == ""
        await page.click("#later")
        await page.click("[data-tab=added]")
        await expect(page.locator("#rows li", has_text="王五")).to_contain_text("已办结")
        record = await gateway.call_of(caller)
        assert (record["outcome"], record["number"]) == ("talked", known)
    assert [one["number"] for one in gateway.queue() if one["person"]["phone"] == caller] == [known]
