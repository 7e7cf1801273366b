"""Drafts, versions and which one is in force: publishing never disturbs, a bad draft never gets in."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.flow.walk import Walk
from gateway.errors import FlowError, PromptError
from gateway.flows.store import ALL, PARTNERS, FlowStore

SHIPPED = Path(__file__).parents[2] / "ivr_flows"
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    """A copy of the shipped flows that a test may spoil."""
    folder = tmp_path / "ivr_flows"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("sounds"))
    return folder


@pytest.fixture
def store(drafts: Path, tmp_path: Path) -> FlowStore:
    return FlowStore(drafts, tmp_path / "var" / "flows", "main")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def wait_of(store: FlowStore) -> object:
    return store.current().flows["main"].steps["menu"].settings.wait


def test_first_start_publishes_the_drafts(store: FlowStore) -> None:
    flows = store.current()
    assert (flows.version, store.number()) == (1, 1)
    assert set(flows.partners) == {"12345", "110"}
    (version,) = store.versions()
    assert (version.who, version.why) == ("gateway", "first start")


def test_current_is_the_same_object_until_something_is_published(store: FlowStore, drafts: Path) -> None:
    first = store.current()
    change(drafts / "main.yaml", "wait: 4", "wait: 3")
    assert store.current() is first, "a draft changes nothing"
    assert store.publish("main", "lin", "shorter", NOON) == 2
    assert wait_of(store) == 3
    assert store.version(1) is first, "calls that began with it go on"
    assert store.versions()[1].names == ("main.yaml",)


def test_another_process_sees_the_new_version(store: FlowStore, drafts: Path) -> None:
    other = FlowStore(drafts, store.published, "main")
    assert (wait_of(store), wait_of(other)) == (4, 4)
    change(drafts / "main.yaml", "wait: 4", "wait: 2")
    other.publish("main")
    assert wait_of(store) == 2


def test_call_in_progress_ends_on_its_version_even_after_a_restart(store: FlowStore, drafts: Path) -> None:
    walk = Walk(store.current(), "main/person")
    change(drafts / "main.yaml", "clips: queue_timeout", "clips: [queue_timeout, please_hold]")
    store.publish("main")
    again = FlowStore(drafts, store.published, "main")
    assert again.current().version == 2
    resumed = Walk(again.version(walk.version), walk.position)
    assert resumed.version == 1
    assert again.version(1).flows["main"].steps["long_wait"].settings.clips == ("queue_timeout",)


def test_publishing_one_flow_leaves_the_other_drafts_alone(store: FlowStore, drafts: Path) -> None:
    store.current()
    change(drafts / "main.yaml", "wait: 4", "wait: 3")
    change(drafts / "progress.yaml", "label: 再查或人工", "label: 再查")
    store.publish("progress")
    assert wait_of(store) == 4
    assert store.current().flows["progress"].steps["after"].label == "再查"


def test_publishing_partners(store: FlowStore, drafts: Path) -> None:
    store.current()
    change(drafts / "partners" / "110.yaml", "ring_seconds: 30", "ring_seconds: 45")
    assert store.publish(PARTNERS) == 2
    assert store.current().partners["110"].ring == 45


def test_publishing_nothing_new_makes_no_version(store: FlowStore) -> None:
    store.current()
    assert store.publish(ALL) == 1
    assert len(store.versions()) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("step: queue", "step: que", "did you mean `queue`?"),
        ("clips: menu_main", "clips: menu_mian", "did you mean `menu_main`?"),
        ("  person:\n", "  person: [\n", "not YAML"),
        ("next: {silence: connect, wrong: connect}", "next: open", "loop without a caller's choice"),
    ],
)
def test_bad_draft_is_refused_and_the_running_version_stays(
    store: FlowStore, drafts: Path, old: str, new: str, words: str
) -> None:
    running = store.current()
    change(drafts / "main.yaml", old, new)
    with pytest.raises(FlowError) as error:
        store.publish("main")
    problem = next(p for p in error.value.problems if words in p.text)
    assert problem.file == str(drafts / "main.yaml")
    assert problem.line > 0
    assert store.current() is running
    assert not (store.published / ".new").exists()


def test_failing_test_case_stops_publishing(store: FlowStore, drafts: Path) -> None:
    store.current()
    change(drafts / "main.yaml", '"2": {to: connect, kind: report', '"2": {to: connect, kind: question')
    with pytest.raises(FlowError) as error:
        store.publish("main")
    assert error.value.problems[0].file.endswith("cases/main.yaml")
    assert "wants question, not report" in str(error.value)


def test_flow_that_leans_on_an_unpublished_one_is_refused(store: FlowStore, drafts: Path) -> None:
    store.current()
    (drafts / "extra.yaml").write_text("flow: extra\nstart: a\nsteps:\n  a: {step: goto, flow: main}\n")
    change(drafts / "main.yaml", "flow: progress", "flow: extra")
    with pytest.raises(FlowError, match="no flow `extra`"):
        store.publish("main")
    with pytest.raises(FlowError, match="no flow `mian`; did you mean `main`"):
        store.publish("mian")


def test_broken_prompts_are_refused(store: FlowStore, drafts: Path) -> None:
    store.current()
    change(drafts / "main.yaml", "wait: 4", "wait: 3")
    (drafts / "prompts.yaml").write_text("prompts: [")
    with pytest.raises(PromptError):
        store.publish(ALL)


def test_rollback_is_a_new_version_and_can_be_undone(store: FlowStore, drafts: Path) -> None:
    store.current()
    change(drafts / "main.yaml", "wait: 4", "wait: 3")
    store.publish("main")
    assert store.rollback("main", who="lin") == 3
    assert wait_of(store) == 4
    assert store.versions()[2].why == "back to version 1"
    assert store.rollback("main") == 4
    assert wait_of(store) == 3
    assert store.rollback(ALL, to=1) == 5
    assert store.texts(5) == store.texts(1)
    assert wait_of(store) == 4


def test_rollback_of_one_flow_leaves_the_others(store: FlowStore, drafts: Path) -> None:
    store.current()
    change(drafts / "main.yaml", "wait: 4", "wait: 3")
    store.publish("main")
    change(drafts / "progress.yaml", "label: 再查或人工", "label: 再查")
    store.publish("progress")
    store.rollback("main")
    assert wait_of(store) == 4
    assert store.current().flows["progress"].steps["after"].label == "再查"


def test_rollback_to_what_never_was(store: FlowStore) -> None:
    store.current()
    with pytest.raises(FlowError, match="no version 9"):
        store.rollback(to=9)
    with pytest.raises(FlowError, match="no earlier version"):
        store.rollback()


def test_version_left_half_made_is_never_in_force(store: FlowStore, drafts: Path) -> None:
    """A process died after each step of publishing; the next one goes on."""
    store.current()
    (store.published / ".new" / "partners").mkdir(parents=True)
    (store.published / ".new" / "main.yaml").write_text("half")
    shutil.copytree(store.published / "v000001", store.published / "v000002")
    (store.published / ".current").write_text("2")
    again = FlowStore(drafts, store.published, "main")
    assert again.current().version == 1
    change(drafts / "main.yaml", "wait: 4", "wait: 3")
    assert again.publish("main") == 3
    assert wait_of(again) == 3


def test_damaged_version_leaves_the_running_one_in_force(store: FlowStore, drafts: Path) -> None:
    running = store.current()
    change(drafts / "main.yaml", "wait: 4", "wait: 3")
    other = FlowStore(drafts, store.published, "main")
    other.publish("main")
    (store.published / "v000002" / "main.yaml").write_text("flow: [")
    assert store.current() is running
    with pytest.raises(FlowError):
        FlowStore(drafts, store.published, "main").current()


def test_damaged_pointer_leaves_the_running_one_in_force(store: FlowStore) -> None:
    running = store.current()
    (store.published / "current").write_text("zwei")
    assert store.current() is running
    with pytest.raises(FlowError, match="holds no version's number"):
        store.number()


def test_disk_that_refuses_is_an_error_in_words(drafts: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FlowError, match="cannot be written"):
        FlowStore(drafts, tmp_path / "file" / "flows", "main").publish()


def _publish_often(drafts: Path, published: Path, waits: range) -> None:
    own = drafts.parent / f"drafts-{os.getpid()}"
    shutil.copytree(drafts, own)
    store = FlowStore(own, published, "main")
    text = (own / "main.yaml").read_text("utf-8")
    for wait in waits:
        (own / "main.yaml").write_text(text.replace("wait: 4", f"wait: {wait / 10}"), "utf-8")
        store.publish("main")


def test_publishing_at_the_same_time_is_safe(store: FlowStore, drafts: Path) -> None:
    """Three processes publish; every version is whole and read by number, the last one is in force."""
    store.current()
    context = multiprocessing.get_context("spawn")
    turns = [range(51, 54), range(61, 64), range(71, 74)]
    running = [
        context.Process(target=_publish_often, args=(drafts, store.published, waits)) for waits in turns
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0, 0, 0]
    assert [version.number for version in store.versions()] == list(range(1, 11))
    waits = {store.version(n).flows["main"].steps["menu"].settings.wait for n in range(2, 11)}
    assert waits == {n / 10 for turn in turns for n in turn}
    assert store.current().version == 10
