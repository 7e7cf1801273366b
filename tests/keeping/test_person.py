"""One person's data: found over items and calls, exported whole, erased for good."""

from __future__ import annotations

import asyncio
import json
import os
import zipfile

from gateway.core.item.contact import Kind, Person
from gateway.keeping import person
from gateway.storage.person_rows import Signs
from tests import forked
from tests.keeping.test_retention import Place, place
from tests.storage.databases import ROOT, contact

__all__ = ["place"]


async def test_found_exported_and_erased(place: Place) -> None:
    ended = await place.ended("old")
    report = await place.ended("reported", Kind.REPORT)
    mine = Person("王小明", "+8613835700009")
    open_number = (await place.intake.submit(contact("open", person=mine))).number
    other = (await place.intake.submit(contact("other", person=Person("李四", "13900000000")))).number
    await place.call("lonely")
    persons = place.storage.persons
    found = await persons.find(Signs(phone="13835700009"))
    assert [trace.about for trace in found] == [ended, open_number, "lonely"]
    assert report not in {trace.about for trace in await persons.find(Signs(name="王小明"))}
    traces = await persons.find(Signs(phone="13835700009", reports=True))
    assert report in {trace.about for trace in traces}

    out = place.var / "person.zip"
    assert await person.export(place.storage, place.var, traces, out) == []
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as pack:
        names = pack.namelist()
        rows = json.loads(pack.read(f"{report}/rows.json"))
        assert pack.read(f"{ended}/call-old.wav") == b"call-old"
        assert [pack.read(name) for name in names if name.startswith(ended) and "a.png" in name] == [b"old"]
    assert rows["identities"][0]["name"] == "王小明"

    await place.storage.retention.hold(report, "admin", "行政诉讼", place.clock())
    done = await person.erase(place.terms, traces, "cli:test", "本人申请")
    assert done == {ended: "erased", report: "held", open_number: "open", "lonely": "erased"}
    left = await persons.find(Signs(phone="13835700009", reports=True))
    assert {trace.about for trace in left} == {report, open_number}
    assert await place.storage.retention.gone_lately() == []
    (kept,) = (path for path in place.var.rglob("*") if path.suffix == ".wav")
    with place.storage.files.open(kept) as sound:
        assert sound.read() == b"call-reported"
    assert (await place.intake.get(other)).item.number == other
    assert [row.about for row in await place.storage.audit.page() if row.what == "person.erased"] == [
        "lonely",
        ended,
    ]


async def test_by_command(place: Place, url: str) -> None:
    number = await place.ended("old")
    environment = {**os.environ, "GATEWAY_VAR": str(place.var), "GATEWAY_DATABASE_URL": url}

    async def gateway(*arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(forked.run, arguments, environment, ROOT)
        return done.returncode, done.stdout + done.stderr

    code, said = await gateway("person", "find", "--phone", "13835700009")
    assert code == 0 and number in said
    code, said = await gateway("person", "find", "--phone", "13835700009", "--reports")
    assert code == 2 and "--reason" in said
    out = place.var / "of-one-person.zip"
    environment["GATEWAY_DEMO_ENABLED"] = "false"
    code, said = await gateway("person", "export", "--phone", "13835700009", "--out", str(out))
    assert code == 2 and "第二人批准" in said and not out.exists()
    environment["GATEWAY_DEMO_ENABLED"] = "true"
    code, said = await gateway("person", "export", "--phone", "13835700009", "--out", str(out))
    assert code == 0 and out.exists()
    code, said = await gateway("person", "erase", number, "--reason", "本人申请")
    assert code == 2 and "--yes" in said
    code, said = await gateway("person", "erase", number, "--reason", "本人申请", "--yes")
    assert code == 0 and "erased" in said
    code, said = await gateway("retention", "show")
    assert code == 0 and "complaints" in said
