"""The README as package indexes show it, where paths of the repository lead nowhere; pyproject.toml has builds call it.

It names no address of a repository: what README.md links is named by its path, and is in the source distribution.
Builds run it by itself, so it imports nothing of this repository.
"""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

NOTE = "Files that are named here by a path, such as docs/measures.md, are in the source distribution."
CHECKOUT = "Run this in a checkout of this repository, with Python 3.11 to 3.13."
"""What is not so where the package is installed by its name."""
INSTALLED = "This takes Python 3.11 to 3.13."
_PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n\n", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:)([^)\s]+)\)")


class PackageReadme(MetadataHookInterface):
    """Puts the text into the metadata of the package."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, object]) -> None:
        """Set the key that pyproject.toml calls dynamic."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": outside(text, str(metadata["name"])),
        }


def outside(readme: str, package: str) -> str:
    """README.md without pictures and links into the repository, and with commands that need no checkout."""
    text = _LINK.sub(_named, _PICTURE.sub("", readme)).replace(CHECKOUT, INSTALLED)
    text = re.sub(r'install "\.\[(\w+)\]"', rf'install "{package}[\1]"', text)
    first, heading, rest = text.partition("\n## ")
    return f"{first}\n{NOTE}\n{heading}{rest}"


def _named(link: re.Match[str]) -> str:
    """The path in place of a link; what the link says as well, where that is another thing."""
    said, path = link[1], link[2].partition("#")[0]
    return path if path.endswith(said) else f"{said} ({path})"
