"""Where an exception came from that code of the user's raised, told from its traceback without importing anything."""

import sys
import traceback
from pathlib import Path

LIBRARIES = frozenset(
    {
        *("PIL", "click", "huggingface_hub", "numpy", "pydantic", "regex", "rich", "safetensors", "scipy"),
        *("timm", "torch", "torchvision", "typer", "yaml"),
    }
)
"""What this program is built on, by the names of its packages."""


def users_line(error: BaseException) -> str | None:
    """``nets.py, line 12``: the last line of code that this program called and that is not its own or a library's.

    None where all that it called is.
    """
    called: list[tuple[str, str, int]] = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        called.append((package, frame.f_code.co_filename, line))
        if package == __package__.partition(".")[0]:
            called.clear()
    known = LIBRARIES | sys.stdlib_module_names
    own = [(path, line) for package, path, line in called if package not in known]
    return f"{Path(own[-1][0]).name}, line {own[-1][1]}" if own else None
