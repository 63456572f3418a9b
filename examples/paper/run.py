"""Run a section of the paper: every command that is not done yet, and then the verdicts.

    python -m examples.paper.run 4.1 --data DIR --out DIR

A run that was stopped goes on where it ended. ``--dry-run`` prints the commands, as they can be typed.
"""

import argparse
import csv
import importlib
from collections.abc import Iterable
from pathlib import Path

from examples.paper.claims import Claim
from examples.paper.settings import SCALES
from examples.paper.step import Place, Step

SECTIONS = ("4.1", "4.2", "4.3", "4.4")


def steps(section: str, place: Place) -> Iterable[Step]:
    """Every command of a section, in order; later ones may depend on what earlier ones found."""
    made: Iterable[Step] = importlib.import_module(module(section)).steps(place)
    return made


def claims(section: str, place: Place) -> list[Claim]:
    """The verdicts, once the commands have run."""
    judged: list[Claim] = importlib.import_module(f"{module(section)}_claims").claims(place)
    return judged


def module(section: str) -> str:
    """The module that knows a section."""
    return f"examples.paper.section_{section.replace('.', '_')}"


def save(found: list[Claim], file: Path) -> None:
    """As CSV, a row for each claim."""
    with file.open("w", newline="") as to:
        rows = csv.writer(to)
        rows.writerow(Claim.__dataclass_fields__)
        rows.writerows([c.number, c.finding, c.ours, c.verdict, c.elsewhere] for c in found)


def main() -> None:
    """``python -m examples.paper.run SECTION``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("section", choices=SECTIONS)
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST and the other sources")
    parser.add_argument(
        "--out", type=Path, default=Path("paper_runs"), help="folder for everything that is made"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the commands")
    given = parser.parse_args()
    place = Place(given.data, given.out, given.scale)
    for step in steps(given.section, place):
        if given.dry_run:
            print(step.line)
        else:
            step.run()
    if not given.dry_run:
        found = claims(given.section, place)
        save(found, given.out / given.section / "claims.csv")
        for claim in found:
            print(f"{claim.number} {claim.verdict}: {claim.finding}. {claim.ours}")


if __name__ == "__main__":
    main()
