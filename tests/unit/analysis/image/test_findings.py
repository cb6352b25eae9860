"""Findings about images: users, secrets, rights, bytecode, weights, and how they are put together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.findings.catalogue import IMAGE_RULES
from inspector.records.finding import SEVERITIES, Finding
from inspector.records.image import Blob, Entry, Healthcheck, HistoryStep, Image, Layer
from tests.unit.analysis.image.content_making import Content, by_rule, findings_of, image_of, layer, leftovers_of, packages_in
from tests.unit.analysis.image.layer_making import file, folder, stacks, whiteout

SITE = "usr/lib/python3.11/site-packages"
KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n"
PASSWD = {"etc/passwd": b"root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n"}


def one(image: Image, rule: str) -> Finding:
    (finding,) = by_rule(image, rule)
    return finding


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "root:root", "00", "toor"])
def test_root(user: str) -> None:
    assert one(image_of(layer(PASSWD), user=user), "runs-as-root").severity == "medium"


@pytest.mark.parametrize("user", ["1000", "server", "server:server", "65532:65532"])
def test_other_users(user: str) -> None:
    assert not by_rule(image_of(layer(PASSWD), user=user), "runs-as-root")
    assert not by_rule(image_of(layer(PASSWD), user=user), "unknown-user")


def test_a_user_that_is_nowhere() -> None:
    assert "no user ghost" in one(image_of(layer(PASSWD), user="ghost"), "unknown-user").message
    assert one(image_of(layer({})), "runs-as-root")
    assert one(image_of(layer({}), user="ghost"), "unknown-user"), "there is no etc/passwd at all"
    assert not by_rule(image_of(layer({"etc/passwd": 100}), user="ghost"), "unknown-user"), "its content was not kept"


def test_health_checks() -> None:
    assert one(image_of(layer({})), "no-healthcheck").severity == "low"
    off = one(image_of(layer({}), healthcheck=Healthcheck(("NONE",))), "no-healthcheck")
    assert "switched off" in off.message
    assert not by_rule(image_of(layer({}), healthcheck=Healthcheck(("CMD", "curl", "localhost"))), "no-healthcheck")


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("docker.io/library/python", True),
        ("python:latest", True),
        ("localhost:5000/python", True),
        ("python:3.11-slim", False),
        ("python@sha256:" + "0" * 64, False),
        ("python:latest@sha256:" + "0" * 64, False),
        ("scratch", False),
        ("sha256:" + "0" * 64, False),
    ],
)
def test_bases_named_by_a_label_or_by_history(name: str, moves: bool) -> None:
    labeled = image_of(layer({}), labels={"org.opencontainers.image.base.name": name})
    assert bool(by_rule(labeled, "latest-tagged-base")) is moves
    built = replace(image_of(layer({})), history=(HistoryStep("/bin/sh -c #(nop) CMD", comment=f"FROM {name}"),))
    assert bool(by_rule(built, "latest-tagged-base")) is moves


def test_private_keys_by_name_and_by_head() -> None:
    files: dict[str, Content] = {
        "root/.ssh/id_rsa": KEY,
        "root/.ssh/id_rsa.pub": b"ssh-rsa AAAA",
        "etc/ssl/private/server.key": b"-----BEGIN RSA PRIVATE KEY-----\nMII",
        "etc/ssl/certs/ca.pem": b"-----BEGIN CERTIFICATE-----\nMII",
        "home/me/.aws/credentials": 100,
        "empty/id_rsa": b"",
    }
    finding = one(image_of(layer(files)), "secret-like-file")
    assert finding.severity == "high"
    assert finding.message.startswith("3 files are keys or credentials")
    assert "/root/.ssh/id_rsa" in finding.place


def test_names_that_usually_mean_a_secret() -> None:
    files: dict[str, Content] = {
        "app/.env": 10,
        "app/.env.example": 10,
        "app/service-account-prod.json": 10,
        "app/tokens.txt": 9,
    }
    finding = one(image_of(layer(files)), "secret-like-file")
    assert finding.severity == "medium"
    assert finding.place == "file /app/.env, /app/service-account-prod.json"


def test_keys_that_packages_bring_are_told_apart() -> None:
    finding = one(image_of(layer({f"{SITE}/tornado/test/test.key": KEY})), "secret-like-file")
    assert finding.severity == "info"


def test_a_secret_that_a_later_layer_deletes_still_ships() -> None:
    image = image_of(layer({"app/.env": 10}), layer({"app/.env": whiteout("app/.env")}))
    finding = one(image, "secret-like-file")
    assert finding.severity == "high"
    assert "still shipped in layer 0" in finding.message
    assert finding.place == "file /app/.env"


def test_a_secret_that_a_later_layer_overwrites_still_ships() -> None:
    finding = one(image_of(layer({"root/.netrc": 50}), layer({"root/.netrc": b""})), "secret-like-file")
    assert "still shipped" in finding.message


def test_a_secret_that_was_only_copied_up_is_still_there() -> None:
    finding = one(image_of(layer({"root/.netrc": 50}), layer({"root/.netrc": 50})), "secret-like-file")
    assert finding.message == "1 file is a key or credentials"


SECRET = "s3cr3t-value"


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("DB_PASSWORD", SECRET, True),
        ("OPENAI_API_KEY", SECRET, True),
        ("AWS_SECRET_ACCESS_KEY", SECRET, True),
        ("HF_TOKEN", SECRET, True),
        ("token", SECRET, True),
        ("DATABASE_URL", f"postgres://me:{SECRET}@db/x", True),
        ("ANYTHING", "ghp_" + "a1B2" * 9, True),
        ("DB_PASSWORD", "", False),
        ("DB_PASSWORD_FILE", "/run/secrets/db", False),
        ("DB_PASSWORD", "/run/secrets/db", False),
        ("DB_PASSWORD", "${DB_PASSWORD}", False),
        ("TOKENIZERS_PARALLELISM", "false", False),
        ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D", False),
        ("PIP_INDEX_URL", "https://index.example/simple", False),
        ("PAD_TOKEN", "[PAD]", False),
        ("EOS_TOKEN", "</s>", False),
        ("PATH", "/usr/bin", False),
        ("MAX_TOKENS", "4096", False),
    ],
)
def test_variables(name: str, value: str, is_secret: bool) -> None:
    found = by_rule(image_of(layer({}), environment=((name, value),)), "secret-like-environment")
    assert bool(found) is is_secret
    assert SECRET not in repr(found), "a value is never repeated"


def test_secrets_in_build_steps() -> None:
    image = replace(
        image_of(layer({}), environment=(("HF_TOKEN", SECRET),)),
        history=(
            HistoryStep(f"|2 NPM_TOKEN={SECRET} VERSION=3 /bin/sh -c npm install"),
            HistoryStep(f"RUN pip install --index-url https://me:{SECRET}@pypi.example/simple x"),
            HistoryStep(f"ENV HF_TOKEN={SECRET}"),
        ),
    )
    of_variables, of_steps = by_rule(image, "secret-like-environment")
    assert of_variables.place == "environment HF_TOKEN"
    assert of_steps.place == "history NPM_TOKEN, a value"
    assert SECRET not in repr((of_variables, of_steps))


def test_setuid_files() -> None:
    files: dict[str, Content] = {
        "usr/bin/passwd": file("usr/bin/passwd", mode=0o4755),
        "usr/bin/wall": file("usr/bin/wall", mode=0o2755),
        "opt/tool": file("opt/tool", mode=0o4711),
        "srv/locked": file("srv/locked", mode=0o2644),
    }
    unusual, usual = by_rule(image_of(layer(files)), "setuid-file")
    assert (unusual.severity, unusual.place) == ("medium", "file /opt/tool")
    assert (usual.severity, usual.place) == ("low", "file /usr/bin/passwd, /usr/bin/wall")


def test_capabilities() -> None:
    files: dict[str, Content] = {"usr/bin/ping": file("usr/bin/ping", xattrs=("security.capability",))}
    assert one(image_of(layer(files)), "file-capability").place == "file /usr/bin/ping"


def test_world_writable_paths() -> None:
    files: dict[str, Content] = {
        "tmp": folder("tmp", 0o1777),
        "data": folder("data", 0o777),
        "app/main.py": file("app/main.py", mode=0o666),
        "link": Entry("link", "symlink", mode=0o777, link="app"),
    }
    grave, other = by_rule(image_of(layer(files)), "world-writable-path")
    assert (grave.severity, grave.place) == ("medium", "path /app/main.py")
    assert (other.severity, other.place) == ("low", "path /data")


def modules(count: int, compiled: int) -> dict[str, Content]:
    files: dict[str, Content] = {f"{SITE}/onnx/m{number}.py": 100 for number in range(count)}
    return files | {f"{SITE}/onnx/__pycache__/m{number}.cpython-311.pyc": 100 for number in range(compiled)}


def test_missing_bytecode_and_what_it_costs() -> None:
    finding = one(image_of(layer(modules(30, 5))), "missing-bytecode")
    assert finding.message.startswith("25 Python modules of 30 have no bytecode")
    assert "1.75 times" in finding.message
    assert finding.place == f"packages /{SITE}/onnx"
    told = one(image_of(layer(modules(30, 5)), environment=(("PYTHONDONTWRITEBYTECODE", "1"),)), "missing-bytecode")
    assert "PYTHONDONTWRITEBYTECODE" in told.hint


@pytest.mark.parametrize(
    "files",
    [
        modules(30, 30),
        modules(19, 0),
        modules(300, 275),
        {f"app/m{number}.py": 100 for number in range(50)},
        {f"{SITE}/onnx/tests/m{number}.py": 100 for number in range(50)},
        {f"{SITE}/onnx/{number}/__init__.py": 0 for number in range(50)},
    ],
)
def test_enough_bytecode(files: dict[str, Content]) -> None:
    assert not by_rule(image_of(layer(files)), "missing-bytecode")


@pytest.mark.parametrize(
    ("size", "compressed", "compression", "severity"),
    [
        (200_000_000, 199_000_000, "gzip", "medium"),
        (1_000_000, 950_000, "gzip", "low"),
        (1_000_000, 500_000, "gzip", None),
        (1_000_000, 950_000, "zstd", None),
        (1_000, 1_000, "gzip", None),
    ],
)
def test_gzip_on_weights(size: int, compressed: int, compression: str, severity: str | None) -> None:
    packed = layer({"srv/model.onnx": size}, size_bytes=size + 1024, compressed_bytes=compressed, compression=compression)
    found = by_rule(image_of(packed), "gzip-on-weights")
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_a_layer_with_few_weights_may_well_be_gzip() -> None:
    packed = layer({"srv/model.onnx": 100_000}, size_bytes=900_000, compressed_bytes=890_000, compression="gzip")
    assert not by_rule(image_of(packed), "gzip-on-weights")


def test_duplicate_weights() -> None:
    files: dict[str, Content] = {
        "srv/model.onnx": file("srv/model.onnx", 9000, sha256="aa"),
        "srv/old/model.onnx": file("srv/old/model.onnx", 9000, sha256="aa"),
        "srv/model_fp16.onnx": 4500,
        "srv/a.txt": file("srv/a.txt", 9001, sha256="bb"),
        "srv/b.txt": file("srv/b.txt", 9001, sha256="bb"),
    }
    equal, variants = by_rule(image_of(layer(files)), "duplicate-weights")
    assert equal.place == "file /srv/old/model.onnx"
    assert variants.place == "file /srv/model_fp16.onnx"


def test_cuda_without_use() -> None:
    files: dict[str, Content] = {
        "usr/local/cuda/lib64/libcublas.so.12": 500,
        f"{SITE}/onnxruntime-1.dist-info/METADATA": b"Name: onnxruntime\nVersion: 1\n",
    }
    assert "although onnxruntime 1 runs on the CPU" in one(image_of(layer(files)), "unused-cuda").message


def test_reclaimable_bytes_by_cause() -> None:
    image = image_of(layer({"a/x": 9000, "b/x": 1000}), layer({"a/x": 500, "b/x": whiteout("b/x")}))
    finding = one(image, "reclaimable-bytes")
    assert finding.severity == "medium"
    assert finding.message == (
        "10.0 KB of 10.5 KB shipped are not in the final file system: 9.0 KB overwritten, 1.0 KB deleted later"
    )
    assert finding.place == "layer 1, which causes 10.0 KB"
    assert not by_rule(image_of(layer({"a/x": 9000})), "reclaimable-bytes")


def test_the_readers_findings_come_along_and_the_worst_first() -> None:
    noticed = Finding("digest-mismatch", "high", "layer 0 is not what its digest says")
    image = replace(image_of(layer({"opt/tool": file("opt/tool", mode=0o4711)})), findings=(noticed,))
    found = findings_of(image)
    assert noticed in found
    ranks = [SEVERITIES.index(finding.severity) for finding in found]
    assert ranks == sorted(ranks)


def test_an_artifact_runs_nothing() -> None:
    image = replace(image_of(), artifact_type="application/vnd.cncf.model.manifest.v1+json", blobs=(Blob("sha256:aa", "x", 1),))
    assert findings_of(image) == ()


def test_every_rule_is_in_the_catalogue_once() -> None:
    names = [rule.name for rule in IMAGE_RULES]
    assert len(set(names)) == len(names)
    assert [SEVERITIES.index(rule.severity) for rule in IMAGE_RULES] == sorted(
        SEVERITIES.index(rule.severity) for rule in IMAGE_RULES
    )


def test_a_thousand_matches_make_one_finding() -> None:
    files: dict[str, Content] = {f"srv/{number}": file(f"srv/{number}", mode=0o4755) for number in range(1000)}
    finding = one(image_of(layer(files)), "setuid-file")
    assert finding.message.startswith("1,000 programs run")
    assert finding.place.endswith("and 997 more")
    assert merge(image_of(layer(files)).layers).file_count == 1000


def test_several_gzip_layers_make_one_finding() -> None:
    packed = [
        layer({f"srv/{name}.onnx": 50_000}, size_bytes=51_000, compressed_bytes=50_000, compression="gzip") for name in "ab"
    ]
    finding = one(image_of(*packed), "gzip-on-weights")
    assert finding.message == (
        "layers 0, 1 hold 100.0 KB of weights and keep 98 % of their size under gzip, which every pull unpacks"
    )


@given(stacks())
def test_layers_in_any_disorder_are_judged(layers: list[Layer]) -> None:
    image = image_of(*layers, entrypoint=("a/b",), working_dir="/a")
    final = merge(image.layers)
    packages = packages_in(image, final)
    owned = sum(package.bytes + package.bytecode_bytes for package in packages.packages)
    assert owned + packages.unowned_bytes == final.size_bytes
    assert leftovers_of(image).union_bytes <= final.size_bytes
    assert findings_of(image, final)
