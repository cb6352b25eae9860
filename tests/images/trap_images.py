"""A small image with all that slimming trips over, Python and NumPy really serving in it, and request files for it.

What a trap stands on lies where distributions put it: /lib and /lib64 are links into /usr, the loader is a link itself, time
zones, locales and certificates have their places, the service runs as a user with a home.
"""

from __future__ import annotations

import fcntl
import importlib.util
import io
import json
import os
import shutil
import ssl
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.images.archives import ImageSpec, docker_archive
from tests.images.entries import BuiltLayer, File, Folder, Node, Symlink, Whiteout, build_layer
from tests.images.programs import with_libraries

PORT = 8765
PYTHON = Path(sys.executable).resolve()
STDLIB = sysconfig.get_path("stdlib").lstrip("/")
SITE = subprocess.run(
    [PYTHON, "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True, text=True, check=True
).stdout.strip("/\n")
LANGUAGE = "usr/lib/locale/de_DE.utf8"
ZONE = "usr/share/zoneinfo/Europe/Berlin"
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
READY = f"http://localhost:{PORT}/health"
_SERVICE = Path(__file__).with_name("trap_service")
_USER = 1000
_MERGED = ("bin", "lib", "lib64")
_SERVING = (
    "contextlib", "json", "locale", "os", "ssl", "subprocess", "sys", "time", "colorsys", "http.server", "pathlib",
    "encodings.idna", "encodings.latin_1",
)  # fmt: skip
_USED = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
found = [getattr(one, name, None) for one in list(sys.modules.values()) for name in ("__file__", "__cached__")]
print(json.dumps([name for name in found if name and name.startswith("/")]))
"""
_ENVIRONMENT = ["PATH=/usr/bin:/bin", "LANG=de_DE.UTF-8", "TZ=Europe/Berlin", "OPENBLAS_NUM_THREADS=1"]


@dataclass(frozen=True)
class TrapImages:
    """The image with the traps and request files for it; one that serves whatever it misses, twice with other weights, and
    its request files.

    settled asks for what rules keep though serving does not ask for it, extra and rarely for what nothing keeps.
    """

    traps: Path
    fallback: Path
    retrained: Path
    serving: Path
    settled: Path
    extra: Path
    sum: Path
    rarely: Path


def trap_images(folder: Path) -> TrapImages:
    """Return the images and the request files, made in the folder by the first who asks, of all processes of a test run."""
    folder.mkdir(parents=True, exist_ok=True)
    requests = ("serving.http", "settled.http", "extra.http", "sum.http", "rarely.http")
    found = TrapImages(*(folder / name for name in ("traps.tar", "fallback.tar", "retrained.tar", *requests)))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.traps.exists():
            draft = folder / "draft.tar"
            values = json.dumps({"values": [[1.0, 2.0, 3.0], [0.5, -1.0, 0.25]]})
            post = f"POST http://localhost:{PORT}/predict\nContent-Type: application/json\n\n{values}\n"
            found.serving.write_text(f"{post}\n{_gets('health', 'shout', 'remember')}\n###\n{post}")
            found.settled.write_text(_gets("certificates", "spoken", "clock"))
            found.extra.write_text(_gets("extra"))
            found.sum.write_text(_gets("sum"))
            found.rarely.write_text(_gets("rarely"))
            system, python = build_layer(_system()), build_layer(_python(_SERVING))
            for path, weights in ((found.fallback, (1.5, 2.25, 0.25)), (found.retrained, (0.5, 2.0, 0.5))):
                docker_archive(path, [_spec("fallback", [system, python, build_layer(_fallback(*weights))])])
            docker_archive(draft, [_spec("serve", [system, python, build_layer(_numpy()), build_layer(_service())])])
            draft.replace(found.traps)
    return found


def _gets(*routes: str) -> str:
    return "\n".join(f"###\nGET http://localhost:{PORT}/{route}\n" for route in routes)


def _spec(program: str, layers: list[BuiltLayer]) -> ImageSpec:
    config = {
        "User": "app",
        "Env": _ENVIRONMENT,
        "WorkingDir": "/srv/app",
        "Entrypoint": [str(PYTHON), f"/srv/app/{program}.py"],
        "Cmd": [str(PORT)],
        "ExposedPorts": {f"{PORT}/tcp": {}},
        "Labels": {"org.example.service": program},
        "StopSignal": "SIGINT",
    }
    return ImageSpec(layers, config, (f"{program}:1",))


def _system() -> dict[str, Node]:
    """Return what a distribution ships: a shell, who there is, certificates, a locale, time zones; and what nobody needs."""
    import certifi

    shell = shutil.which("sh")
    assert shell is not None
    cafile = ssl.get_default_verify_paths().openssl_cafile.lstrip("/")
    settings: dict[str, Node] = {
        "etc/passwd": File(f"root:x:0:0:root:/root:/bin/sh\napp:x:{_USER}:{_USER}::/home/app:/bin/sh\n".encode()),
        "etc/group": File(f"root:x:0:\napp:x:{_USER}:\n".encode()),
        "etc/nsswitch.conf": File(b"passwd: files\ngroup: files\nhosts: files\n"),
        BUNDLE: File(Path(certifi.where()).read_bytes()),
        cafile: Symlink(f"/{BUNDLE}"),
        "home/app": Folder(0o700, _USER, _USER),
        "tmp": Folder(0o1777),
        "usr/share/doc/tool/manual.txt": File(b"All there is to know.\n" * 20_000),
        "opt/build/main.o": File(bytes(range(256)) * 2_000),
    }
    return {**_merged(with_libraries([Path(shell)])), **_locale(), **_zones(), **settings}


def _merged(files: Mapping[str, Node]) -> dict[str, Node]:
    """Return files below /usr, with links to there at the root, and the loader as a link to where it lies."""
    found: dict[str, Node] = {name: Symlink(f"usr/{name}") for name in _MERGED}
    for name, node in files.items():
        found[f"usr/{name}" if name.partition("/")[0] in _MERGED else name] = node
    for loader in [name for name in found if name.startswith("usr/lib64/ld-")]:
        moved = f"usr/lib/loader/{Path(loader).name}"
        found[moved], found[loader] = found[loader], Symlink(f"../lib/loader/{Path(loader).name}")
    return found


def _locale() -> dict[str, Node]:
    """Return a German locale; its contents are those of the C locale that every Debian has."""
    source = Path("/usr/lib/locale/C.utf8")
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    return {f"{LANGUAGE}/{path.relative_to(source)}": File(path.read_bytes()) for path in files}


def _zones() -> dict[str, Node]:
    rules = {"Europe/Berlin": "CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Lisbon": "WET0WEST,M3.5.0/1,M10.5.0", "UTC": "UTC0"}
    files: dict[str, Node] = {f"usr/share/zoneinfo/{name}": File(_zone(rule)) for name, rule in rules.items()}
    return {**files, "etc/localtime": Symlink("/usr/share/zoneinfo/UTC")}


def _zone(rule: str) -> bytes:
    """Return a time zone that follows a rule since 1970 (RFC 8536): one transition, to UTC, and the rule at the end."""
    header = struct.pack(">4sc15x6I", b"TZif", b"2", 0, 0, 0, 1, 1, 4)
    kind = struct.pack(">BiBB", 0, 0, 0, 0) + b"UTC\0"
    return header + struct.pack(">i", 0) + kind + header + struct.pack(">q", 0) + kind + f"\n{rule}\n".encode()


def _python(modules: Iterable[str]) -> dict[str, Node]:
    """Return the interpreter, what these modules load of its library, with bytecode, and some that nothing loads."""
    loaded = [path for path in _loaded(modules) if path.is_relative_to(Path("/", STDLIB))] + [Path("/", STDLIB, "os.py")]
    idle = sorted(Path("/", STDLIB, "unittest").glob("*.py"))
    native = [path for path in loaded if ".so" in path.name]
    libraries = _merged(with_libraries([PYTHON, *native]))
    return {**libraries, **{str(path).lstrip("/"): _copied(path) for path in (*loaded, *idle)}}


def _numpy() -> dict[str, Node]:
    """Return NumPy as far as it is loaded, its libraries beside it, and its metadata."""
    spec = importlib.util.find_spec("numpy")
    assert spec is not None
    assert spec.origin is not None
    site = Path(spec.origin).parents[1]
    loaded = _loaded(["numpy"])
    parts = [path for path in loaded if path.is_relative_to(site)]
    library = [path for path in loaded if path.is_relative_to(Path("/", STDLIB)) and path not in parts]
    beside = [path for pattern in ("numpy.libs/*", "numpy-*.dist-info/*") for path in site.glob(pattern) if path.is_file()]
    native = with_libraries(path for path in loaded if ".so" in path.name)
    libraries = {name: node for name, node in native.items() if not Path("/", name).is_relative_to(site)}
    files = {f"{SITE}/{path.relative_to(site)}": _copied(path) for path in sorted({*parts, *beside})}
    return {**_merged(libraries), **{str(path).lstrip("/"): _copied(path) for path in library}, **files}


def _loaded(modules: Iterable[str]) -> list[Path]:
    """Return the files of all modules that importing some of them loads, and of their bytecode where there is some."""
    command = [sys.executable, "-c", _USED, *modules]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {Path(os.path.normpath(name)) for name in json.loads(said)}
    return sorted(path for path in found if path.is_file() and "/_virtualenv" not in str(path))


def _copied(path: Path) -> File:
    """Return a file as it is here, with the time that bytecode of it is valid for."""
    stat = path.stat()
    return File(path.read_bytes(), stat.st_mode & 0o777, mtime=int(stat.st_mtime))


def _service() -> dict[str, Node]:
    import numpy

    buffer = io.BytesIO()
    numpy.save(buffer, numpy.arange(6, dtype=numpy.float64).reshape(3, 2))
    names = ("serve.py", "scoring.py", "late.py", "extra.py", "helper.sh")
    return {
        "srv": Folder(),
        "srv/app": Folder(),
        **{f"srv/app/{name}": _copied(_SERVICE / name) for name in names},
        "srv/current": Symlink("/srv/releases/7"),
        "srv/releases/7/weights.npy": File(buffer.getvalue()),
        "srv/releases/6/weights.npy": File(buffer.getvalue()[:-8] + bytes(8)),
        "srv/data/color.txt": File(b"0.2 0.4 0.6\n"),
    }


def _fallback(*weights: float) -> dict[str, Node]:
    return {
        **{f"srv/app/{name}": _copied(_SERVICE / name) for name in ("fallback.py", "rarely.py")},
        "srv/data/rarely.txt": File(b"well, well\n"),
        "srv/models/weights.safetensors": File(_safetensors(weights)),
        "srv/legal/notice.txt": File(b"This service has a notice.\n"),
        "opt/build": Whiteout(),
        "etc/nsswitch.conf": File(b"passwd: files\ngroup: files\nhosts: files dns\n"),
    }


def _safetensors(values: tuple[float, ...]) -> bytes:
    header = json.dumps({"w": {"dtype": "F64", "shape": [len(values)], "data_offsets": [0, 8 * len(values)]}}).encode()
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{len(values)}d", *values)
