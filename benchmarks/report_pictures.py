"""Makes docs/figures/report_*.png, parts of a report page in a browser: ``python -m benchmarks.report_pictures``.

Needs the extras ``browser`` and ``demo``, and Chromium on the path. The page is the one that

    geed audit efficientnet_lite0 -g flip -g c4 -g c8 --twin --images 3 -o report.html

writes.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

FIGURES = Path(__file__).parents[1] / "docs" / "figures"
COMMAND = "audit efficientnet_lite0 -g flip -g c4 -g c8 --twin --images 3 -o"
WIDTH = 1280
SHOTS = {
    "answer": (0.0, "header, #answer"),
    "numbers": (0.0, "#numbers"),
    "depth": (0.0, "#depth"),
    "elements": (0.0, "#elements"),
    "gallery": (900.0, "#gallery"),
}
"""By part: the height that is kept, 0 for all of it, and the elements that are shown."""
COLOURS = 128


def main() -> None:
    """Audit, and photograph the page."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "report.html"
        subprocess.run([sys.executable, "-m", "geed_cli", *COMMAND.split(), page_file], check=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page: Any = browser.new_page(viewport={"width": WIDTH, "height": 900}, device_scale_factor=1)
        page.goto(page_file.as_uri())
        for part, (most, selector) in SHOTS.items():
            boxes = [page.locator(each.strip()).first.bounding_box() for each in selector.split(",")]
            found = [box for box in boxes if box is not None]
            top = max(min(box["y"] for box in found) - 8, 0)
            height = max(box["y"] + box["height"] for box in found) + 16 - top
            clip = {"x": 0, "y": top, "width": WIDTH, "height": min(height, most or height)}
            shot = page.screenshot(full_page=True, clip=clip)
            picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            picture.save(FIGURES / f"report_{part}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
