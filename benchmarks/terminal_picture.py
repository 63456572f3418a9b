"""Draws docs/figures/terminal.svg, the first audit in a terminal: ``python -m benchmarks.terminal_picture``."""

import io
import re
from pathlib import Path

from rich.console import Console

from geed_cli import audit
from geed_cli.choices import View
from geed_cli.cli.app import EXAMPLE
from geed_cli.report.audit_page import print_result

TARGET = Path(__file__).resolve().parents[1] / "docs" / "figures" / "terminal.svg"


def picture() -> str:
    """The page of the first audit at 100 columns, in colour, without a font that is fetched from elsewhere."""
    words = EXAMPLE.split()
    result = audit(words[2], groups=words[4], cache=False)
    console = Console(
        record=True, width=100, force_terminal=True, file=io.StringIO(), highlight=False, markup=False
    )
    print_result(result, console, View())
    drawn = console.export_svg(title=EXAMPLE, unique_id="geed")
    local = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return (
        "\n".join(line.rstrip() for line in local.replace("Fira Code, monospace", "monospace").splitlines())
        + "\n"
    )


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
    print(f"wrote {TARGET}")
