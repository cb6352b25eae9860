"""The one registry of everything a user can do: keys, footer, command palette and help are all made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Where = Literal[
    "everywhere",
    "opening",
    "workbench",
    "model",
    "onnx",
    "saved_model",
    "image",
    "pack",
    "kit",
    "inside",
    "overview",
    "graph",
    "operators",
    "signatures",
    "weights",
    "image_overview",
    "files",
    "packages",
    "waste",
    "history",
    "blobs",
    "findings",
    "optimize",
    "benchmark",
    "list",
    "preview",
    "sensitivity",
    "graphs",
    "open_dialog",
    "path_dialog",
    "question",
    "dialog",
]

HEADINGS: dict[Where, str] = {
    "everywhere": "Everywhere",
    "opening": "Opening screen",
    "workbench": "Workbench",
    "model": "With a model open",
    "onnx": "With an ONNX model open",
    "saved_model": "With a SavedModel open",
    "image": "With an image open",
    "pack": "With an OCI artifact open",
    "kit": "With an OCI artifact of files open",
    "inside": "With a model out of an image open",
    "overview": "Overview",
    "graph": "Graph",
    "operators": "Operators",
    "signatures": "Signatures",
    "weights": "Weights",
    "image_overview": "Overview of an image",
    "files": "Files",
    "packages": "Packages",
    "waste": "Waste",
    "history": "History",
    "blobs": "Blobs",
    "findings": "Findings",
    "optimize": "Optimize",
    "benchmark": "Benchmark",
    "list": "Lists",
    "preview": "Preview of a file",
    "sensitivity": "Sensitivity of nodes",
    "graphs": "Graphs before and after",
    "open_dialog": "Open dialog",
    "path_dialog": "Dialogs that ask for a file",
    "question": "Questions",
    "dialog": "Dialogs",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a user can do.

    id is the Textual action, run on whatever owns the place named by where: the application (everywhere), the screen
    (SCREEN_PLACES, opening, preview, dialog), the tab's pane, or the list with the cursor. keys is comma-separated, as
    Textual names them; shown is how a person writes the first of them. rank orders the footer, most useful first; 0 keeps
    it out.
    """

    id: str
    keys: str
    shown: str
    label: str
    description: str
    where: Where
    rank: int = 0


