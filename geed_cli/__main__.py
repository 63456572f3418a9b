"""The command ``geed``, also as ``python -m geed_cli``."""

import io
import os
import sys
from pathlib import Path

from geed_cli.cli.app import app


def main() -> None:
    """Run the command line; does not return."""
    # a stream that the caller closed, as geed … >&-, is none at all
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a terminal that cannot show a sign shows "?"; it is no reason to fail
            stream.reconfigure(errors="replace")
    app(prog_name="geed")


if __name__ == "__main__":
    main()
