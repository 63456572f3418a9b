"""Texts that are kept and read by eye: a page as it is printed, compared with its file under ``golden``.

``GEED_GOLDEN=write pytest tests/report tests/verdict`` writes the files anew; read what changed before it is committed.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "report" / "golden"


def assert_golden(text: str, name: str) -> None:
    """The text is that of the file; written there instead where that was asked for."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("GEED_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    assert text == path.read_text("utf-8"), f"{path} differs; GEED_GOLDEN=write shows how"