REGISTRY: tuple[Action, ...] = (
    Action("quit", "q", "q", "quit", "Quit at once; running work is stopped", "everywhere", 30),
    Action("help", "question_mark,f1", "?", "help", "Show every key of this screen", "everywhere", 31),
    Action("command_palette", "ctrl+p,colon", "^p", "commands", "Find any action by name", "everywhere", 32),
    Action("open_file", "o", "o", "open", "Open another artifact: a path, a recent one, a sample", "everywhere", 33),
    Action("toggle_theme", "t", "t", "theme", "Switch between dark and light", "everywhere", 34),
    Action("open_selected", "enter", "↵", "open", "Open the selected artifact", "opening", 10),
    Action("show_tab('overview', 'onnx')", "1", "1", "overview", "What the model is, on one page", "onnx"),
    Action("show_tab('graph', 'onnx')", "2", "2", "graph", "The computation, node by node", "onnx"),
    Action("show_tab('operators', 'onnx')", "3", "3", "operators", "How often each operator is used, what it costs", "onnx"),
    Action("show_tab('signatures', 'onnx')", "4", "4", "signatures", "Inputs, outputs and symbolic dimensions", "onnx"),
    Action("show_tab('weights', 'onnx')", "5", "5", "weights", "Every stored tensor", "onnx"),
    Action("show_tab('findings', 'onnx')", "6", "6", "findings", "What a reader should know", "onnx"),
    Action("show_tab('optimize', 'onnx')", "7", "7", "optimize", "Make the model smaller and faster, with proof", "onnx"),
    Action("show_tab('benchmark', 'onnx')", "8", "8", "benchmark", "Measure cold start and latency, before and after", "onnx"),
    Action("show_tab('overview', 'saved_model')", "1", "1", "overview", "What the model is, on one page", "saved_model"),
    Action("show_tab('graph', 'saved_model')", "2", "2", "graph", "The computation, node by node", "saved_model"),
    Action(
        "show_tab('operators', 'saved_model')",
        "3",
        "3",
        "operators",
        "How often each operator is used, what it costs",
        "saved_model",
    ),
    Action(
        "show_tab('signatures', 'saved_model')",
        "4",
        "4",
        "signatures",
        "Inputs, outputs and symbolic dimensions",
        "saved_model",
    ),
    Action("show_tab('weights', 'saved_model')", "5", "5", "weights", "Every stored tensor", "saved_model"),
    Action("show_tab('findings', 'saved_model')", "6", "6", "findings", "What a reader should know", "saved_model"),
    Action(
        "show_tab('benchmark', 'saved_model')",
        "7",
        "7",
        "benchmark",
        "Measure cold start and latency, before and after",
        "saved_model",
    ),
    Action("show_tab('image_overview', 'image')", "1", "1", "overview", "What the image is, on one page", "image"),
    Action("show_tab('files', 'image')", "2", "2", "files", "Layers, and the files they add up to", "image"),
    Action("show_tab('packages', 'image')", "3", "3", "packages", "What is installed, by size", "image"),
    Action("show_tab('waste', 'image')", "4", "4", "waste", "Bytes that could go: proven waste, leftovers, pulls", "image"),
    Action("show_tab('history', 'image')", "5", "5", "history", "Every instruction of the build", "image"),
    Action("show_tab('findings', 'image')", "6", "6", "findings", "What to look at in this image", "image"),
    Action("show_tab('benchmark', 'image')", "7", "7", "benchmark", "Measure pull, unpack, start and first output", "image"),
    Action("show_tab('image_overview', 'pack')", "1", "1", "overview", "What the artifact is, on one page", "pack"),
    Action("show_tab('blobs', 'pack')", "2", "2", "blobs", "Every blob and what it holds", "pack"),
    Action("show_tab('findings', 'pack')", "3", "3", "findings", "What to look at in this artifact", "pack"),
    Action("show_tab('image_overview', 'kit')", "1", "1", "overview", "What the artifact is, on one page", "kit"),
    Action("show_tab('blobs', 'kit')", "2", "2", "blobs", "Every blob and what it holds", "kit"),
    Action("show_tab('files', 'kit')", "3", "3", "files", "The files in those blobs that are archives", "kit"),
    Action("show_tab('findings', 'kit')", "4", "4", "findings", "What to look at in this artifact", "kit"),
    Action("next_tab", "right_square_bracket,ctrl+pagedown", "]", "next tab", "Show the next tab", "workbench", 38),
    Action("previous_tab", "left_square_bracket,ctrl+pageup", "[", "previous tab", "Show the previous tab", "workbench"),
    Action("reload", "ctrl+r", "^r", "read again", "Read the artifact again from disk", "workbench"),
    Action("read_everything", "d", "d", "digest", "Read every byte: sha256 of each file, equal weights confirmed", "model"),
    Action("set_batch", "b", "b", "batch", "Evaluate formulas at another batch size", "model", 36),
    Action("verify_digests", "d", "d", "verify", "Read every layer and compare its digest", "image", 36),
    Action("cancel_job", "escape", "esc", "cancel", "Stop the running work", "workbench"),
    Action("leave", "escape", "esc", "back", "Return to the image this model is in", "inside", 9),
    Action("show_users", "enter", "↵", "show nodes", "Select the nodes that take or make this tensor", "signatures", 10),
    Action("follow", "enter", "↵", "open / follow", "Open or close a fold or inner graph; else choose an edge", "graph", 10),
    Action("search", "slash", "/", "search", "Search by operator, name, tensor or shape such as 64,56,56", "graph", 12),
    Action("fold", "z", "z", "fold", "Fold what the cursor is in, or unfold what it is on", "graph", 14),
    Action("heat", "h", "h", "heat", "Draw bars for parameters, FLOPs, activations or time in turn", "graph", 16),
    Action("measure_nodes", "m", "m", "measure time", "Measure the time of each node with the runtime's profiler", "graph"),
    Action("go_to_node", "g", "g", "go to", "Go to a node by number, name or tensor", "graph", 18),
    Action("producer", "left", "←", "producer", "Follow an input up to what makes it", "graph"),
    Action("consumer", "right", "→", "consumer", "Follow the output down to what takes it", "graph"),
    Action("back", "backspace", "⌫", "back", "Return to where the last jump began", "graph"),
    Action("next_match", "n", "n", "next match", "Go to the next match", "graph"),
    Action("previous_match", "N", "N", "previous match", "Go to the previous match", "graph"),
    Action("close_search", "escape", "esc", "close search", "Close the search bar and forget its matches", "graph"),
    Action("fold_all", "Z", "Z", "fold all", "Unfold everything, or fold everything", "graph"),
    Action("fold_mode", "s", "s", "fold by", "Fold by repeated blocks, by name scopes, or not at all", "graph"),
    Action("absorbed", "c", "c", "constants", "Show the constants and shape arithmetic a node took in", "graph"),
    Action("toggle_panel", "i", "i", "node panel", "Show or hide the node panel", "graph"),
    Action("cursor_up", "up,k", "↑", "up", "Move up one row", "graph"),
    Action("cursor_down", "down,j", "↓", "down", "Move down one row", "graph"),
    Action("page_up", "pageup", "PgUp", "page up", "Move up one page", "graph"),
    Action("page_down", "pagedown,space", "PgDn", "page down", "Move down one page", "graph"),
    Action("first_row", "home", "Home", "first", "Move to the first row", "graph"),
    Action("last_row", "end", "End", "last", "Move to the last row", "graph"),
    Action("show_nodes", "enter", "↵", "show nodes", "Select the nodes of this operator in the graph", "operators", 10),
    Action("read_or_follow", "enter", "↵", "read / follow", "Read the values; once read, show the consumer", "weights", 10),
    Action("show_consumer", "g", "g", "in graph", "Show the first node that uses this weight", "weights", 12),
    Action("open_model", "enter", "↵", "open model", "Open the marked model in a workbench of its own", "image_overview", 10),
    Action("next_model", "n", "n", "next model", "Mark the next model inside", "image_overview", 12),
    Action("previous_model", "N", "N", "previous model", "Mark the model before", "image_overview"),
    Action("open_here", "enter", "↵", "open", "Fold or unfold a folder, open a model, look into a file", "files", 10),
    Action("other_side", "tab", "tab", "layers", "Move between the layers and the files", "files", 12),
    Action("toggle_changes", "c", "c", "changes", "This layer's changes, or everything up to this layer", "files", 14),
    Action("preview", "v", "v", "view", "Look into any file, as text or bytes", "files", 24),
    Action("previous_layer", "comma,less_than_sign", ",", "layer below", "Select the layer below", "files"),
    Action("next_layer", "full_stop,greater_than_sign", ".", "layer above", "Select the layer above", "files"),
    Action("unfold", "right", "→", "unfold", "Unfold the folder, or step into it", "files"),
    Action("fold", "left", "←", "fold", "Fold the folder, or go to the one it is in", "files"),
    Action("fold_all", "Z", "Z", "fold all", "Unfold every folder, or fold them all", "files"),
    Action("toggle_kind('added')", "a", "a", "added", "Show or hide what the layer added", "files"),
    Action("toggle_kind('modified')", "m", "m", "modified", "Show or hide what the layer changed", "files"),
    Action("toggle_kind('metadata')", "w", "w", "metadata", "Show or hide what changed in mode, owner or time only", "files"),
    Action("toggle_kind('removed')", "x", "x", "removed", "Show or hide what the layer removed", "files"),
    Action("toggle_kind('unchanged')", "u", "u", "unchanged", "Show or hide what the layer left alone", "files"),
    Action("show_files", "enter", "↵", "files", "Show the package's files in the tree", "packages", 10),
    Action("show_files", "enter", "↵", "files", "Show what the row is about in the tree", "waste", 10),
    Action("next_section", "w", "w", "show", "Show waste, leftovers or pulls alone, or all", "waste", 12),
    Action("show_layer", "enter", "↵", "files", "Show what the instruction changed in the tree", "history", 10),
    Action("open_blob", "enter", "↵", "open", "Open the blob where it is a model", "blobs", 10),
    Action("show_place", "enter", "↵", "go to", "Show the node, weight or file the finding is about", "findings", 10),
    Action("run_steps", "enter", "↵", "run", "Run the picked steps in order, or the one under the cursor", "optimize", 10),
    Action("pick", "space", "space", "pick", "Pick the step or drop it; they run in the order picked", "optimize", 11),
    Action("other_side", "tab", "tab", "switch", "Move between the steps and their results", "optimize", 12),
    Action("sensitivity", "n", "n", "nodes", "What quantizing does to each node; keep some in fp32", "optimize", 13),
    Action("graphs", "g", "g", "graphs", "The graphs before and after the step, side by side", "optimize", 14),
    Action("save", "w,ctrl+s", "w", "save", "Write the model that the steps came to", "optimize", 15),
    Action("undo", "u", "u", "undo", "Forget all after the selected row; on the last, that step", "optimize", 35),
    Action("name_data", "i", "i", "inputs", "Name an .npz of real inputs, and labels, to judge by", "optimize", 37),
    Action("name_contract", "c", "c", "contract", "Name a contract that must hold", "optimize"),
    Action("details_down", "J,shift+down", "J", "details down", "Scroll the details down", "optimize"),
    Action("details_up", "K,shift+up", "K", "details up", "Scroll the details up", "optimize"),
    Action("run_benchmark", "enter,r", "↵", "run", "Measure what is switched on, in place of what was", "benchmark", 10),
    Action("switch", "space", "space", "switch", "Switch the row of the plan on or off", "benchmark", 11),
    Action("edit", "e", "e", "change", "Change the value of the row of the plan", "benchmark", 12),
    Action("other_side", "tab", "tab", "runs", "Move between what to measure and the runs", "benchmark", 13),
    Action("compare_with", "c", "c", "compare", "Name an artifact to measure side by side", "benchmark", 14),
    Action("measure_nodes", "m", "m", "times", "Measure the time of each node, for the graph", "benchmark", 15),
    Action("batches", "a", "a", "batch sizes", "Change the batch sizes that latency is measured at", "benchmark", 35),
    Action("threads", "n", "n", "threads", "Change the numbers of threads that latency is measured with", "benchmark"),
    Action("device", "g", "g", "device", "Choose auto, cpu or cuda in turn", "benchmark", 37),
    Action("budget", "u", "u", "budget", "Change how long all of it may take", "benchmark"),
    Action("details_down", "J,shift+down", "J", "details down", "Scroll the details down", "benchmark"),
    Action("details_up", "K,shift+up", "K", "details up", "Scroll the details up", "benchmark"),
    Action("filter", "slash", "/", "filter", "Keep the rows that contain a text; Escape shows all", "list", 20),
    Action("sort_next", "s", "s", "sort", "Sort by the next column (or click on its title)", "list", 22),
    Action("sort_reverse", "S", "S", "reverse", "Reverse the order", "list"),
    Action("clear_filter", "escape", "esc", "show all", "Show all rows again", "list"),
    Action("cursor_up", "up,k", "↑", "up", "Move the cursor up one row", "list"),
    Action("cursor_down", "down,j", "↓", "down", "Move the cursor down one row", "list"),
    Action("page_up", "pageup", "PgUp", "page up", "Move the cursor up one page", "list"),
    Action("page_down", "pagedown,space", "PgDn", "page down", "Move the cursor down one page", "list"),
    Action("first_row", "home", "Home", "first", "Move the cursor to the first row", "list"),
    Action("last_row", "end", "End", "last", "Move the cursor to the last row", "list"),
    Action("toggle_hex", "x", "x", "hex / text", "Show the bytes, or the text they are", "preview", 10),
    Action("cursor_up", "up,k", "↑", "up", "Scroll up one line", "preview"),
    Action("cursor_down", "down,j", "↓", "down", "Scroll down one line", "preview"),
    Action("page_up", "pageup", "PgUp", "page up", "Scroll up one page", "preview", 14),
    Action("page_down", "pagedown,space", "PgDn", "page down", "Scroll down one page", "preview", 12),
    Action("first_row", "home", "Home", "start", "Scroll to the start", "preview"),
    Action("last_row", "end", "End", "end", "Scroll to the end of what is read", "preview"),
    Action("scroll_right", "right", "→", "right", "Scroll right along long lines", "preview"),
    Action("scroll_left", "left", "←", "left", "Scroll left along long lines", "preview"),
    Action("keep", "space", "space", "keep in fp32", "Keep the node in fp32, or quantize it again", "sensitivity", 10),
    Action("run_again", "enter", "↵", "run again", "Run the step again with the kept nodes in fp32", "sensitivity", 12),
    Action("other_side", "tab", "tab", "other side", "Move between before and after", "graphs", 10),
    Action("next_difference", "n", "n", "next", "Go to the next node that the other side does not have", "graphs", 12),
    Action("previous_difference", "N", "N", "previous", "Go to the node before that the other side does not have", "graphs"),
    Action("fold", "z,enter", "z", "fold", "Open or close the fold under the cursor, or around it", "graphs", 14),
    Action("fold_all", "Z", "Z", "fold all", "Unfold everything on both sides, or fold everything", "graphs", 16),
    Action("fold_mode", "s", "s", "fold by", "Fold both by repeated blocks, by name scopes, or not at all", "graphs"),
    Action("cursor_up", "up,k", "↑", "up", "Move up one row on both sides", "graphs"),
    Action("cursor_down", "down,j", "↓", "down", "Move down one row on both sides", "graphs"),
    Action("page_up", "pageup", "PgUp", "page up", "Move up one page on both sides", "graphs"),
    Action("page_down", "pagedown,space", "PgDn", "page down", "Move down one page on both sides", "graphs"),
    Action("first_row", "home", "Home", "first", "Move to the first row", "graphs"),
    Action("last_row", "end", "End", "last", "Move to the last row", "graphs"),
    Action("complete", "tab", "tab", "complete", "Complete the path as far as it is clear", "open_dialog"),
    Action("pick_next", "down", "↓", "next", "Pick the next row", "open_dialog"),
    Action("pick_previous", "up", "↑", "previous", "Pick the row before", "open_dialog"),
    Action("complete", "tab", "tab", "complete", "Complete the path as far as it is clear", "path_dialog"),
    Action("pick_next", "down", "↓", "next", "Pick the next row", "path_dialog"),
    Action("pick_previous", "up", "↑", "previous", "Pick the row before", "path_dialog"),
    Action("agree", "enter,y", "↵", "yes", "Do what the question asks", "question", 10),
    Action("close", "escape", "esc", "close", "Close the dialog and change nothing", "dialog", 10),
)

SCREEN_PLACES: tuple[Where, ...] = ("workbench", "model", "onnx", "saved_model", "image", "pack", "kit", "inside")
"""Places whose actions the workbench carries out itself; all but the first hold for some kinds of artifacts only."""


def actions_for(*places: Where) -> tuple[Action, ...]:
    """Return the actions of these places, in the order of the places and of the registry."""
    return tuple(action for place in places for action in REGISTRY if action.where == place)


def bindings(*places: Where) -> list[BindingType]:
    """Return the key bindings of these places for a widget, screen or application that carries out their actions."""
    return [Binding(action.keys, action.id, action.description, show=False) for action in actions_for(*places)]


def modal_bindings(*places: Where) -> list[BindingType]:
    """Return the bindings of a dialog: those of its places, and everywhere's, which Textual keeps from dialogs otherwise."""
    everywhere = (
        Binding(action.keys, f"app.{action.id}", action.description, show=False) for action in actions_for("everywhere")
    )
    return [*bindings(*places), *everywhere]
