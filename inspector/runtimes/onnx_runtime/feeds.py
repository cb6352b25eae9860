"""Feeds and outputs in files: one uncompressed .npz a sample, members by position, so that no name from a file names one.

Used on the child's side: numpy is imported when something is read or written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.errors import OperationFailed
from inspector.records.optimization import InputSet

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sample_path(folder: str, index: int) -> Path:
    """Return the path of sample index in a folder of samples."""
    return Path(folder, f"{index:05d}.npz")


def write_arrays(folder: str, index: int, arrays: Sequence[NDArray[Any]]) -> None:
    """Write the arrays of one sample, in order; text becomes fixed-width, since nothing is ever pickled.

    Raises OperationFailed where the folder cannot take them.
    """
    import numpy as np

    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        members: dict[str, Any] = {str(place): _storable(array) for place, array in enumerate(arrays)}
        np.savez(sample_path(folder, index), **members)
    except OSError as error:
        raise OperationFailed(
            f"the work folder cannot hold sample {index}: {error.strerror or error}", "free some space, or set TMPDIR"
        ) from None


def read_arrays(folder: str, index: int) -> list[NDArray[Any]]:
    """Return the arrays of one sample in order. Raises OperationFailed where they are not there or damaged."""
    import zipfile

    import numpy as np

    try:
        with np.load(sample_path(folder, index), allow_pickle=False) as archive:
            return [_native(archive[str(place)]) for place in range(len(archive.files))]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise OperationFailed(f"sample {index} of the work folder is missing or damaged", "run it again") from None


def write_feed(folder: str, index: int, arrays: Sequence[NDArray[Any]]) -> None:
    """Write one feed: the arrays of all inputs in the order of InputSet.names."""
    write_arrays(folder, index, arrays)


def read_feed(inputs: InputSet, index: int) -> dict[str, NDArray[Any]]:
    """Return one feed by input name, as a session takes it. Raises OperationFailed."""
    arrays = read_arrays(inputs.folder, index)
    if len(arrays) != len(inputs.names):
        raise OperationFailed(f"sample {index} holds {len(arrays)} inputs of {len(inputs.names)}", "run it again")
    return dict(zip(inputs.names, arrays, strict=True))


def bytes_of(folder: str, index: int) -> int:
    """Return the bytes one sample takes on disk, 0 where it is not there."""
    try:
        return sample_path(folder, index).stat().st_size
    except OSError:
        return 0


def _storable(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array as one that is stored without pickling."""
    import numpy as np

    array = np.asarray(array)
    return array.astype(np.str_) if array.dtype == object else array


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """Return text as the objects that a session takes, anything else as it is."""
    return array.astype(object) if array.dtype.kind in "US" else array
