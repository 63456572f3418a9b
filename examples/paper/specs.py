"""The specs of a scale: those of ``specs/``, whose networks are of scale small, with the scale's name in its place."""

import argparse
import json
from pathlib import Path

from examples.paper.settings import SCALES
from examples.paper.step import SPECS


def write(scale: str, out: Path) -> None:
    """A file for each spec of ``specs/``."""
    out.mkdir(parents=True, exist_ok=True)
    for spec in sorted(SPECS.glob("*.yaml")):
        (out / spec.name).write_text(spec.read_text().replace("scale: small", f"scale: {scale}"))
    (out / "written.json").write_text(json.dumps({"scale": scale}))


def main() -> None:
    """``python -m examples.paper.specs --scale paper --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    write(given.scale, given.out)


if __name__ == "__main__":
    main()
