"""The kinds of steps, one file each; the file's name is the step's name in a flow.

To add one, put a file with a `STEP` here: nothing else has to be registered.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from gateway.core.flow.step import Step


def _found() -> Mapping[str, Step]:
    steps: dict[str, Step] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        step: Step = import_module(f"{__name__}.{module.name}").STEP
        steps[step.name] = step
    return steps


STEPS: Mapping[str, Step] = _found()
