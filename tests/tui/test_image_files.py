"""The files tab: layers beside a tree that fills in as layers are read, and the look into one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.analysis.image.file_system import merge
from inspector.records.artifact import Artifact
from inspector.records.image import Entry, Image, ImageConfig, Layer
from inspector.records.image_inspection import ImageInspection
from inspector.tui.app import ModelpackApp
from inspector.tui.screens.preview import PreviewScreen
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.widgets.image.files_pane import FilesPane, resolved
from inspector.tui.widgets.image.image_text import instruction_text
from inspector.tui.widgets.image.preview_text import PART_BYTES, HexDocument, TextDocument, looks_like_text
from inspector.tui.widgets.image.preview_view import PreviewView
from tests.images.build import ImageSpec, Symlink, build_layer, docker_archive
from tests.tui.driving import opened, press, screen_text, settle, showing, shows, until
from tests.tui.image_making import demo_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_archive(tmp_path_factory.mktemp("image"), "none")


def pane(app: ModelpackApp) -> FilesPane:
    return app.screen.query_one(FilesPane)


def shown_paths(app: ModelpackApp) -> list[str]:
    return [node.path for node in pane(app).table.view.shown]


def layer_of(index: int, paths: Sequence[str] | None) -> Layer:
    entries = None if paths is None else tuple(Entry(path, "file", 100 + index, offset=512) for path in paths)
    return Layer(index, created_by=f"RUN step {index}", size_bytes=10_000, entries=entries)


def engine_image(*layers: Sequence[str] | None) -> ImageInspection:
    """Return an image of which only some layers are read yet, base first."""
    made = tuple(layer_of(index, paths) for index, paths in enumerate(layers))
    known = [layer for layer in made if layer.entries is not None]
    image = Image(Artifact("docker://demo:1", "image", 0), "engine", ImageConfig(), made, references=("demo:1",))
    return ImageInspection(image, merge(known) if known else None)


async def test_the_tree_fills_in_and_nothing_moves() -> None:
    async with showing(engine_image(None, None)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        await press(pilot, "2")
        await shows(pilot, "Files appear here as layers are read", "RUN step 1")
        screen.update(engine_image(["etc/a", "etc/b", *(f"usr/f{n:03}" for n in range(200))], None))
        await settle(pilot)
        await shows(pilot, "1 of 2 layers read", "etc/", "usr/")
        await press(pilot, "Z", "end", "up", "up")
        before = (pane(app).table.row.path, pane(app).table.scroll_offset.y)  # type: ignore[union-attr]
        screen.update(engine_image(["etc/a", "etc/b", *(f"usr/f{n:03}" for n in range(200))], ["usr/new", "var/x"]))
        await settle(pilot)
        row = pane(app).table.row
        assert row is not None
        assert row.path == before[0]
        assert {"usr/new", "var", "var/x"} - set(shown_paths(app)) == {"var/x"}, (
            "what is unfolded stays, new folders are folded"
        )
        await shows(pilot, "final file system")


async def test_sixty_thousand_paths_scroll() -> None:
    paths = [f"usr/lib{a}/pkg{b}/file{c}" for a in range(25) for b in range(50) for c in range(50)]
    async with showing(engine_image(paths)) as (app, pilot):
        await press(pilot, "2")
        await shows(pilot, "final file system")
        await press(pilot, "Z")
        await until(pilot, lambda: len(pane(app).table.view.shown) == 62_500 + 25 * 51 + 1)
        await press(pilot, "end")
        assert pane(app).table.cursor == len(pane(app).table.view.shown) - 1
        assert "file" in screen_text(app)


async def test_layers_and_their_changes(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "2", "c")
        await shows(pilot, "changes of layer 5", "server.py", "app.conf", "+2", "~1")
        await press(pilot, "comma")
        await shows(pilot, "changes of layer 4", "0:0 → 1000:0")
        await press(pilot, "x")
        await shows(pilot, "hidden: removed")
        assert not any(path.startswith(("root", "var/lib/apt")) for path in shown_paths(app))
        await press(pilot, "c", "x", "comma", "comma")
        await shows(pilot, "everything up to layer 2")
        assert "models" not in shown_paths(app)


async def test_removed_paths_read_without_color(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "2", "comma", "c", "slash", *"pip/http/one", "enter")
        await shows(pilot, "changes of layer 4")
        line = next(line for line in screen_text(app).splitlines() if " one" in line)
        assert " - " in line
        assert "-38.4 KB" in line


async def test_search_folds_and_sorting(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "2", "slash", *"TINYLIB/", "enter")
        assert any(path.endswith("core.so") for path in shown_paths(app))
        assert not any(path.startswith("etc") for path in shown_paths(app))
        await press(pilot, "escape")
        assert shown_paths(app)[0] == "models", "the largest comes first"
        await press(pilot, "s")
        assert shown_paths(app) == sorted(shown_paths(app))
        await press(pilot, "home", "right")
        assert any("/" in path for path in shown_paths(app))
        await press(pilot, "left")
        assert not any("/" in path for path in shown_paths(app))


async def test_a_symlink_leads_to_its_target(tmp_path: Path) -> None:
    layer = build_layer({"usr/bin/tool": b"x", "bin": Symlink("usr/bin"), "gone": Symlink("../nowhere")})
    path = docker_archive(tmp_path / "links.tar", [ImageSpec([layer])])
    async with opened(path) as (app, pilot):
        await press(pilot, "2", "slash", *"bin", "enter", "home")
        pane(app).table.reveal("bin")
        await press(pilot, "enter")
        assert pane(app).table.row is not None
        assert pane(app).table.row.path == "usr/bin"
        await press(pilot, "escape")
        pane(app).table.reveal("gone")
        await press(pilot, "enter")
        assert len(app.screen.query("Toast")) == 1


async def test_tab_goes_between_layers_and_files(archive: Path) -> None:
    async with opened(archive, (80, 24)) as (app, pilot):
        await press(pilot, "2")
        assert pane(app).table.has_focus
        await press(pilot, "tab", "home")
        await shows(pilot, "everything up to layer 0", "ADD file")
        await press(pilot, "enter")
        assert pane(app).table.has_focus


async def test_a_file_is_looked_into_as_text_and_bytes(archive: Path) -> None:
    async with opened(archive) as (app, pilot):
        await press(pilot, "2", "slash", *"server.py", "enter", "end", "enter")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen))
        await shows(pilot, "/app/server.py", "1  import tinylib", "3  print('serving')", "3 lines")
        await press(pilot, "x")
        await shows(pilot, "00000000", "69 6d 70 6f", "import tinylib··")
        await press(pilot, "escape")
        assert isinstance(app.screen, WorkbenchScreen)
        assert pane(app).table.row is not None
        assert pane(app).table.row.path == "app/server.py"


async def test_a_long_file_is_read_as_it_is_wanted(tmp_path: Path) -> None:
    text = b"".join(b"line %06d of a long text\n" % number for number in range(20_000))
    path = docker_archive(tmp_path / "long.tar", [ImageSpec([build_layer({"log": text}, "gzip")])])
    async with opened(path) as (app, pilot):
        await press(pilot, "2", "enter")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen))
        await shows(pilot, "line 000000")
        view = app.screen.query_one(PreviewView)
        known = len(view.document)
        assert known < 20_000
        await press(pilot, "end")
        await until(pilot, lambda: len(view.document) > known)
        await press(pilot, "x", "end")
        await shows(pilot, f"{len(text) - 16:08x}")


async def test_a_file_whose_layer_is_gone_says_so(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "gone.tar", [ImageSpec([build_layer({"etc/motd": b"hello\n"})])])
    async with opened(path) as (app, pilot):
        await press(pilot, "2", "Z", "end")
        path.unlink()
        await press(pilot, "v")
        await until(pilot, lambda: isinstance(app.screen, PreviewScreen))
        await settle(pilot)
        assert "gone.tar" in screen_text(app)
        assert app.jobs.bug is None


def test_text_is_cut_into_lines_wherever_parts_end() -> None:
    text = "eins\r\nzwei ü\ndrei".encode()
    for at in range(1, len(text)):
        document = TextDocument(len(text))
        document.append(0, text[:at])
        document.append(at, text[at:])
        assert [document.row(index) for index in range(len(document))] == [("1", "eins"), ("2", "zwei ü"), ("3", "drei")]
        assert document.complete


def test_a_line_without_an_end_takes_no_more_than_it_is() -> None:
    document = TextDocument(3 * PART_BYTES)
    for part in range(3):
        document.append(part * PART_BYTES, b"x" * PART_BYTES)
    assert sum(len(document.row(index)[1]) for index in range(len(document))) == 3 * PART_BYTES  # type: ignore[index]
    assert max(len(document.row(index)[1]) for index in range(len(document))) == 20_000  # type: ignore[index]


def test_bytes_are_known_where_they_were_read() -> None:
    document = HexDocument(PART_BYTES + 20)
    assert document.missing(0, 3) == 0
    document.put(0, bytes(range(256)) * 256)
    assert document.missing(0, 3) is None
    last = len(document) - 1
    assert document.row(last) is None
    assert document.missing(last, last) == PART_BYTES
    document.put(PART_BYTES, b"the end of it, quite")
    assert document.row(last) == ("00010010", f"{b'uite'.hex(' '):23}  {'':23}  uite")


def test_text_is_told_from_bytes() -> None:
    assert looks_like_text("schön\n".encode())
    assert looks_like_text(b"\x1b[1mbold\x1b[0m\n")
    assert not looks_like_text(b"\x7fELF\0\0")
    assert not looks_like_text(bytes(range(128, 256)))


@pytest.mark.parametrize(
    ("path", "link", "target"),
    [
        ("bin", "usr/bin", "usr/bin"),
        ("usr/lib/a.so", "../../lib/b.so", "lib/b.so"),
        ("a", "/etc/x", "etc/x"),
        ("a/b", "../../../x", "x"),
        ("a", "/", ""),
    ],
)
def test_symlinks_are_resolved_as_a_container_would(path: str, link: str, target: str) -> None:
    assert resolved(path, link) == target


@pytest.mark.parametrize(
    ("created_by", "text"),
    [
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c pip install x # buildkit", "RUN pip install x"),
        ("RUN /bin/bash -o pipefail -c set -e # buildkit", "RUN set -e"),
        ("|1 VERSION=3 /bin/sh -c make", "RUN make"),
        ("COPY . /app # buildkit", "COPY . /app"),
        ("", "no instruction is recorded"),
    ],
)
def test_instructions_are_shown_as_the_build_file_has_them(created_by: str, text: str) -> None:
    assert instruction_text(created_by) == text


async def test_a_layer_with_a_problem_is_marked() -> None:
    inspection = engine_image(["a"])
    layer = replace(inspection.image.layers[0], problem="cut short after 512 bytes")
    async with showing(replace(inspection, image=replace(inspection.image, layers=(layer,)))) as (_, pilot):
        await press(pilot, "2")
        await shows(pilot, "!", "cut short after 512 bytes")
