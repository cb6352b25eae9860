"""The table draws only what is on the screen, and keeps the cursor on its row whatever happens around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.pilot import Pilot

from inspector.tui.themes import DARK, THEMES
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Cell, Column, place
from tests.tui.drawing import draw
from tests.tui.driving import until

MANY = 100_000
drawn: Counter[str] = Counter()


def _name(row: int) -> Cell:
    drawn["cells"] += 1
    return Cell(f"weight {row}")


COLUMNS: tuple[Column[int], ...] = (
    Column("name", "name", _name, order=lambda row: f"weight {row}"),
    Column("twice", "twice", lambda row: Cell(str(2 * row)), 9, "right", order=lambda row: row, largest_first=True),
    Column("bar", "", lambda row: Cell("", "bar", row / MANY), 10, rank=1),
)


class TableApp(App[None]):
    """Nothing but a table."""

    CSS = "LineTable { height: 1fr; } " + " ".join(
        f"LineTable > .line-table--{name} {{ color: $ink; }}" for name in ("title", "cursor", "marker")
    )

    def __init__(self) -> None:
        super().__init__()
        self.chosen = 0
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK

    def compose(self) -> ComposeResult:
        yield LineTable(COLUMNS, key=lambda row: row, search_text=lambda row: f"weight {row}", nothing="nothing here")

    def on_line_table_chosen(self) -> None:
        self.chosen += 1


@asynccontextmanager
async def table_of(rows: int) -> AsyncIterator[tuple[LineTable[int], Pilot[None]]]:
    app = TableApp()
    async with app.run_test(size=(80, 20)) as pilot:
        table = app.query_one(LineTable)
        table.focus()
        table.set_rows(range(rows))
        await pilot.pause()
        yield table, pilot


def lines(table: LineTable[int]) -> list[str]:
    return [table.render_line(y).text for y in range(table.size.height)]


async def test_only_visible_rows_are_drawn() -> None:
    async with table_of(MANY) as (table, pilot):
        drawn.clear()
        await pilot.press("pagedown")
        await pilot.pause()
        draw(pilot.app)
        assert 0 < drawn["cells"] <= 6 * table.size.height
        drawn.clear()
        await pilot.press("end")
        await pilot.pause()
        draw(pilot.app)
        assert drawn["cells"] <= 6 * table.size.height
        assert table.row == MANY - 1
        assert f"weight {MANY - 1}" in lines(table)[-1]


async def test_keys_move_the_cursor_and_keep_it_in_sight() -> None:
    async with table_of(100) as (table, pilot):
        for key, row in (("down", 1), ("j", 2), ("up", 1), ("k", 0), ("up", 0), ("pagedown", 18), ("end", 99), ("down", 99)):
            await pilot.press(key)
            await pilot.pause()
            assert table.row == row
            assert any(line.startswith("▌") and f"weight {row} " in line for line in lines(table))
        await pilot.press("pageup")
        assert table.row == 81
        await pilot.press("home")
        assert table.row == 0


async def test_sorting_keeps_the_row_under_the_cursor() -> None:
    async with table_of(50) as (table, pilot):
        await pilot.press("down", "down", "down")
        await pilot.press("s", "s")
        await pilot.pause()
        assert table.view.sort is not None
        assert table.view.sort.id == "twice"
        assert table.row == 3
        assert list(table.view.shown[:2]) == [49, 48]
        await pilot.press("S")
        assert list(table.view.shown[:2]) == [0, 1]
        assert table.row == 3


async def test_a_click_on_a_title_sorts_and_a_second_one_reverses() -> None:
    async with table_of(50) as (table, pilot):
        x = lines(table)[0].index("twice")
        await pilot.click(LineTable, offset=(x, 0))
        assert table.view.shown[0] == 49
        assert "▾ twice" in lines(table)[0]
        await pilot.click(LineTable, offset=(x, 0))
        assert table.view.shown[0] == 0


async def test_a_click_moves_the_cursor_and_a_double_click_chooses() -> None:
    async with table_of(50) as (table, pilot):
        await pilot.click(LineTable, offset=(5, 4))
        assert table.row == 3
        app = pilot.app
        assert isinstance(app, TableApp)
        assert app.chosen == 0
        await pilot.click(LineTable, offset=(5, 6), times=2)
        await pilot.pause()
        assert table.row == 5
        assert app.chosen == 1


async def test_the_wheel_scrolls() -> None:
    async with table_of(500) as (table, pilot):
        await pilot._post_mouse_events([MouseScrollDown], LineTable, offset=(5, 5), times=1)
        await until(pilot, lambda: table.scroll_offset.y > 0)
        assert table.row == 0


async def test_filtering_keeps_the_row_where_it_can_and_says_when_nothing_is_left() -> None:
    async with table_of(100) as (table, pilot):
        table.cursor = 42
        table.set_filter("42")
        await pilot.pause()
        assert table.row == 42
        table.set_filter("no such")
        await pilot.pause()
        assert table.row is None
        assert "no such" in lines(table)[1]
        table.set_filter("")
        await pilot.pause()
        assert table.view.total == len(table.view.shown) == 100


async def test_other_rows_keep_cursor_filter_and_scroll() -> None:
    async with table_of(1000) as (table, pilot):
        table.cursor = 500
        await pilot.pause()
        offset = table.cursor - table.scroll_offset.y
        table.set_rows(range(100, 1100))
        await pilot.pause()
        assert table.row == 500
        assert table.cursor == 400
        assert table.cursor - table.scroll_offset.y == offset


async def test_every_line_is_exactly_as_wide_as_the_table() -> None:
    async with table_of(30) as (table, pilot):
        await pilot.pause()
        assert {cell_len(line) for line in lines(table)} == {table.size.width}


def test_columns_give_way_by_rank() -> None:
    assert [placed.column.id for placed in place(COLUMNS, 80)] == ["name", "twice", "bar"]
    assert [placed.column.id for placed in place(COLUMNS, 44)] == ["name", "twice"]
    for width in range(20, 200):
        placed = place(COLUMNS, width)
        assert all(left.start + left.width < right.start for left, right in pairwise(placed))


async def test_an_empty_table_says_so() -> None:
    async with table_of(0) as (table, pilot):
        await pilot.press("down", "end", "s", "enter")
        assert table.row is None
        assert "nothing here" in lines(table)[1]
