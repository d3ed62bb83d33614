"""Recordings in files: the same afterwards, and nothing bad comes in with them."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.trace import support
from thpkit.kernel import page
from thpkit.kernel.kobject import KArray, KObject
from thpkit.kernel.splat import KernelStop
from thpkit.kernel.xarray import state
from thpkit.trace import codec, digest, folds, registry, saved, sections, statements
from thpkit.trace.saved import SavedError
from thpkit.trace.tape import Shown
from thpkit.trace.timeline import Timeline
from thpkit.trace.values import text_of


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small machine's recording, saved."""
    path = tmp_path_factory.mktemp("saved") / "small.thprec"
    saved.save(support.machine(), path, {"variant": "ref"})
    return path


@pytest.fixture
def reopened(file: Path) -> Timeline:
    return saved.open(file)


def comparable(value: object) -> object:
    """Structures by name; what is not the kernel's by the text that is kept of it."""
    if isinstance(value, KObject):
        return value.kname
    return repr(text_of(value))


def test_a_reopened_recording_is_the_same_at_every_step(reopened: Timeline) -> None:
    original = support.machine()
    assert len(reopened) == len(original)
    assert reopened.title == original.title == "small"
    assert reopened.meta == {"variant": "ref"}
    assert reopened.changed_sources == ()
    assert reopened.position == 0
    chance = random.Random(1)
    for n in [
        0,
        len(original) - 1,
        *(chance.randrange(len(original)) for _ in range(60)),
    ]:
        original.seek(n)
        reopened.seek(n)
        assert digest.state_of(reopened.root) == digest.state_of(original.root)
        assert reopened.step()[0:2] == original.step()[0:2]
        assert reopened.step().statement == original.step().statement
        for a, b in zip(reopened.stack(), original.stack(), strict=True):
            assert a.statement == b.statement
            assert {
                key: comparable(each)
                for key, each in reopened.locals_of(a.frame).items()
            } == {
                key: comparable(each)
                for key, each in original.locals_of(b.frame).items()
            }


def test_everything_that_is_asked_of_a_timeline_works(reopened: Timeline) -> None:
    original = support.machine()
    assert [each[:4] for each in sections.sections(reopened)] == [
        each[:4] for each in sections.sections(original)
    ]
    assert folds.folds(reopened) == folds.folds(original)
    cell = reopened.resolve("NR_FILE_PAGES")
    assert cell is not None
    write = reopened.last_write_before(cell, len(reopened) - 1)
    before = original.resolve("NR_FILE_PAGES")
    assert before is not None
    expected = original.last_write_before(before, len(original) - 1)
    assert write is not None and expected is not None
    assert (write.step, write.old, write.new) == (
        expected.step,
        expected.old,
        expected.new,
    )
    born = [reopened.created(each) for each in reopened.tape.born]
    assert born == [original.created(each) for each in original.tape.born]


def test_objects_that_exist_once_are_the_same_ones(reopened: Timeline) -> None:
    mappings = set()
    entries: set[int] = set()
    for n in range(len(reopened)):
        reopened.seek(n)
        for write in reopened.writes(n):
            if write.key == "mapping":
                mappings.add(id(write.new))
            entries.update((id(write.old), id(write.new)))
    assert id(page.TAIL_MAPPING) in mappings
    assert id(state.XAS_RESTART) in entries


def test_saving_keeps_the_position_and_can_be_repeated(
    tmp_path: Path, file: Path
) -> None:
    timeline = support.machine()
    timeline.seek(77)
    saved.save(timeline, tmp_path / "again", {"variant": "ref"})
    assert timeline.position == 77
    assert (tmp_path / "again").read_bytes() == file.read_bytes()
    second = saved.open(file)
    second.seek(40)
    saved.save(second, tmp_path / "second")
    third = saved.open(tmp_path / "second")
    third.seek(90)
    second.seek(90)
    assert digest.digest(third.root) == digest.digest(second.root)


def test_endings_are_kept(tmp_path: Path) -> None:
    def stop() -> None:
        raise KernelStop("no way on")

    timeline = support.machine()
    from thpkit.trace.recorder import record

    short = record(stop, root=timeline.root, follow=support.FOLLOW)
    saved.save(short, tmp_path / "x")
    assert saved.open(tmp_path / "x").ending == "no way on"


