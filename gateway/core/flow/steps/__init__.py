"""The kinds of steps, one file each; the file's name is the step's name in a flow.

To add one, put a file with a `STEP` here: nothing else has to be registered.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType

from gateway.core.flow.step import Step


def steps_of(*packages: ModuleType) -> Mapping[str, Step]:
    """Every kind of step in these packages by its name, in the order of the files' names."""
    steps: dict[str, Step] = {}
    for package in packages:
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
            step: Step = import_module(f"{package.__name__}.{module.name}").STEP
            steps[step.name] = step
    return steps


STEPS: Mapping[str, Step] = steps_of(sys.modules[__name__])
