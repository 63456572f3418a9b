"""The bundled sample: 40 crops of free photographs, 256 × 256, for a first run without a folder of one's own.

They come from ten pictures, so they are a demonstration and not a data distribution. Sources and licences
are in sample/LICENSES.md; benchmarks/make_sample.py makes the files.
"""

from importlib.resources import files
from pathlib import Path


def sample_folder() -> Path:
    """The folder with the sample's 40 JPEG files and nothing else."""
    return Path(str(files("geed_cli.images"))) / "sample" / "pictures"
