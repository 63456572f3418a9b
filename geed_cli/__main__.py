"""The command ``geed``, also as ``python -m geed_cli``."""

import io
import sys

from geed_cli.cli.app import app


def main() -> None:
    """Run the command line; does not return."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a terminal that cannot show a sign shows "?"; it is no reason to fail
            stream.reconfigure(errors="replace")
    app(prog_name="geed")


if __name__ == "__main__":
    main()
