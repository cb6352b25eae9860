"""Reviews of images written by hand: one of an inference image, one on an engine, one of an OCI artifact, and a hostile one."""

from __future__ import annotations

from dataclasses import replace

from inspector.records.artifact import Artifact
from inspector.records.finding import Finding
from inspector.records.image import Blob, Healthcheck, Manifest
from inspector.records.image_contents import InsideArtifact, Package, PullCost
from inspector.records.image_review import (
    ConfigReview,
    ImageReview,
    LayerReview,
    LeftoverReview,
    LeftoversReview,
    SizedPath,
    StepReview,
)
from inspector.records.image_waste import WasteByCause, WastedFile
from inspector.records.review import Review, Tool
from tests.golden.reviews import ENVIRONMENT, HOSTILE

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


def image_review() -> Review:
    """Return what an inference image with waste, leftovers and two models gives."""
    return Review(
        Tool("1.2.3"),
        ENVIRONMENT,
        Artifact("images/serve.tar", "image", 412_345_678, "cd" * 32),
        image=_image(),
        findings=(
            Finding("image-runs-as-root", "medium", "the container runs as root", "configuration", "add a USER instruction"),
            Finding("image-secret-file", "high", "/root/.netrc looks like a secret", "layer 1, /root/.netrc"),
        ),
    )


def _image() -> ImageReview:
    return ImageReview(
        source="OCI archive",
        layers=_layers(),
        file_count=24_310,
        shipped_bytes=1_000_020_000,
        final_bytes=900_010_000,
        reclaimable_bytes=100_010_000,
        waste=(
            WasteByCause("overwritten", 10_000, 1, 4_000),
            WasteByCause("deleted", 100_000_000, 311, 40_000_000),
            WasteByCause("copied_up", 0, 0, 0),
        ),
        leftovers=_leftovers(),
        packages=(
            Package("python", "onnxruntime", "1.22.0", 48_123_456, 412, 48_123_456, place="/opt/o/RECORD", layer=1),
            Package("debian", "libc6", "2.36-9", 12_345_678, 1_204, 12_999_168, place="/var/lib/dpkg/status", layer=0),
        ),
        artifacts=(
            InsideArtifact("/models/digits.onnx", "onnx", 705_203, 2),
            InsideArtifact("/models/ranker/3", "saved_model", 9_876_543, 2),
        ),
        references=("shop/serve:1.4", "shop/serve:latest"),
        platform="linux/arm64/v8",
        digest="sha256:" + "1" * 64,
        layer_count=4,
        size_bytes=1_010_000_000,
        compressed_bytes=412_000_000,
        reclaimable_compressed_bytes=40_004_000,
        wasted_files=(
            WastedFile("/var/cache/apt/archives/gcc.deb", 60_000_000, "deleted", 0, 1, 24_000_000),
            WastedFile("/app/config.json", 10_000, "overwritten", 1, 1, 4_000),
            WastedFile("/models/digits.onnx", 705_203, "copied_up", 2, 3, None),
        ),
        wasted_file_count=312,
        package_count=97,
        package_bytes=600_000_000,
        unowned_bytes=299_000_000,
        unowned_files=21,
        unowned_largest=(SizedPath("/models", 10_581_746), SizedPath("/opt/tool", 4_000_000)),
        largest_files=(SizedPath("/usr/lib/libtorch.so", 250_000_000), SizedPath("/models/digits.onnx", 705_203)),
        artifact_count=2,
        pull_costs=_pull_costs(),
        config=_config(),
        history=(StepReview("ADD rootfs.tar / # buildkit", "2026-01-02T03:04:05Z", 0), StepReview("ENV A=b")),
        history_count=5,
        manifests=(
            Manifest(
                "sha256:" + "1" * 64, size_bytes=512, platform="linux/arm64/v8", references=("shop/serve:1.4",), chosen=True
            ),
            Manifest("sha256:" + "2" * 64, size_bytes=512, platform="linux/amd64"),
            Manifest("sha256:" + "3" * 64, kind="attestation", about="sha256:" + "1" * 64),
        ),
        manifest_count=3,
    )


def _layers() -> tuple[LayerReview, ...]:
    instructions = (
        "/bin/sh -c #(nop) ADD file:2f in / ",
        "RUN |1 VERSION=3 /bin/sh -c pip install onnxruntime &&   rm -rf /var/cache/apt # buildkit",
        "COPY models /models # buildkit",
        "/bin/sh -c chown -R app /models",
    )
    return tuple(
        LayerReview(
            digest=f"sha256:{index:064x}",
            size_bytes=252_500_000,
            compressed_bytes=103_000_000,
            created_by=text,
            media_type=GZIP,
            compression="gzip",
            entry_count=6_000,
            shipped_bytes=(700_000_000, 280_020_000, 10_000_000, 10_000_000)[index],
            final_bytes=(600_000_000, 280_010_000, 9_294_797, 10_000_000)[index],
            reclaimable_bytes=(100_000_000, 10_000, 0, 0)[index],
            caused_bytes=(0, 100_010_000, 0, 0)[index],
            verification="mismatch" if index == 2 else "verified",
            problem="ends early: 12 bytes are missing" if index == 3 else "",
        )
        for index, text in enumerate(instructions)
    )


