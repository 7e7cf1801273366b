"""Real calls with storage.encrypt_files: what Asterisk recorded lies encrypted soon after."""

from __future__ import annotations

import asyncio
import json
import urllib.request
import wave
from asyncio import to_thread
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.storage.encrypted_files import is_encrypted
from gateway.storage.files import HASHED
from tests.live.conftest import Gateway, new_gateway, running
from tests.live.test_phone_lines import SPEECH, greeted
from tests.live.test_rights import a_talk

pytestmark = pytest.mark.live


@pytest.fixture
def encrypting(asterisk_tree: Asterisk, tmp_path: Path) -> Iterator[Gateway]:
    settings = {"GATEWAY_QUEUE_WRAP_UP_SECONDS": 1, "GATEWAY_STORAGE_ENCRYPT_FILES": "true"}
    yield from running(new_gateway(tmp_path, **settings))


async def until(holds: Callable[[], bool], limit: float = 30) -> None:
    async with asyncio.timeout(limit):
        while not await to_thread(holds):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def fetched(gateway: Gateway, path: str) -> bytes:
    request = urllib.request.Request(gateway.url(path))
    request.add_header("Authorization", f"Bearer {gateway.token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        content: bytes = answer.read()
        return content


def seconds(content: bytes) -> float:
    with wave.open(BytesIO(content)) as sound:
        return sound.getnframes() / sound.getframerate()


async def test_a_message_lies_encrypted_at_its_item_and_as_recording(encrypting: Gateway) -> None:
    gateway = encrypting
    async with gateway.phone("13900031001") as phone:
        call = await greeted(phone, "12315")
        await call.press("5")
        await call.wait_prompt("beep", timeout=20)
        await call.say(SPEECH)
        await call.hang_up()
    record = await gateway.call_of("13900031001")
    message = (await gateway.item_of(record["number"]))["attachments"][-1]  # a busy machine may part it
    files = list((gateway.config.var / "files").glob(HASHED))
    (recording,) = gateway.places.recordings.glob("[0-9]*/*.wav")
    assert files and all(map(is_encrypted, files))
    await until(lambda: is_encrypted(recording))
    address = f"/api/v1/queue/{record['number']}/attachments/{message['sha256']}"
    attached = await to_thread(fetched, gateway, address)
    heard = await to_thread(fetched, gateway, f"/api/v1/calls/{record['id']}/recording?reason=test")
    assert attached == heard and seconds(heard) > 1.0
    assert len(attached) == message["size"]
    health = json.loads(await to_thread(fetched, gateway, "/healthz"))["others"]
    told = {"name": "encryption", "ok": True, "vital": False, "detail": "文件已加密 / files are encrypted"}
    assert told in health
    doctor = await to_thread(gateway.finished, "doctor")
    assert f"{len(files)} 个文件已加密 / files are encrypted, 0 个未加密 / clear" in doctor.stdout


async def test_killed_as_a_talk_ends_its_recording_is_there_once_and_encrypted_later(
    encrypting: Gateway,
) -> None:
    """The gateway dies before the recording is encrypted: it is whole, and the next start encrypts it."""
    gateway = encrypting
    call = await a_talk(gateway)
    await to_thread(gateway.kill)
    (recording,) = gateway.places.recordings.glob("[0-9]*/*.wav")
    await to_thread(gateway.start)
    await until(lambda: is_encrypted(recording))
    heard = await to_thread(fetched, gateway, f"/api/v1/calls/{call}/recording?reason=test")
    (record,) = (row for row in await to_thread(gateway.calls) if row["id"] == call)
    assert record["recording_state"] == "saved" and seconds(heard) > 0
    assert [path.name for path in gateway.places.recordings.glob("[0-9]*/*")] == [recording.name]
    picture = await to_thread(fetched, gateway, f"/api/v1/calls/{call}/peaks?reason=test")
    assert picture.startswith(b"<svg")
