"""How figures, shapes and tensors are written, on every screen and in every report. Standard library only, loads nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from inspector.records.tensor import Shape, TensorSpec

_PREFIXES = ("", "K", "M", "G", "T", "P", "E", "Z", "Y")
MOST_BINDINGS = 8
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bytes_text(size: int | None) -> str:
    """Return bytes in SI units with one decimal: "999 B", "147.5 KB", "102.5 MB"; "?" where unknown."""
    if size is None:
        return "?"
    number, prefix = _scaled(size)
    return f"{number} {prefix}B"


def count_text(count: int | None) -> str:
    """Return a large count in SI units with one decimal: "999", "9.4 K", "25.6 M", "4.1 G"; "?" where unknown."""
    if count is None:
        return "?"
    number, prefix = _scaled(count)
    return f"{number} {prefix}" if prefix else number


flops_text = count_text
"""FLOPs are written as counts; the unit stands in the label, since FLOPS would be read as a speed."""


def whole_text(count: int | None) -> str:
    """Return every digit of a count, in groups of three: "99,201"; "?" where unknown."""
    if count is None:
        return "?"
    return f"{count:,}" if count.bit_length() < 128 else count_text(count)


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return count and noun in agreement: "1 node", "1,204 nodes", "2 copies" (nouns given)."""
    return f"{whole_text(count)} {noun if count == 1 else nouns or noun + 's'}"


def share_text(share: float) -> str:
    """Return a share of 1 as percent; "0 %" and "100 %" only where exact: "<1 %", "97 %", "99.6 %", ">99.9 %"."""
    if share <= 0 or share >= 1:
        return "0 %" if share <= 0 else "100 %"
    percent = share * 100
    if percent < 1:
        return "<1 %"
    if percent < 99.5:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent < 99.95 else ">99.9 %"


def shape_text(shape: Shape | None) -> str:
    """Return a shape as "[batch,3,224,224]": "?" for an unknown length, "[…]" for unknown rank."""
    if shape is None:
        return "[…]"
    return f"[{','.join('?' if dim is None else str(dim) for dim in shape)}]"


def tensor_text(spec: TensorSpec) -> str:
    """Return element type and shape as "float32[batch,3,224,224]"."""
    return f"{spec.dtype}{shape_text(spec.shape)}"


def bindings_text(bindings: Mapping[str, int]) -> str:
    """Return the values of symbolic dimensions as "batch=1, sequence=128"; of more than eight, eight and how many more."""
    shown = [f"{name}={value}" for name, value in bindings.items()]
    rest = [f"{len(shown) - MOST_BINDINGS} more"] if len(shown) > MOST_BINDINGS else []
    return ", ".join([*shown[:MOST_BINDINGS], *rest])


def bar_text(share: float, width: int) -> str:
    """Return a bar of at most width columns in eighths of a column; a share above zero shows at least one eighth."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _scaled(number: int) -> tuple[str, str]:
    """Return the number with one decimal and its SI prefix; in integers, since products of hostile dims overflow floats."""
    sign, size = ("-", -number) if number < 0 else ("", number)
    if size < 1000:
        return f"{sign}{size}", ""
    power = min((len(str(size)) - 1) // 3, len(_PREFIXES) - 1) if size < 10**30 else len(_PREFIXES) - 1
    tenths = _tenths(size, power)
    if tenths >= 10_000 and power < len(_PREFIXES) - 1:
        power += 1
        tenths = _tenths(size, power)
    if tenths >= 10_000:
        return _exponent(size, sign), ""
    return f"{sign}{tenths // 10}.{tenths % 10}", _PREFIXES[power]


def _tenths(size: int, power: int) -> int:
    unit: int = 1000**power
    return (size * 10 + unit // 2) // unit


def _exponent(size: int, sign: str) -> str:
    digits = int(size.bit_length() * 0.30102999566398120) - 1
    while 10 ** (digits + 1) <= size:
        digits += 1
    return f"{sign}{size * 10 // 10**digits / 10}e{digits}"
