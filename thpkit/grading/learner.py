"""Loading a learner's file, inside the worker: from a path to a variant of the kernel."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final

from thpkit.kernel import variant as variants
from thpkit.kernel.variant import Variant
from thpkit.trace import endings

MODULE: Final = "thp_learner"
"""Name of the module that a learner's file becomes."""


class LoadError(Exception):
    """A learner's file cannot be used; the message is a sentence for its author."""


def load(file: Path, targets: Sequence[str], base: Variant) -> Variant:
    """The version ``base`` with the functions of ``file`` in it, one for each target, ``module:function``.

    Raises:
        LoadError: the file does not run, or does not define what it should.
    """
    module = _module(file)
    functions = [_function(module, file, each) for each in targets]
    return Variant("learner", functions=functions, base=base)


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(MODULE, file)
    if spec is None or spec.loader is None:
        raise LoadError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        where = f"line {error.lineno} of " if error.lineno else ""
        raise LoadError(f"{where}{file.name} is no valid Python: {error.msg}") from None
    except SystemExit:
        raise LoadError(
            f"{file.name} ends the program with sys.exit while it is loaded; take that out"
        ) from None
    except Exception as error:
        raise LoadError(
            f"{file.name} cannot be loaded: {endings.of(error).sentence}"
        ) from None
    return module


def _function(module: ModuleType, file: Path, target: str) -> Callable[..., object]:
    """The function of the learner's module that replaces ``module:function``."""
    home_name, _, name = target.partition(":")
    home = importlib.import_module(home_name)
    wanted = getattr(home, name)
    decorator = f"@replaces({home_name.rpartition('.')[2]}.{name})"
    found = getattr(module, name, None)
    if not isinstance(found, FunctionType):
        raise LoadError(
            f"{file.name} defines no function {name} any more; it is what this exercise is about"
        )
    try:
        replaced = variants.replaced_by(found)
    except (ValueError, TypeError):
        replaced = None
    if replaced is not wanted:
        raise LoadError(
            f"{name} in {file.name} does not say {decorator} any more; put that line back above it"
        )
    return found
