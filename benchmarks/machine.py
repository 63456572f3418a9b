"""The machine and the versions that a benchmark ran on, as one paragraph. Imports no torch."""

import datetime
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from geed_cli.images.prefetch import usable_cores

CPUINFO = Path("/proc/cpuinfo")
PACKAGES = ("torch", "timm", "torchvision", "numpy", "pillow")


def describe_machine() -> str:
    """CPU, cores, memory, GPU where there is one, versions, date and commit."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    hardware = f"{cpu_model()}, {usable_cores()} of {os.cpu_count()} cores usable, {memory_gib():.0f} GiB"
    parts = [
        hardware,
        *gpus(),
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
    ]
    return f"{'; '.join(parts)}; {packages}; {datetime.date.today().isoformat()}, commit {commit()}."


def cpu_model() -> str:
    """The CPU's name as the system gives it."""
    if CPUINFO.exists():
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def memory_gib() -> float:
    """The machine's memory; a container may be allowed less."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


def gpus() -> list[str]:
    """The names of NVIDIA GPUs."""
    command = shutil.which("nvidia-smi")
    return _said(command, "--query-gpu=name", "--format=csv,noheader").splitlines() if command else []


def commit() -> str:
    """The commit of the code, marked where files differ from it."""
    git = shutil.which("git")
    here = str(Path(__file__).parent)
    name = _said(git, "-C", here, "rev-parse", "--short", "HEAD").strip() if git else ""
    changed = _said(git, "-C", here, "status", "--porcelain", "--untracked-files=no") if git else ""
    return (name or "unknown") + (" with changes" if changed else "")


def peak_mib() -> float:
    """The largest memory that this process has had resident so far.

    A child inherits the figure of the process that started it, so only children of a small process measure themselves.
    """
    import resource  # noqa: PLC0415 - absent on Windows, where everything else here works

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # bytes there, KiB elsewhere


def _said(*command: str | None) -> str:
    """What a command prints; empty where it fails."""
    words = [word for word in command if word is not None]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout
