"""What lies around the definition: pipes, devices and links in place of files, shards and assets that are elsewhere."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from tests.e2e.hostile.wire import field
from tests.e2e.hostile_saved_models import protos
from tests.e2e.hostile_saved_models.cases import Case, Change, in_place_of, sound_model
from tests.e2e.hostile_saved_models.table import VALUES, masked_crc

DEFINITION, INDEX, DATA = "saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"
WARM_UP = "assets.extra/tf_serving_warmup_requests"


def _bind(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _link(target: str):  # type: ignore[no-untyped-def]
    return lambda path: path.symlink_to(target)


def _bytes(data: bytes):  # type: ignore[no-untyped-def]
    return lambda path: path.write_bytes(data)


def _outside(path: Path) -> None:
    """Link to a sound file that lies outside the folder."""
    other = path.parents[2] / "other" if path.parent.name == "variables" else path.parents[1] / "other"
    sound_model(other)
    path.symlink_to(other / path.relative_to(path.parents[1] if path.parent.name == "variables" else path.parent))


def _variables_elsewhere(folder: Path) -> None:
    shutil.rmtree(folder / "variables")
    sound_model(folder.parent / "other")
    (folder / "variables").symlink_to(folder.parent / "other" / "variables")


def _asset(name: bytes, make) -> Change:  # type: ignore[no-untyped-def]
    """Return what declares an asset and makes something in its place."""

    def change(folder: Path) -> None:
        (folder / DEFINITION).write_bytes(protos.small(protos.asset(name)))
        (folder / "assets").mkdir()
        make(folder / "assets" / os.fsdecode(name))

    return change


def record(payload: bytes, length: int | None = None, crc: int | None = None) -> bytes:
    """Return one record of a TFRecord file; its length and its checksum may be wrong."""
    size = (len(payload) if length is None else length).to_bytes(8, "little")
    ends = masked_crc(payload) if crc is None else crc
    return size + masked_crc(size).to_bytes(4, "little") + payload + ends.to_bytes(4, "little")


REQUEST = field(6, field(1, field(1, field(1, b"m"))))

WARM_UPS = {
    "empty": b"",
    "noise": b"\xff" * 100,
    "cut": record(REQUEST)[:-5],
    "bad-checksum": record(REQUEST, crc=1),
    "length-of-an-exabyte": record(REQUEST, length=1 << 60),
    "no-request": record(b""),
    "no-message": record(b"\xff\xff\xff"),
    "unknown-signature": record(field(6, field(1, field(1, field(1, b"m") + field(3, b"nowhere\x1b[31m"))))),
    "records-100000": record(REQUEST) * 100_000,
}


def _versions(*names: str, broken: tuple[str, ...] = ()) -> Change:
    """Return what makes a serving folder of the model."""

    def change(folder: Path) -> None:
        sound = folder.parent / "sound"
        folder.rename(sound)
        folder.mkdir()
        for name in names:
            shutil.copytree(sound, folder / name)
        for name in broken:
            (folder / name / DEFINITION).write_bytes(b"\xff\xff\xff")

    return change


def _linked_version(folder: Path) -> None:
    _versions("1")(folder)
    (folder / "2").symlink_to("2")
    (folder / "3").symlink_to("/")
    (folder / "4").mkdir()
    os.mkfifo(folder / "4" / DEFINITION)


def _text(text: str) -> Change:
    def change(folder: Path) -> None:
        (folder / DEFINITION).unlink()
        (folder / "saved_model.pbtxt").write_bytes(text.encode("utf-8", "surrogateescape"))

    return change


TEXTS = {
    "empty": "",
    "noise": "\udcff\udcfe{" * 50,
    "braces": "meta_graphs {" * 50_000,
    "open-string": 'meta_graphs { meta_info_def { tags: "serve',
    "binary": protos.small().decode("utf-8", "surrogateescape"),
    "unknown-fields": "saved_model_schema_version: 1 nonsense { more { and: 7 } }",
}

PIPES = {
    "pipe": os.mkfifo,
    "socket": _bind,
    "folder": Path.mkdir,
    "device": _link("/dev/zero"),
    "link-to-itself": lambda path: path.symlink_to(path.name),
    "link-to-nowhere": _link("nowhere"),
}

CASES = [
    *(Case(f"definition-{name}", in_place_of(DEFINITION, make), refused=True) for name, make in PIPES.items()),
    *(Case(f"index-is-{name}", in_place_of(INDEX, make), told=True) for name, make in PIPES.items()),
    *(Case(f"shard-is-{name}", in_place_of(DATA, make), told=True) for name, make in PIPES.items()),
    *(Case(f"warm-up-is-{name}", in_place_of(WARM_UP, make), told=True) for name, make in PIPES.items()),
    *(Case(f"asset-is-{name}", _asset(b"words.txt", make), told=True) for name, make in PIPES.items()),
    Case("index-missing", lambda folder: (folder / INDEX).unlink(), told=True),
    Case("shard-missing", lambda folder: (folder / DATA).unlink(), told=True),
    Case("shard-empty", in_place_of(DATA, _bytes(b"")), told=True),
    Case("shard-cut", in_place_of(DATA, _bytes(VALUES[:-1])), told=True),
    Case("shard-too-long", in_place_of(DATA, _bytes(VALUES * 1000))),
    Case("variables-missing", lambda folder: shutil.rmtree(folder / "variables"), told=True),
    Case("variables-elsewhere", _variables_elsewhere, told=True),
    Case("definition-elsewhere", in_place_of(DEFINITION, _outside)),
    Case("index-elsewhere", in_place_of(INDEX, _outside), told=True),
    Case("shard-elsewhere", in_place_of(DATA, _outside), told=True),
    Case("shard-of-secrets", in_place_of(DATA, _link("/etc/passwd")), told=True),
    Case("asset-of-secrets", _asset(b"words.txt", _link("/etc/passwd")), finds=("asset-escapes",)),
    *(Case(f"warm-up-{name}", in_place_of(WARM_UP, _bytes(data))) for name, data in WARM_UPS.items()),
    *(Case(f"text-{name}", _text(text), refused=True) for name, text in TEXTS.items()),
    Case("fingerprint-noise", lambda folder: (folder / "fingerprint.pb").write_bytes(b"\xff" * 99)),
    Case("fingerprint-pipe", lambda folder: os.mkfifo(folder / "fingerprint.pb")),
    Case("fingerprint-of-another", lambda folder: (folder / "fingerprint.pb").write_bytes(field(1, 12345))),
    Case("keras-metadata-noise", lambda folder: (folder / "keras_metadata.pb").write_bytes(b"\xff" * 99)),
    Case("newest-version-broken", _versions("1", "2", broken=("2",)), told=True),
    Case("all-versions-broken", _versions("1", "2", broken=("1", "2")), refused=True),
    Case("version-numbers-past-reason", _versions("1", "9" * 200, "007", "-1", "1e3", "٣")),
    Case("versions-300", _versions(*map(str, range(300)))),
    Case("linked-versions", _linked_version),
    Case("folder-of-nothing", lambda folder: shutil.rmtree(folder) or folder.mkdir(), refused=True),
    Case("definition-itself-opened", lambda folder: None, opened="model/saved_model.pb", sound=True),
    Case("definition-alone", lambda folder: shutil.rmtree(folder / "variables"), opened="model/saved_model.pb", told=True),
]
