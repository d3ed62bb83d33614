"""Scenarios: what lessons, defects, races, exercises and a learner's own file are made of.

A scenario boots a machine, runs tasks on it one after the other, and names the stops at which a reader should look.
"""

from thpkit.kernel.machine import Interruption
from thpkit.scenario.load import ScenarioError, load_file
from thpkit.scenario.model import Scenario
from thpkit.scenario.run import Recording, build, record

__all__ = [
    "Interruption",
    "Recording",
    "Scenario",
    "ScenarioError",
    "build",
    "load_file",
    "record",
]