def test_a_changed_source_is_reported(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(statements, "ROOT", tmp_path)
    reopened = saved.open(file)
    assert "thpkit/kernel/mmap.py" in reopened.changed_sources
    step = reopened.step(sections.sections(reopened)[1].first + 1)
    assert step.statement is not None and step.statement.text


def test_functions_that_are_not_the_kernel_s_get_a_stand_in() -> None:
    code = codec.Decoder({})
    code.decode(
        [], [["function", "os:system"], ["function", "thpkit.kernel.page:get_page"]]
    )
    inert, real = code.values
    assert isinstance(inert, registry.Inert)
    assert (inert.__name__, repr(inert)) == ("system", "system")
    with pytest.raises(KernelStop):
        inert("true")
    assert real is page.get_page


def test_foreign_structures_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(SavedError, match="toy is a Toy, which is no structure"):
        saved.save(support.story(), tmp_path / "toy")
    assert not (tmp_path / "toy").exists()
    with pytest.raises(SavedError, match="cannot be saved"):
        saved.save(support.machine(), tmp_path / "toy", {"meta": object()})
    with pytest.raises(SavedError, match="cannot write"):
        saved.save(support.machine(), tmp_path / "no" / "where")


# ---- bad files ------------------------------------------------------------------------------------------


def document(file: Path) -> dict[str, Any]:
    """The plain data in a file."""
    data = file.read_bytes().split(b"\n", 1)[1]
    found: dict[str, Any] = json.loads(zlib.decompress(data))
    return found


def write(path: Path, content: object, version: int = saved.VERSION) -> Path:
    """A file with this content."""
    packed = zlib.compress(json.dumps(content).encode())
    path.write_bytes(saved.MAGIC + str(version).encode() + b"\n" + packed)
    return path


def refused(path: Path, sentence: str) -> None:
    with pytest.raises(SavedError) as caught:
        saved.open(path)
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_recordings(tmp_path: Path, file: Path) -> None:
    refused(tmp_path / "absent", "cannot read")
    refused(tmp_path, "cannot read")
    path = tmp_path / "x"
    for content in (
        b"",
        b"hello\nworld",
        b"\x80\x04pickle\n",
        b"thprec\n",
        b"thprec x\n",
    ):
        path.write_bytes(content)
        refused(path, "is not a recording")
    whole = file.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(path, "damaged")
    path.write_bytes(whole[:40] + bytes([whole[40] ^ 255]) + whole[41:])
    refused(path, "damaged")
    refused(write(path, [1, 2]), "damaged")
    refused(write(path, {}), "damaged")


def test_other_versions_are_refused(tmp_path: Path, file: Path) -> None:
    refused(write(tmp_path / "x", document(file), 2), "made by a newer version")
    refused(write(tmp_path / "x", document(file), 0), "made by an older version")


def test_a_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "LARGEST", 1000)
    refused(file, "unpacks to more than")


@pytest.mark.parametrize(
    "name",
    ["os:system", "thpkit.trace.tape:Tape", "thpkit.kernel.page:get_page", "thpkit.kernel.nowhere:X",
     "thpkit.kernel.variant:Any", "thpkit.kernelx:Y", "builtins:object", "thpkit.kernel.kobject:KDict"],
)  # fmt: skip
def test_only_the_kernel_s_structures_come_back(
    tmp_path: Path, file: Path, name: str
) -> None:
    data = document(file)
    data["classes"][name] = []
    with pytest.raises(SavedError):
        saved.open(write(tmp_path / "x", data))


def test_structures_with_other_fields_are_refused(tmp_path: Path, file: Path) -> None:
    data = document(file)
    data["classes"]["thpkit.kernel.page:Page"].append("colour")
    refused(write(tmp_path / "x", data), "Page has other fields")


@pytest.mark.parametrize(
    "part",
    ["journal", "at", "who", "where", "seen", "logs", "born_at", "frames", "objects"],
)
def test_parts_that_do_not_fit_are_refused(
    tmp_path: Path, file: Path, part: str
) -> None:
    data = document(file)
    data[part] = data[part][: len(data[part]) // 8 * 4]
    with pytest.raises(SavedError):
        saved.open(write(tmp_path / "x", data))


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_never_does_worse_than_an_error(
    tmp_path: Path, file: Path, seed: int
) -> None:
    """Plain data with a few values changed opens, or is refused; and what opens can be walked through."""
    chance = random.Random(seed)
    data = document(file)
    for _ in range(3):
        part = chance.choice(
            ["values", "objects", "frames", "functions", "classes", "root", "born"]
        )
        if part == "root":
            data[part] = chance.randrange(len(data["values"]))
        elif part == "classes":
            data[part].pop(chance.choice(list(data[part])))
        elif data[part]:
            at = chance.randrange(len(data[part]))
            data[part][at] = chance.choice(
                [None, 7, "x", [], ["tuple", [10**9]], ["object", -1], {"a": 1}]
            )
    try:
        timeline = saved.open(write(tmp_path / "x", data))
    except SavedError:
        return
    for n in range(0, len(timeline), 50):
        timeline.seek(n)
        timeline.stack()


def test_texts_keep_their_kind() -> None:
    code = codec.Encoder()
    numbers = [
        code.number(each)
        for each in (1, True, 1.5, "1", Shown("1"), None, (1, "1"), KArray([1]))
    ]
    assert len(set(numbers)) == len(numbers)
    again = codec.Decoder({})
    again.decode(code.contents(), code.values)
    values = [again.values[each] for each in numbers]
    assert values[:2] == [1, True] and values[1] is True
    assert isinstance(values[4], Shown) and not isinstance(values[3], Shown)
    assert values[6] == (1, "1")
    assert isinstance(values[7], KArray)
