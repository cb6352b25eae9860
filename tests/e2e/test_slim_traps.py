"""What slimming trips over: each stays in a traced image, and once it is taken out, the proof fails for that very reason."""

from __future__ import annotations

import json
import re
import struct
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.analysis.image.slim.keep import kept_by_trace
from inspector.formats.image.elf_needs import read_elf_needs
from inspector.isolation.limits import CancelToken
from inspector.records.contract import Tolerances
from inspector.records.image_inspection import ImageInspection
from inspector.records.loadable_image import LoadableImage
from inspector.records.serving import Observation, Served
from inspector.records.slimming import KeepReason, SlimStep
from inspector.verify.serving_comparison import compare_serving
from tests.images.engine import EngineUnderTest
from tests.images.slimmed import asking, inspected, served, server, slimmed, without
from tests.images.starting import alone, loadable, result, shared_folder
from tests.images.trap_images import BUNDLE, LANGUAGE, READY, SITE, STDLIB, ZONE, TrapImages, trap_images

pytestmark = pytest.mark.timeout(900)  # on a busy machine most of it is waiting for the engine

LOADER = "usr/lib64/ld-linux-x86-64.so.2"


@dataclass(frozen=True)
class Trap:
    """A path that must stay: whether it can be seen to be used, which rules may keep it, and what happens without it."""

    path: str
    is_seen: bool
    reasons: tuple[KeepReason, ...]
    without_it: str


TRAPS: Mapping[str, Trap] = {
    "ELF loader behind a symlink": Trap(LOADER, False, ("link",), "no such file or directory"),
    "symlinked folder on the loader's way": Trap("lib64", False, ("link",), "no such file or directory"),
    "os.py only asked for": Trap(f"{STDLIB}/os.py", False, ("start-up",), "platform independent libraries"),
    "source of bytecode": Trap(f"{STDLIB}/json/decoder.py", False, ("source",), r"No module named 'json.decoder'"),
    "imported by the second request": Trap("srv/app/late.py", True, ("opened",), "POST /predict"),
    "subprocess helper": Trap("srv/app/helper.sh", True, ("executed", "opened"), "GET /shout"),
    "link to the helper's shell": Trap("bin", False, ("link",), "GET /shout"),
    "absolute link to a file": Trap("srv/current", False, ("link",), "/srv/current/weights.npy"),
    "certificates": Trap(BUNDLE, False, ("certificates", "settings"), "GET /certificates"),
    "locale": Trap(f"{LANGUAGE}/LC_TIME", False, ("locale",), "GET /spoken"),
    "time zone": Trap(ZONE, True, ("opened", "time zone"), "GET /clock"),
    "home of a user": Trap("home/app", False, ("home", "mount point"), "GET /remember"),
    "library beside a wheel": Trap(f"{SITE}/numpy.libs", False, ("folder",), "cannot open shared object file"),
}


@dataclass(frozen=True)
class Traced:
    """The image, what it was seen to open and did twice, what trace keeps of it, and what was written of it."""

    images: TrapImages
    inspection: ImageInspection
    observation: Observation
    originals: tuple[Served, ...]
    kept: Mapping[str, KeepReason]
    step: SlimStep
    archive: Path
    image: LoadableImage


@pytest.fixture(scope="module")
def traced(docker_engine: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """Return the image of traps after it was traced by the exercise that serving is."""
    folder, shared = tmp_path_factory.mktemp("traps"), shared_folder(tmp_path_factory)
    images = trap_images(shared / "trap_images")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker_engine.host)
        with alone(shared):
            found = _traced(images, folder)
        yield found


def _traced(images: TrapImages, folder: Path) -> Traced:
    archive = folder / "traced.tar"
    (step,) = slimmed(images.traps, asking([images.serving], READY, levels=("trace",)), str(archive)).steps
    assert step.status == "accepted", step.reason
    inspection = inspected(images.traps)
    observation, originals = _originals(images, folder)
    assert inspection.file_system is not None
    elf = result(read_elf_needs(inspection.image, inspection.file_system, None, CancelToken()))
    kept = kept_by_trace(inspection, observation, elf)
    return Traced(images, inspection, observation, originals, kept, step, archive, loadable(archive, folder / "traced"))


def _originals(images: TrapImages, folder: Path) -> tuple[Observation, tuple[Served, ...]]:
    """Return what serving opens, and two runs of serving and all that rules keep."""
    original = loadable(images.traps, folder / "original")
    with server(original, asking([images.serving], READY)) as one:
        seen = result(one.run(CancelToken(), observed=True)).observation
    with server(original, asking([images.serving, images.settled], READY)) as both:
        runs = tuple(result(both.run(CancelToken())) for _ in range(2))
    assert seen is not None
    return seen, runs


