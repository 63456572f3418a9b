"""What is kept of a section in the repository: figures, their values, the verdicts, and what was audited.

    python -m examples.paper.collect 4.1 --out runs/ --to examples/paper/results

``audited.csv`` has a row for every checkpoint of every track and sweep: hashes of its weights and of the pictures, the
seed of their draw, and the signature, which says what two results share that can be compared.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COLUMNS = ("file", "checkpoint", "weights_sha256", "pictures", "pictures_sha256", "seed", "signature")


def audited(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The results of a section, each with the file that holds it."""
    for file in sorted(folder.rglob("*.json")):
        held = json.loads(file.read_text(encoding="utf-8"))
        if "records" in held:
            yield from ((str(file.relative_to(folder)), record["result"]) for record in held["records"])
        elif str(held.get("schema", "")).startswith("geed.result/"):
            yield str(file.relative_to(folder)), held


def row(file: str, result: dict[str, Any]) -> tuple[object, ...]:
    """One checkpoint of one file."""
    weights, data = result["model"]["weights"], result["data"]
    checkpoint = "/".join(Path(weights["detail"]).parts[-3:])
    return (
        file,
        checkpoint,
        weights["sha256"],
        data["count"],
        data["sha256"],
        data["seed"],
        result["signature"],
    )


def collect(folder: Path, to: Path) -> None:
    """Copy figures and CSV files of a section, and write ``audited.csv``."""
    to.mkdir(parents=True, exist_ok=True)
    for suffix in ("*.svg", "*.csv"):
        for file in sorted(folder.glob(suffix)):
            shutil.copy(file, to / file.name)
    with (to / "audited.csv").open("w", newline="", encoding="utf-8") as written:
        rows = csv.writer(written)
        rows.writerow(COLUMNS)
        rows.writerows(row(file, result) for file, result in audited(folder))


def main() -> None:
    """``python -m examples.paper.collect SECTION``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("section")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the runs")
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    collect(given.out / given.section, given.to / given.section)


if __name__ == "__main__":
    main()
