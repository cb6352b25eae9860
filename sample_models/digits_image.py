"""A small service image around digits_cnn.onnx, with one of everything that makes images large or unsafe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sample_models import image_archive
from sample_models.image_archive import ImagePlan, Item, Step, opaque, whiteout
from sample_models.image_contents import SITE, archive, bytecode, distribution, module, noise, program, prose

NAME = "digits-service:1.0"
APP_USER = 1000

_DEBIAN = {
    "base-files": ("13.8", ["etc/os-release", "etc/debian_version", "usr/share/doc/base-files/README"]),
    "bash": ("5.2.37-2", ["usr/bin/bash", "usr/share/doc/bash/changelog.gz", "usr/share/man/man1/bash.1.gz"]),
    "libc6": ("2.41-12", ["usr/lib/x86_64-linux-gnu/libc.so.6", "usr/share/locale/de/LC_MESSAGES/libc.mo"]),
    "login": ("4.17.4-2", ["usr/bin/su", "usr/share/locale/fr/LC_MESSAGES/shadow.mo"]),
}
_BUILD_ESSENTIAL = {
    "gcc": ("14.2.0-1", ["usr/bin/gcc", "usr/lib/gcc/x86_64-linux-gnu/14/cc1"]),
    "zlib1g-dev": ("1.3.1-1", ["usr/include/zlib.h", "usr/include/zconf.h", "usr/lib/x86_64-linux-gnu/libz.a"]),
}
_OS_RELEASE = b'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nID=debian\n'
_PASSWD = b"root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
_START = b"#!/bin/sh\nset -e\nexec /usr/local/bin/python3.12 /app/main.py --model /models/digits_cnn.onnx --port 8080\n"
_REQUIREMENTS = b"numlite==2.1.0\nportico==0.9.2\npixelops==1.4.0\n"
_ENV_FILE = b"# left over from development\nDIGITS_API_TOKEN=example-not-a-real-token\nLOG_LEVEL=debug\n"
_MAIN = b'"""Serves digits_cnn.onnx."""\n\nfrom portico import serve\n\nserve("/models/digits_cnn.onnx", port=8080)\n'


def write(folder: Path) -> None:
    """Write digits_image.tar: needs digits_cnn.onnx in the same folder and the standard library only."""
    model = (folder / "digits_cnn.onnx").read_bytes()
    image_archive.write(folder / "digits_image.tar", ImagePlan(NAME, _steps(model), _config()))


def _config() -> Mapping[str, object]:
    return {
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED=1", "METRICS_PASSWORD=example-not-a-real-password"],
        "Entrypoint": ["/app/start.sh"],
        "WorkingDir": "/app",
        "ExposedPorts": {"8080/tcp": {}},
        "Labels": {
            "org.opencontainers.image.title": "digits-service",
            "org.opencontainers.image.base.name": "debian:latest",
            "org.opencontainers.image.licenses": "Apache-2.0",
        },
    }


def _steps(model: bytes) -> Sequence[Step]:
    first_export = model.replace(b"Handwritten digits, 8x8 pixels", b"Handwritten digits, 1st export", 1)
    model_path = "models/digits_cnn.onnx"
    return (
        Step("# debian.sh --arch 'amd64' out/ 'trixie'", _base()),
        Step("RUN apt-get update && apt-get install -y gcc zlib1g-dev # buildkit", _build_tools()),
        Step("COPY /python /usr/local # buildkit", _python()),
        Step("WORKDIR /app"),
        Step("COPY requirements.txt /app/ # buildkit", [Item("app/requirements.txt", _REQUIREMENTS)]),
        Step("COPY models /models # buildkit", [Item(model_path, first_export)], compressed=True),
        Step("RUN pip install -r requirements.txt # buildkit", _packages()),
        Step("RUN rm -rf /root/.cache/pip /var/cache/debconf && mkdir /var/cache/debconf # buildkit", _clean_up()),
        Step("COPY models/digits_cnn.onnx /models/ # buildkit", [Item(model_path, model)], compressed=True),
        Step("COPY . /app # buildkit", _app(model), compressed=True),
        Step(f"RUN chown -R {APP_USER} /{SITE}/pixelops && chmod 0777 /app/cache # buildkit", _owned()),
        Step("ENV METRICS_PASSWORD=example-not-a-real-password"),
        Step("EXPOSE 8080"),
        Step('ENTRYPOINT ["/app/start.sh"]'),
    )


def _base() -> list[Item]:
    contents = {
        "etc/os-release": _OS_RELEASE,
        "etc/debian_version": b"13.1\n",
        "usr/bin/bash": program("bash", 60_000),
        "usr/lib/x86_64-linux-gnu/libc.so.6": program("libc", 120_000),
    }
    return [
        *_owned_by_packages(_DEBIAN, contents),
        *_dpkg(_DEBIAN),
        Item("etc/passwd", _PASSWD),
        Item("etc/group", b"root:x:0:\nnogroup:x:65534:\n"),
        Item("bin", target="usr/bin"),
        Item("lib", target="usr/lib"),
        Item("usr/bin/sh", target="bash"),
        Item("tmp", mode=0o1777, folder=True),
        Item("var/cache/debconf/config.dat", prose("debconf", 18_000)),
        Item("var/cache/debconf/templates.dat", prose("templates", 30_000)),
    ]


def _build_tools() -> list[Item]:
    contents = {
        "usr/bin/gcc": program("gcc", 40_000),
        "usr/lib/gcc/x86_64-linux-gnu/14/cc1": program("cc1", 90_000),
        "usr/lib/x86_64-linux-gnu/libz.a": archive("libz", 40_000),
    }
    return [
        *_owned_by_packages(_BUILD_ESSENTIAL, contents),
        *_dpkg(_DEBIAN | _BUILD_ESSENTIAL, _BUILD_ESSENTIAL),
        Item("var/lib/apt/lists/trixie_main_binary-amd64_Packages", prose("lists", 60_000)),
        Item("var/cache/apt/archives/gcc_14.2.0-1_amd64.deb", archive("gcc.deb", 50_000)),
    ]


def _python() -> list[Item]:
    library = {f"usr/local/lib/python3.12/{name}.py": module(name, 30) for name in ("codecs", "enum", "json", "typing")}
    return [
        Item("usr/local/bin/python3.12", program("python", 150_000), 0o755),
        Item("usr/local/bin/python3", target="python3.12"),
        *(Item(path, source) for path, source in library.items()),
        *(bytecode(path, source) for path, source in library.items()),
        Item("usr/local/lib/python3.12/test/test_enum.py", module("test_enum", 40)),
        Item("usr/local/include/python3.12/Python.h", prose("Python.h", 9_000)),
    ]


def _packages() -> list[Item]:
    numlite = {f"numlite/{name}.py": module(f"numlite.{name}", 40) for name in ("__init__", "linear", "random")}
    numlite["numlite/_core.cpython-312-x86_64-linux-gnu.so"] = program("numlite", 110_000)
    numlite["numlite/include/numlite/arrayobject.h"] = prose("arrayobject.h", 8_000)
    numlite["numlite/tests/test_linear.py"] = module("tests of numlite.linear", 60)
    numlite["numlite/tests/data/matrix.npy"] = b"\x93NUMPY" + noise("matrix", 20_000)
    portico = {f"portico/{name}.py": module(f"portico.{name}", 25) for name in ("__init__", "server", "routes")}
    pixelops = {f"pixelops/{name}.py": module(f"pixelops.{name}", 20) for name in ("__init__", "resize")}
    pixelops["pixelops/_resize.cpython-312-x86_64-linux-gnu.so"] = program("pixelops", 80_000)
    return [
        *distribution("numlite", "2.1.0", numlite, "Small arrays", compiled=True),
        *distribution("portico", "0.9.2", portico, "A small web server", compiled=False),
        *distribution("pixelops", "1.4.0", pixelops, "Resizing and padding", compiled=True),
        Item("root/.cache/pip/http-v2/4/c/numlite-2.1.0.body", noise("numlite wheel", 70_000)),
        Item("root/.cache/pip/selfcheck/state.json", b'{"last_check":"2026-09-01T08:00:00Z"}'),
    ]


def _clean_up() -> list[Item]:
    return [whiteout("root/.cache/pip"), opaque("var/cache/debconf")]


def _app(model: bytes) -> list[Item]:
    return [
        Item("app/main.py", _MAIN),
        Item("app/preprocess.py", module("preprocess", 12)),
        Item("app/start.sh", _START, 0o755),
        Item("app/.env", _ENV_FILE),
        Item("app/requirements.txt", _REQUIREMENTS),
        Item("app/cache", mode=0o755, folder=True),
        Item("app/models/digits_cnn.onnx", model),
    ]


def _owned() -> list[Item]:
    """Return the second copies of what changed only its owner or its mode."""
    changed = [item for item in _packages() if item.path.startswith(f"{SITE}/pixelops/")]
    return [
        *(Item(item.path, item.content, item.mode, APP_USER) for item in changed),
        Item("app/cache", mode=0o777, folder=True),
    ]


def _owned_by_packages(packages: Mapping[str, tuple[str, list[str]]], contents: Mapping[str, bytes]) -> list[Item]:
    paths = [path for _, owned in packages.values() for path in owned]
    return [Item(path, contents.get(path) or prose(path, 6_000), _mode(path)) for path in paths]


def _mode(path: str) -> int:
    if path == "usr/bin/su":
        return 0o4755
    return 0o755 if path.startswith("usr/bin/") else 0o644


def _dpkg(installed: Mapping[str, tuple[str, list[str]]], new: Mapping[str, tuple[str, list[str]]] | None = None) -> list[Item]:
    """Return dpkg's status of all installed packages and the lists of files of the new ones."""
    status = "\n".join(
        f"Package: {name}\nStatus: install ok installed\nInstalled-Size: 100\nMaintainer: Sample <sample@example.com>\n"
        f"Architecture: amd64\nVersion: {version}\nDescription: {name}\n"
        for name, (version, _) in sorted(installed.items())
    )
    lists = {name: "".join(f"/{path}\n" for path in (".", *owned)) for name, (_, owned) in (new or installed).items()}
    return [
        Item("var/lib/dpkg/status", status.encode()),
        *(Item(f"var/lib/dpkg/info/{name}.list", text.encode()) for name, text in lists.items()),
    ]