def _leftovers() -> LeftoversReview:
    kinds = (
        LeftoverReview(
            "bytecode", 321_000_000, 12_004, ("/opt/o/a.pyc", "/opt/o/b.pyc", "/c.pyc"), "starts get slower without"
        ),
        LeftoverReview("headers", 92_000_000, 3_401, ("/usr/include/stdio.h",)),
    )
    return LeftoversReview(400_000_000, kinds, 15_400)


def _pull_costs() -> tuple[PullCost, ...]:
    return (
        PullCost("weights", (2, 3), 206_000_000, 10_581_746, (2,), "set the owner when the models are copied: COPY --chown"),
        PullCost("code", (1, 2, 3), 309_000_000, 12_000, (1,)),
        PullCost("dependencies", (), 0, 0),
    )


def _config() -> ConfigReview:
    return ConfigReview(
        user="",
        environment={"PATH": "/usr/bin", "API_TOKEN": "[left out]"},
        entrypoint=("python", "-m", "serve"),
        command=("--greeting", "good day"),
        working_dir="/app",
        ports=("8080/tcp",),
        labels={"org.opencontainers.image.version": "1.4"},
        healthcheck=Healthcheck(("CMD", "curl", "localhost"), 30.0, 3.0, 3),
        digest="sha256:" + "4" * 64,
    )


def engine_review() -> Review:
    """Return what an image on an engine gives: what a pull moves is unknown, and so are digests of layers."""
    image = _image()
    layers = tuple(
        replace(layer, digest="", compressed_bytes=None, problem="", verification="not verified") for layer in image.layers
    )
    engine = replace(
        image,
        source="engine",
        layers=layers,
        compressed_bytes=None,
        reclaimable_compressed_bytes=None,
        artifacts=(),
        artifact_count=0,
        manifests=(),
        manifest_count=0,
    )
    return replace(
        image_review(), artifact=Artifact("docker://shop/serve:1.4", "image", 1_010_000_000), image=engine, findings=()
    )


def artifact_review() -> Review:
    """Return what an OCI artifact that holds a model gives."""
    blobs = (
        Blob("sha256:" + "5" * 64, "application/vnd.cncf.model.weight.v1.raw", 705_203, "digits.onnx", "weights"),
        Blob("sha256:" + "6" * 64, "application/vnd.cncf.model.doc.v1.raw", 1_204, "", "docs"),
    )
    image = ImageReview(
        "OCI layout",
        (),
        0,
        0,
        0,
        0,
        artifacts=(InsideArtifact("digits.onnx", "onnx", 705_203, 0, blobs[0].digest),),
        artifact_count=1,
        artifact_type="application/vnd.cncf.model.manifest.v1+json",
        blobs=blobs,
        blob_count=2,
        digest="sha256:" + "7" * 64,
    )
    return replace(image_review(), artifact=Artifact("layout", "image", 706_407), image=image, findings=())


def hostile_image_review() -> Review:
    """Return a review of an image in which every free text is hostile and every number is out of bounds."""
    texts = " ".join(HOSTILE)
    image = ImageReview(
        source="OCI archive",
        layers=tuple(
            LayerReview(text, 2**70, 2**70, f"RUN {text} # buildkit", text, text, shipped_bytes=2**70, problem=text)
            for text in HOSTILE
        ),
        file_count=2**70,
        shipped_bytes=2**70,
        final_bytes=1,
        reclaimable_bytes=2**70,
        waste=(WasteByCause("deleted", 2**70, 2**70, 2**70),),
        leftovers=LeftoversReview(2**70, tuple(LeftoverReview("docs", 2**70, 2**70, HOSTILE, text) for text in HOSTILE), 2**70),
        packages=tuple(Package("python", text, text, 2**70, 2**70, place=text, summary=text) for text in HOSTILE),
        artifacts=tuple(InsideArtifact(text, "onnx", 2**70, 2**31) for text in HOSTILE),
        references=HOSTILE,
        platform=texts,
        digest=texts,
        layer_count=2**70,
        size_bytes=2**70,
        compressed_bytes=2**69,
        wasted_files=tuple(WastedFile(text, 2**70, "deleted", 0, 1) for text in HOSTILE),
        wasted_file_count=2**70,
        package_count=2**70,
        unowned_largest=tuple(SizedPath(text, 2**70) for text in HOSTILE),
        largest_files=tuple(SizedPath(text, 2**70) for text in HOSTILE),
        artifact_count=2**70,
        pull_costs=(PullCost("code", tuple(range(0, 2_000, 2)), 2**70, 2**70, (), texts),),
        config=ConfigReview(
            texts, {texts: texts}, HOSTILE, HOSTILE, texts, HOSTILE, HOSTILE, {texts: texts}, None, texts, texts
        ),
        history=tuple(StepReview(text, text) for text in HOSTILE),
        manifests=tuple(Manifest(text, text, 2**70, "unknown", text, HOSTILE) for text in HOSTILE),
        manifest_count=2**70,
        blobs=tuple(Blob(text, text, 2**70, text, text) for text in HOSTILE),
        blob_count=2**70,
    )
    findings = tuple(Finding(text, "high", text, text, text) for text in HOSTILE)
    return replace(image_review(), artifact=Artifact(texts, "image", 2**70, texts), image=image, findings=findings)