@pytest.fixture(autouse=True)
def _one_at_a_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no two tests that start containers run at once."""
    with alone(shared_folder(tmp_path_factory)):
        yield


def test_the_traced_image_does_what_the_original_does_and_what_rules_keep_besides(traced: Traced) -> None:
    found = served(traced.image, asking([traced.images.serving, traced.images.settled], READY))
    compared = compare_serving(traced.originals, found, Tolerances())
    assert compared.equal, compared.reason
    assert compared.compared >= 16
    assert compared.volatile == ()
    assert traced.step.after is not None
    assert traced.step.after.size_bytes < traced.step.before.size_bytes


@pytest.mark.parametrize("name", TRAPS)
def test_without_it_the_proof_fails(traced: Traced, name: str, tmp_path: Path) -> None:
    trap = TRAPS[name]
    assert (trap.path in traced.observation.opened) is trap.is_seen
    assert traced.kept.get(trap.path, "folder") in trap.reasons
    broken = without(traced.image, [trap.path], tmp_path)
    found = served(broken, asking([traced.images.serving, traced.images.settled], READY))
    compared = compare_serving(traced.originals, found, Tolerances())
    assert not compared.equal
    told = (compared.reason, found.failure, found.stderr.decode(), *compared.new_messages)
    answers = (f"{one.step} {one.before} {one.after}" for one in compared.differences)
    assert re.search(trap.without_it, "\n".join((*told, *answers)))


def test_what_only_the_second_request_imports_is_not_missed_by_the_first(traced: Traced, tmp_path: Path) -> None:
    found = served(without(traced.image, ["srv/app/late.py"], tmp_path), asking([traced.images.serving], READY))
    first, *more = [one for one in found.answers if one.step == "POST /predict"]
    assert first.status == 200
    assert {one.status for one in more} == {500}


def test_bytecode_is_valid_or_needs_no_checking(traced: Traced) -> None:
    files = _files(traced.archive)
    bytecode = {path: data for path, (data, _) in files.items() if path.endswith(".pyc")}
    own = [data for path, data in bytecode.items() if path.startswith("srv/app/__pycache__/")]
    assert {flags for flags, _ in map(_flags, own)} == {1}, "made by us: unchecked-hash"
    assert len(own) == len([path for path in files if path.startswith("srv/app/") and path.endswith(".py")]) - 1
    by_time = {path: data for path, data in bytecode.items() if not _flags(data)[0]}
    assert len(by_time) > 50
    for path, data in by_time.items():
        source = path.replace("__pycache__/", "").partition(".cpython-")[0] + ".py"
        content, mtime = files[source]
        assert struct.unpack("<II", data[8:16]) == (mtime, len(content)), path


def test_libraries_of_wheels_are_as_they_were(traced: Traced) -> None:
    before, after = _files(traced.images.traps), _files(traced.archive)
    libraries = [path for path in after if "/numpy.libs/" in path]
    assert any("openblas" in path for path in libraries)
    assert any("gfortran" in path for path in libraries)
    assert {path: after[path] for path in libraries} == {path: before[path] for path in libraries}


def test_what_nobody_asked_for_is_gone(traced: Traced) -> None:
    files = _files(traced.archive)
    gone = ("srv/app/extra.py", "srv/data/color.txt", "srv/releases/6/weights.npy", "usr/share/doc/tool/manual.txt")
    assert not [path for path in gone if path in files]
    assert not [path for path in files if "/unittest/" in path]


def _flags(bytecode: bytes) -> tuple[int, bytes]:
    """Return the flags of bytecode (PEP 552), and its magic number."""
    return struct.unpack("<I", bytecode[4:8])[0], bytecode[:4]


def _files(archive: Path) -> dict[str, tuple[bytes, int]]:
    """Return contents and times of all regular files in the layers of a docker archive, the uppermost of each path."""
    found: dict[str, tuple[bytes, int]] = {}
    with tarfile.open(archive) as outer:
        manifest = outer.extractfile("manifest.json")
        assert manifest is not None
        for name in json.load(manifest)[0]["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(name)) as layer:
                for member in layer:
                    file = layer.extractfile(member) if member.isreg() else None
                    if file is not None:
                        found[member.name] = (file.read(), int(member.mtime))
    return found
