"""Loading a scenario from a file of its own: a lesson's, or a learner's."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from thpkit.scenario.model import Scenario


class ScenarioError(Exception):
    """A scenario file cannot be used. The message says what was wrong, where, and what to do."""


def load_file(path: Path) -> Scenario:
    """The scenario that a Python file defines as its module variable ``SCENARIO``.

    Raises:
        ScenarioError: there is no such file, it does not run, or it defines no scenario.
    """
    scenario = getattr(load_module(path), "SCENARIO", None)
    if not isinstance(scenario, Scenario):
        raise ScenarioError(
            f"{path} defines no SCENARIO; end it with from thpkit.scenario import Scenario and "
            "SCENARIO = Scenario(name=…, title=…, boot=boot, tasks=(run,)), where boot(machine) "
            "makes files and processes and run(machine) lets them call (see lessons/00_tour/tour.py)"
        )
    return scenario


def load_module(path: Path) -> ModuleType:
    """The module that a scenario file is, run anew: what it defines besides ``SCENARIO`` is found there.

    Raises:
        ScenarioError: there is no such file, or it does not run.
    """
    if not path.is_file():
        raise ScenarioError(
            f"there is no file {path}; give the path of a Python file that defines SCENARIO"
        )
    name = f"thp_scenario_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ScenarioError(
            f"{path} is not a Python file; a scenario is a .py file that defines SCENARIO"
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ScenarioError(
            f"{path}{_line_of(error, path)}: {type(error).__name__}: {error}"
        ) from None
    return module


def _line_of(error: Exception, path: Path) -> str:
    """``:12`` if the error came from line 12 of the file itself, else nothing."""
    if isinstance(error, SyntaxError):
        return f":{error.lineno}"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    return f":{lines[-1]}" if lines else ""
