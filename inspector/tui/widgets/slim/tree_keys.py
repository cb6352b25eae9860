"""What keys and clicks do in the tree of what goes and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.tui.messages import ShowFiles
from inspector.tui.widgets.slim.choices import Choice, decided, next_choice
from inspector.tui.widgets.slim.pane_frame import SlimFrame
from inspector.tui.widgets.slim.tree_rows import TreeRow, next_file_choice, usually_folded
from inspector.tui.widgets.slim.tree_table import SlimTree

if TYPE_CHECKING:
    from inspector.records.slimming import SlimRequest


class SlimTreeKeys(SlimFrame):
    """Keeps, drops and unfolds rows."""

    def change(self, request: SlimRequest) -> None:
        """Take what the user wants from now on."""
        if self.runner.busy:
            self.tell("What runs stays as it is; this counts for the next time")
        self.keep_request(request)

    def decide(self, row: TreeRow | None) -> None:
        """Keep or drop a row, or leave it to the level again."""
        if row is None or not row.pattern:
            self._say_undecidable(row)
        elif row.what == "file":
            self._choose_for(row, next_file_choice(row))
        elif row.group is not None:
            self._choose_for(row, next_choice(row.group, row.choice))

    def action_keep(self) -> None:
        """Keep what the tree's cursor is on, or leave it to the level again."""
        row = self.tree_table.row
        if not self.tree_table.has_focus:
            self.tell("Tab goes to the tree: y keeps what the cursor is on")
        elif row is None or not row.pattern:
            self._say_undecidable(row)
        else:
            self._choose_for(row, "" if row.choice == "keep" and not row.inherited else "keep")

    def _choose_for(self, row: TreeRow, choice: Choice) -> None:
        self.change(decided(self.request, row.pattern, choice))

    def _say_undecidable(self, row: TreeRow | None) -> None:
        if row is None or row.what == "waste":
            self.tell("Waste is in no container's file system: there is nothing to keep")
        elif row.what == "kind":
            self.tell("Choose one of those below it: → unfolds them")
        else:
            self.tell("It cannot be kept or dropped by itself")

    def on_slim_tree_toggled(self, message: SlimTree.Toggled) -> None:
        """A click on the mark."""
        message.stop()
        self.decide(message.row)

    def on_slim_tree_unfolded(self, message: SlimTree.Unfolded) -> None:
        """A click on the arrow."""
        message.stop()
        self.fold(message.row, message.row.is_open)

    def action_unfold(self) -> None:
        """Unfold the row of the tree; on one that is open, step into it."""
        row = self.tree_table.row
        if row is not None and row.opens and not row.is_open:
            self.fold(row, False)
        elif row is not None and row.opens:
            self.tree_table.cursor += 1

    def action_fold(self) -> None:
        """Fold the row of the tree; on one that is folded, go to what it is in."""
        row = self.tree_table.row
        if row is not None and row.opens and row.is_open:
            self.fold(row, True)
        elif row is not None and row.depth:
            shown = self.tree_table.view.shown
            above = range(self.tree_table.cursor - 1, -1, -1)
            self.tree_table.cursor = next((at for at in above if shown[at].depth < row.depth), 0)

    def action_fold_all(self) -> None:
        """Unfold every kind, or fold them all."""
        groups, _ = self.groups
        kinds = frozenset(group.kind for group in groups)
        folded = usually_folded(groups) if self.folded is None else self.folded
        self.opened = frozenset()
        self.folded = frozenset() if folded & kinds else frozenset(kinds)
        self.refresh_tree()

    def fold(self, row: TreeRow, close: bool) -> None:
        """Unfold a row, or fold it."""
        if row.what == "group":
            self.opened = self.opened - {row.id} if close else self.opened | {row.id}
        elif row.what == "kind":
            folded = usually_folded(self.groups[0]) if self.folded is None else self.folded
            self.folded = folded | {row.id} if close else folded - {row.id}
        self.refresh_tree()
        self.describe()

    def action_show_files(self) -> None:
        """Show the files of the row in the file tree."""
        row = self.tree_table.row
        if row is None or row.group is None:
            self.tell("Choose a package or a kind in the tree first")
        elif row.what == "file":
            self.post_message(ShowFiles(row.name.removeprefix("/")))
        elif row.group.largest:
            paths = [path for path, _ in row.group.largest]
            self.post_message(ShowFiles(paths[0], paths, f"largest of {row.group.name} that go"))
        else:
            self.tell("Nothing of it goes")

    def tell(self, text: str) -> None:
        """Say something of our own, or of a file, in a notice."""
        self._modelpack.say(text, "slim")
