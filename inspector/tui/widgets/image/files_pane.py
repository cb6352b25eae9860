"""The files tab of an image: layers beside the files they add up to, or what one of them changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished
from inspector.records.file_system import ChangeKind
from inspector.records.image_inspection import ImageInspection
from inspector.report.figures import bytes_text, plural
from inspector.tui.actions import bindings
from inspector.tui.jobs import Job, Jobs
from inspector.tui.messages import Cancelled, Failed, JobEvent, OpenInside, ShowFiles
from inspector.tui.widgets.image.file_table import FileBox, FileTable
from inspector.tui.widgets.image.image_text import MARKS, indexed_layers
from inspector.tui.widgets.image.layers_box import LayersBox
from inspector.tui.widgets.image.tree import FileTree, TreeNode, bit_of
from inspector.tui.widgets.image.tree_source import KeptTrees, TreeKey, key_for, make_tree
from inspector.tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

_REST_SECONDS = 0.1
_FEW_NODES = 200
"""Up to this many paths all folders of a layer's changes are unfolded at first."""


class FilesPane(Widget):
    """Shows the tree of the selected layer, made beside the screen; cursor, folds and scroll outlive every new tree."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("files")

    def __init__(self) -> None:
        super().__init__(id="files")
        self.inspection: ImageInspection | None = None
        self.layer_list = LayersBox()
        self.table = FileTable()
        self._box = FileBox(self.table)
        self._changes_only = False
        self._shown: TreeKey | None = None
        self._kept = KeptTrees()
        self._unfolded: set[TreeKey] = set()
        self._opened: dict[bool, set[str]] = {False: set(), True: set()}
        self._making: tuple[TreeKey, Job] | None = None
        self._rest: Timer | None = None
        self._sought = ""
        self._only_title = ""

    def compose(self) -> Iterator[Widget]:
        """Lay out layers and files; styles put them side by side or one above the other."""
        yield self.layer_list
        yield self._box

    @property
    def first_focus(self) -> Widget:
        """The tree takes the keys first; the layers are one key away."""
        return self.layer_list.table if self.layer_list.table.has_focus else self.table

    def show(self, inspection: ImageInspection) -> None:
        """Show an inspection; called again as layers get known."""
        self.inspection = inspection
        self.table.models = {model.path: model for model in inspection.models if not model.digest}
        self.layer_list.show(inspection)
        self.table.refresh()
        if self.is_mounted:
            self._update_tree()
        else:
            self.call_after_refresh(self._update_tree)

    def go_to(self, wanted: ShowFiles) -> None:
        """Show what somebody points to: a layer, its changes, a path, or a set of paths."""
        if self.inspection is None:
            return
        layers = self.inspection.image.layers
        layer = wanted.layer if wanted.layer is not None else (layers[-1].index if layers else None)
        if layer is not None:
            self.layer_list.select(layer)
        self._set_mode(wanted.changes)
        self.table.tree_view.filter = ""
        self.table.tree_view.only = frozenset(wanted.paths)
        self._only_title = wanted.title
        self._sought = wanted.path
        self._update_tree()
        self.table.focus(scroll_visible=False)

    def _set_mode(self, changes_only: bool) -> None:
        tree = self.table.tree_view
        self._opened[self._changes_only] = tree.opened
        self._changes_only = changes_only
        tree.opened = self._opened[changes_only]

    def _key(self) -> TreeKey | None:
        assert self.inspection is not None
        return key_for(self.inspection, self.layer_list.selected, self._changes_only)

    def _update_tree(self) -> None:
        """Show the tree that is wanted, once it is made; one under way for another key is finished first."""
        if self.inspection is None:
            return
        key = self._key()
        if key is None:
            self.table.say_nothing("Files appear here as layers are read" if self.inspection.image.layers else "No layers")
            self._describe()
            return
        kept = self._kept.get(key)
        if kept is not None:
            self._take(key, kept)
        elif self._making is None:
            self._make(key)

    def _make(self, key: TreeKey) -> None:
        inspection = self.inspection
        assert inspection is not None

        def workflow(_: CancelToken) -> Iterator[Event[FileTree]]:
            yield Finished(make_tree(inspection, key))

        self._making = (key, self._jobs.start("laying out files", workflow, self))

    def on_job_event(self, message: JobEvent) -> None:
        """Take in a tree that was made."""
        if self._making is None or message.job is not self._making[1]:
            return
        message.stop()
        event, key = message.event, self._making[0]
        if isinstance(event, Finished):
            self._making = None
            self._kept.put(key, event.result)
            wanted = self._key()
            if wanted is not None and wanted.changes_only == key.changes_only:
                self._take(key, event.result)
            if wanted != key:
                self._update_tree()
        elif isinstance(event, Failed):
            self._making = None
            self._app.explain(event.error, "Files")
        elif isinstance(event, Cancelled):
            self._making = None

    def _take(self, key: TreeKey, tree: FileTree) -> None:
        if tree is not self.table.tree_view.tree or key != self._shown:
            if key.changes_only and key not in self._unfolded and len(tree.nodes) <= _FEW_NODES:
                self.table.tree_view.opened |= {node.path for node in tree.nodes if node.children}
            self._unfolded.add(key)
            self._shown = key
            self.table.set_tree(tree)
        else:
            self.table.lay_out()
        if self._sought and key == self._key():
            self._seek()
        self._describe()

    def _seek(self) -> None:
        """Put the cursor on the path that was pointed to, or on the innermost folder of it that is there."""
        path, self._sought = self._sought, ""
        while path and not self.table.reveal(path):
            path = path.rpartition("/")[0]

    def _describe(self) -> None:
        """Say above the tree what it shows."""
        tree, inspection = self.table.tree_view.tree, self.inspection
        if tree is None or self._shown is None or inspection is None:
            self._box.border_title = Content("files")
            return
        counts = Counter(node.kind for node in tree.nodes)
        marked = " ".join(f"{MARKS[kind]}{counts[kind]:,}" for kind in MARKS if counts[kind] and kind != "unchanged")
        if self._only_title:
            title = self._only_title
        elif self._changes_only:
            title = f"changes of layer {self._shown.top}"
        elif self._shown.top == len(inspection.image.layers) - 1:
            title = "final file system"
        else:
            title = f"everything up to layer {self._shown.top}"
        facts = (self._unread_note(), plural(tree.root.files, "file"), bytes_text(tree.root.size), marked)
        self._box.border_title = Content(" · ".join((title, *(fact for fact in facts if fact))))

    def _unread_note(self) -> str:
        assert self.inspection is not None
        image = self.inspection.image
        known = indexed_layers(image)
        return "" if known == len(image.layers) else f"{known} of {plural(len(image.layers), 'layer')} read"

    def on_layers_box_selected(self, message: LayersBox.Selected) -> None:
        """Show another layer once the cursor has rested."""
        message.stop()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._update_tree)

    def on_line_table_filter_wanted(self, message: LineTable.FilterWanted) -> None:
        """A search asked for among the layers is one for paths."""
        message.stop()
        self.table.action_filter()

    def on_file_table_paths_dropped(self, message: FileTable.PathsDropped) -> None:
        """Show all paths again."""
        message.stop()
        self.table.tree_view.only, self._only_title = (), ""
        self.table.lay_out()
        self._describe()

    def on_line_table_chosen(self, message: LineTable.Chosen) -> None:
        """Do by mouse what Enter does."""
        message.stop()
        self.action_open_here()

    def action_open_here(self) -> None:
        """Fold or unfold a folder, open a model, follow a link, or look into a file."""
        if self.layer_list.table.has_focus:
            self.action_other_side()
            return
        node = self.table.row
        if node is None:
            return
        model = self.table.models.get(node.path)
        if model is not None and node.kind != "removed":
            self.post_message(OpenInside(model))
        elif node.is_folder:
            self.table.set_open(node, not self.table.tree_view.is_open(node))
        elif node.placed is not None and node.placed.entry.kind == "symlink":
            self._follow(node)
        else:
            self.action_preview()

    def _follow(self, node: TreeNode) -> None:
        """Go to where a symlink leads, as a container sees it."""
        assert node.placed is not None
        target = resolved(node.path, node.placed.entry.link)
        if not target or not self.table.reveal(target):
            self._app.say(f"Nothing of that name is in this tree: {node.placed.entry.link}")

    def action_preview(self) -> None:
        """Look into a file."""
        from inspector.tui.screens.preview import PreviewScreen

        node = self.table.row
        if node is None or self.inspection is None or node.placed is None or node.placed.content.kind != "file":
            self._app.say("Only files have a content to look into")
        else:
            self._app.push_screen(PreviewScreen(self.inspection, node.path, node.placed))

    def action_other_side(self) -> None:
        """Go from the tree to the layers, or back."""
        (self.table if self.layer_list.table.has_focus else self.layer_list.table).focus()

    def action_toggle_changes(self) -> None:
        """Show everything up to the layer, or only what it changes."""
        self._set_mode(not self._changes_only)
        self._update_tree()

    def action_toggle_kind(self, kind: ChangeKind) -> None:
        """Show or hide one kind of change; the last one shown stays."""
        kinds = self.table.tree_view.kinds ^ bit_of(kind)
        if kinds:
            self.table.tree_view.kinds = kinds
            self.table.lay_out()

    def action_previous_layer(self) -> None:
        """Select the layer below."""
        self.layer_list.table.cursor -= 1

    def action_next_layer(self) -> None:
        """Select the layer above."""
        self.layer_list.table.cursor += 1

    def action_unfold(self) -> None:
        """Unfold the folder, or step into it."""
        node = self.table.row
        if node is None or not node.children:
            return
        if self.table.tree_view.is_open(node):
            self.table.cursor += 1
        else:
            self.table.set_open(node, True)

    def action_fold(self) -> None:
        """Fold the folder, or go to the one it is in."""
        node = self.table.row
        if node is None:
            return
        if node.children and self.table.tree_view.is_open(node):
            self.table.set_open(node, False)
        elif node.parent is not None and node.parent.path:
            self.table.go_to(node.parent)

    def action_fold_all(self) -> None:
        """Unfold every folder, or fold them all."""
        self.table.tree_view.open_all()
        self.table.lay_out()

    @property
    def _app(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)

    @property
    def _jobs(self) -> Jobs:
        return self._app.jobs


def resolved(path: str, link: str) -> str:
    """Return where a symlink at a path leads, as a path from the root; empty where it leads to the root or above."""
    parts: list[str] = [] if link.startswith("/") else path.split("/")[:-1]
    for part in link.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
