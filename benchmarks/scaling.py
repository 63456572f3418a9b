"""Time and memory against images |D|, elements |G| and hooked layers: linear or flat, with figures.

    python -m benchmarks.scaling                     # all of it, with figures in docs/figures
    python -m benchmarks.scaling --quick             # about a minute, figures in a temporary folder
    python -m benchmarks.scaling --append            # also append the table to benchmarks/RESULTS.md

Prints the exponent p of the power law y = a·xᵖ fitted to each series: 1 is linear, 0 is flat.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.scaling_figures import save_figures
from benchmarks.scaling_fit import lines_of
from benchmarks.scaling_series import QUICK, Amounts, Series, against_elements, against_images, against_layers
from benchmarks.speed.pictures import write_small
from benchmarks.table import Line, append_results, table

FIGURES = Path(__file__).parent.parent / "docs" / "figures"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, draw, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a run of about a minute")
    parser.add_argument("--figures", type=Path, help="folder of the figures")
    parser.add_argument("--append", action="store_true", help="append the table to benchmarks/RESULTS.md")
    asked = parser.parse_args(arguments)
    amounts = QUICK if asked.quick else Amounts()
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        figures = asked.figures or (folder if asked.quick else FIGURES)
        figures.mkdir(parents=True, exist_ok=True)  # now: the figures come last
        pictures = write_small(folder / "pictures", max(amounts.images))
        lines = measure(amounts, pictures, figures)
    sys.stdout.write(f"{machine}\n\n{table(lines)}\n")
    if asked.append:
        append_results("Scaling", f"`python -m benchmarks.scaling` on {machine}", lines)


def measure(amounts: Amounts, pictures: Path, figures: Path) -> list[Line]:
    """All series, one after another, with their figures."""
    images = told(against_images(amounts, pictures))
    elements = [told(against_elements(amounts, dihedral=dihedral)) for dihedral in (False, True)]
    layers = told(against_layers(amounts))
    save_figures(images, elements, layers, figures)
    return [line for series in (images, *elements, layers) for line in lines_of(series)]


def told(series: Series) -> Series:
    """The same, after its lines were printed on stderr: a full run takes a while."""
    for line in lines_of(series):
        sys.stderr.write(f"{line.markdown}\n")
    return series


if __name__ == "__main__":
    main()
