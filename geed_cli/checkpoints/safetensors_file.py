"""Reading of safetensors files, with their header capped before it is parsed.

The format is 8 bytes of header length N (little-endian), N bytes of JSON, then the data. The library checks
that tensors neither overlap nor leave holes; it would parse a header of 100 MB, which takes seconds and
gigabytes.
"""

import struct
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from geed_cli.checkpoints.formats import shown
from geed_cli.checkpoints.reader.archive import SAVE_AGAIN, SAVE_WEIGHTS_ALONE
from geed_cli.checkpoints.reader.resource_limits import MOST_TENSORS
from geed_cli.errors import InputError

LENGTH_BYTES = 8
LARGEST_HEADER = 25_000_000
"""100,000 tensors at 250 bytes each; the largest public image models need under 1 MB."""


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU, by name, in an order that is the format's and not the network's.

    Raises:
        InputError: the header is too large or holds too many tensors, or the file is truncated or altered.
    """
    check_header(path)
    try:
        return load_file(path, device="cpu")
    except (SafetensorError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(f"its header and its contents do not fit ({shown(str(error))})") from error


def check_header(path: Path) -> None:
    """Refuse a header that is too large, lists too many tensors, or is longer than its file, with an ``InputError``."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(LENGTH_BYTES)
        if len(head) < LENGTH_BYTES:
            raise _damaged(f"it has {len(head)} bytes, fewer than the length of its header takes")
        (length,) = struct.unpack("<Q", head)
        if length > LARGEST_HEADER:
            raise _too_large(
                f"the safetensors header claims {length} bytes", f"at most {LARGEST_HEADER} bytes"
            )
        if LENGTH_BYTES + length > size:
            raise _damaged(f"its header claims {length} bytes and the file has {size}")
        # Every tensor needs a brace of its own; two more belong to the header itself and its metadata.
        tensors = file.read(length).count(b"{") - 2
    if tensors > MOST_TENSORS:
        raise _too_large(
            f"the safetensors header lists about {tensors} tensors", f"at most {MOST_TENSORS} tensors"
        )


def _too_large(found: str, expected: str) -> InputError:
    return InputError(found, expected=expected, remedy=SAVE_WEIGHTS_ALONE)


def _damaged(found: str) -> InputError:
    return InputError(
        f"the safetensors file is truncated or damaged: {found}",
        expected="a complete file as safetensors wrote it",
        remedy=SAVE_AGAIN,
    )
