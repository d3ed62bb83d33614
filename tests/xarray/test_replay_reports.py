"""The replayer tells a wrong answer from a right one, says where it is, and fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.xarray import replay
from tests.xarray.test_vectors import DATA

Script = dict[str, Any]


def first_script() -> Script:
    return next(replay.read_scripts(DATA / "basics.jsonl.gz"))


def wrong_result(script: Script) -> str:
    script["ops"][-1]["result"] = "v123456"
    return f"{script['name']}/ops[{len(script['ops']) - 1}]"


def wrong_hash(script: Script) -> str:
    at = next(at for at, op in enumerate(script["ops"]) if "hash" in op)
    script["ops"][at]["hash"] = "0" * 12
    return f"{script['name']}/ops[{at}] {script['ops'][at]['op']}/hash"


def missing_hash(script: Script) -> str:
    at = [at for at, op in enumerate(script["ops"]) if "hash" in op][1]
    del script["ops"][at]["hash"]
    return f"{script['name']}/ops[{at}] {script['ops'][at]['op']}/hash"


def wrong_tree(script: Script) -> str:
    at = next(at for at, op in enumerate(script["ops"]) if "tree" in op)
    script["ops"][at]["tree"]["m"] = 7
    return f"{script['name']}/ops[{at}] {script['ops'][at]['op']}/tree/m: expected 7"


def wrong_final(script: Script) -> str:
    name = sorted(script["final"])[0]
    script["final"][name]["h"] = "p99"
    return f"{script['name']}/final/{name}/h"


def unknown_op(script: Script) -> str:
    script["ops"][-1]["op"] = "xa_no_such_thing"
    return f"{script['name']}/ops[{len(script['ops']) - 1}] xa_no_such_thing: raised"


@pytest.mark.parametrize(
    "corrupt",
    [wrong_result, wrong_hash, missing_hash, wrong_tree, wrong_final, unknown_op],
)
def test_corruption_is_found(
    corrupt: Callable[[Script], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = first_script()
    where = corrupt(script)
    path = tmp_path / "corrupted.jsonl"
    path.write_text(json.dumps(script) + "\n")

    status = replay.main([str(path)])

    *before, last = capsys.readouterr().out.splitlines()
    assert status == 1
    assert before[0].startswith(where)
    scripts, ops, differences = (int(part.split()[0]) for part in last.split(", "))
    assert (scripts, ops) == (1, len(script["ops"]))
    assert differences > 0


def test_wrong_cursor_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for script in replay.read_scripts(DATA / "basics.jsonl.gz"):
        at = next((at for at, op in enumerate(script["ops"]) if "xas" in op), None)
        if at is not None:
            break
    assert at is not None
    script["ops"][at]["xas"]["i"] += 1
    path = tmp_path / "corrupted.jsonl"
    path.write_text(json.dumps(script) + "\n")
    assert replay.main([str(path)]) == 1
    assert "/xas/i: expected" in capsys.readouterr().out


def test_command() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.xarray.replay",
        str(DATA / "basics.jsonl.gz"),
    ]
    done = subprocess.run(
        command,
        cwd=DATA.parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "15 scripts, 500 ops, 0 differences"


def test_no_files_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay.main([]) == 2
    assert "usage" in capsys.readouterr().err
