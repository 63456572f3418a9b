"""The wheel, installed into an empty environment, brings its specs and pictures along; the sdist brings everything."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from benchmarks.package_readme import outside

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as for a release, without a network."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.glob("*.whl")
    return built


def test_contents(wheel: Path) -> None:
    """Specs, pictures, licences and the typing marker; no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    specs = {path.name for path in (ROOT / "model_specs").glob("*.yaml")}
    assert {f"geed_cli/model_specs/{name}" for name in specs} <= names
    assert sum(name.startswith("geed_cli/images/sample/pictures/") for name in names) == 40
    assert {"geed_cli/py.typed", "geed_cli/images/sample/LICENSES.md"} <= names
    assert not any(name.startswith("tests/") for name in names)


def test_its_description_reads_outside_of_the_repository(wheel: Path) -> None:
    """As package indexes show it: the README without links and pictures that lead nowhere there."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("/METADATA"))
        _, _, description = archive.read(name).decode("utf-8").partition("\n\n")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert description.strip() == outside(readme, "geed-cli").strip()


@pytest.mark.heavy
def test_an_installed_wheel_finds_specs_and_sample(wheel: Path, tmp_path: Path) -> None:
    """A new environment that holds this wheel; its dependencies are lent from the one that runs the tests."""
    builder = venv.EnvBuilder()
    builder.create(tmp_path / "env")
    python = builder.ensure_directories(tmp_path / "env").env_exe  # bin/python; Scripts/python.exe on Windows
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.check_output([python, "-c", ask], text=True).strip())
    zipfile.ZipFile(wheel).extractall(site)
    # a .pth line adds the folder but runs none of its own .pth files, so an editable install is not lent
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    code = (
        "import geed_cli\n"
        "from geed_cli.models.spec_files import spec_paths\n"
        "from geed_cli.images.source import sample_folder\n"
        "print(geed_cli.__file__); print(len(spec_paths())); print(len(list(sample_folder().iterdir())))"
    )
    # Python does not start on Windows without this one
    env = {name: value for name, value in os.environ.items() if name.upper() == "SYSTEMROOT"}
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True, env=env
    )
    where, specs, pictures = done.stdout.splitlines()
    assert where.startswith(str(site))
    assert (int(specs), int(pictures)) == (len(list((ROOT / "model_specs").glob("*.yaml"))), 40)


@pytest.mark.heavy
def test_the_sdist_has_all_that_git_has(tmp_path: Path) -> None:
    """Its own tests read docs, workflows and saved files; built as for a release, without a network."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no checkout to compare it with")
    command = [
        sys.executable,
        "-m",
        "build",
        "--sdist",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(listed.stdout.rstrip("\0").split("\0")) - names == set()
    assert {"PKG-INFO", "LICENSE"} <= names
    assert not [name for name in names if name.endswith(".so")]
