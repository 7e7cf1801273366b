"""What has changed between two flows, in a flow's own terms: steps, settings, ways."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.core.flow.file import Flow
from gateway.core.flow.step import OPTIONS, StepSpec


def differences(old: Flow | None, new: Flow | None) -> tuple[str, ...]:
    """One line for each change; nothing when the flows mean the same."""
    if old is None or new is None:
        return ("the flow is new",) if new else ("the flow is gone",) if old else ()
    return tuple(_lines(old, new))


def _lines(old: Flow, new: Flow) -> Iterator[str]:
    if old.start != new.start:
        yield f"starts at {new.start}, not {old.start}"
    for name, spec in new.steps.items():
        if name not in old.steps:
            yield f"+ {name} ({spec.step.name})"
        else:
            yield from (f"~ {name}: {text}" for text in _changes(old.steps[name], spec))
    for name, spec in old.steps.items():
        if name not in new.steps:
            yield f"- {name} ({spec.step.name})"


def _changes(old: StepSpec, new: StepSpec) -> Iterator[str]:
    if old.step is not new.step:
        yield f"is a {new.step.name}, was a {old.step.name}"
        return
    for setting in new.step.fields:
        before, after = getattr(old.settings, setting.name), getattr(new.settings, setting.name)
        if before != after and setting.type is not OPTIONS:
            yield f"{setting.name} {_shown(before)} -> {_shown(after)}"
    for exit_ in {**old.next, **new.next}:
        old_target, new_target = old.next.get(exit_, "nowhere"), new.next.get(exit_, "nowhere")
        if old_target != new_target:
            yield f"{exit_} leads to {new_target}, not {old_target}"
    for key, option in new.step.options(new.settings).items():
        was = old.step.options(old.settings).get(key)
        if was and (was.kind, was.label) != (option.kind, option.label):
            yield f"key {key} means {option.label or option.kind}, not {was.label or was.kind}"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, tuple) else str(value)
