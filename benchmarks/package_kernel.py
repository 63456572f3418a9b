"""Compiles geed_cli/kernel/map_sums.c while the package is built or installed; pyproject.toml has builds call it.

Without a C compiler, or where it fails, the package is built without the library, which says so in one line and is no
error: maps are then summed by torch. Builds run this by itself, so it imports nothing of this repository.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("geed_cli/kernel/map_sums.c")
LIBRARY = SOURCE.with_name("libmap_sums.so")
FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=off", "-Wno-psabi")
"""Without contraction a product and a sum are rounded one after the other everywhere, so that digits are the same."""
COMPILERS = ("cc", "gcc", "clang")
DIGITS = 16
"""Of the source's SHA-256 that the library keeps, so that it is not used for another source."""
LONGEST_S = 300


class KernelHook(BuildHookInterface[Any]):
    """Beside its source for an editable installation, into the wheel for any other."""

    PLUGIN_NAME = "custom"
    _folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name the platform of a wheel that has the library."""
        root = Path(self.root)
        if version == "editable":
            problem = compiled(root / SOURCE, root / LIBRARY)
        else:
            self._folder = Path(tempfile.mkdtemp(prefix="geed-kernel-"))
            library = self._folder / LIBRARY.name
            problem = compiled(root / SOURCE, library)
            if problem is None:
                build_data["force_include"][str(library)] = LIBRARY.as_posix()
                build_data["pure_python"] = False
                build_data["tag"] = f"py3-none-{platform_tag()}"
        if problem is not None:
            sys.stderr.write(f"geed: no kernel for sums over maps, torch makes them: {problem}\n")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatch's
        """Remove what was compiled for a wheel."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def compiled(
    source: Path, library: Path, environment: Mapping[str, str] = os.environ, flags: Sequence[str] = FLAGS
) -> str | None:
    """Compile a source into a library, in whose place nothing is left where that fails; why it failed, or None."""
    command = compiler(environment)
    made_from = hashlib.sha256(source.read_bytes()).hexdigest()[:DIGITS]
    partial = library.with_name(f"{library.name}.{os.getpid()}")
    words = [*flags, f'-DMAP_SUMS_SOURCE="{made_from}"', str(source), "-o", str(partial)]
    try:
        library.unlink(missing_ok=True)
        if command is None:
            return f"no C compiler (CC, {', '.join(COMPILERS)})"
        done = subprocess.run(
            [*command, *words],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=LONGEST_S,
        )
        if done.returncode == 0:
            partial.replace(library)
            return None
        said = " ".join(done.stderr.split())[:300]
        return f"{shlex.join(command)} ended with exit code {done.returncode}: {said or 'it said nothing'}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{shlex.join(command or COMPILERS)} failed: {error}"
    finally:
        partial.unlink(missing_ok=True)


def compiler(environment: Mapping[str, str]) -> list[str] | None:
    """The words that start the C compiler: those of CC, else the first that is on the path."""
    if environment.get("CC"):
        return shlex.split(environment["CC"])
    path = environment.get("PATH", "")
    found = (shutil.which(name, path=path) for name in COMPILERS)
    return next(([name] for name in found if name), None)


def platform_tag() -> str:
    """The platform of this Python, as a wheel's name has it; which manylinux that is, auditwheel finds out."""
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
