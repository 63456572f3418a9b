"""The build hook: with a compiler, without one, and with one that fails, an installation goes on."""

import zipfile
from pathlib import Path

import pytest

from benchmarks.package_kernel import LIBRARY, SOURCE, KernelHook, compiled, compiler, platform_tag
from geed_cli.kernel.library import load

ROOT = Path(__file__).resolve().parents[2]


def built(root: Path, version: str) -> dict[str, object]:
    """What the hook adds to a build."""
    data: dict[str, object] = {"force_include": {}, "pure_python": True}
    hook = KernelHook(str(root), {}, None, None, str(root), "wheel")  # type: ignore[arg-type]
    hook.initialize(version, data)
    return data


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout as far as the hook reads it."""
    (tmp_path / SOURCE).parent.mkdir(parents=True)
    (tmp_path / SOURCE).write_bytes((ROOT / SOURCE).read_bytes())
    return tmp_path


@pytest.mark.usefixtures("library")
def test_with_a_compiler(root: Path) -> None:
    """An editable installation has it beside its source; a wheel inside, and names its platform."""
    assert built(root, "editable")["force_include"] == {}
    assert load(root / LIBRARY, root / SOURCE) is not None
    assert [path.name for path in (root / LIBRARY).parent.iterdir() if ".so" in path.name] == [LIBRARY.name]
    data = built(root, "standard")
    ((path, inside),) = dict(data["force_include"]).items()  # type: ignore[call-overload]
    assert inside == LIBRARY.as_posix()
    assert load(Path(path), root / SOURCE) is not None
    assert (data["pure_python"], data["tag"]) == (False, f"py3-none-{platform_tag()}")


@pytest.mark.parametrize("version", ["editable", "standard"])
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"PATH": "", "CC": ""}, "no C compiler (CC, cc, gcc, clang)"),
        ({"CC": "/nowhere/cc -m64"}, "/nowhere/cc -m64 failed"),
    ],
)
def test_without_a_compiler(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    version: str,
    variables: dict[str, str],
    said: str,
) -> None:
    """One line, nothing left of an earlier library, and a wheel for every platform."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (root / LIBRARY).write_bytes(b"of an earlier source")
    assert built(root, version) == {"force_include": {}, "pure_python": True}
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"torch makes them: {said}" in err
    assert (root / LIBRARY).exists() == (version == "standard")


@pytest.mark.usefixtures("library")
def test_a_source_that_does_not_compile(root: Path) -> None:
    """Says what the compiler says, and leaves nothing behind."""
    (root / SOURCE).write_text("int broken(", "utf-8")
    problem = compiled(root / SOURCE, root / LIBRARY)
    assert problem is not None
    assert "ended with exit code 1" in problem
    assert "error" in problem
    assert [path.name for path in (root / SOURCE).parent.iterdir()] == [SOURCE.name]


def test_cc_goes_before_the_path() -> None:
    assert compiler({"CC": "ccache clang -m64", "PATH": "/usr/bin"}) == ["ccache", "clang", "-m64"]
    assert compiler({"PATH": "/nowhere"}) is None


@pytest.mark.heavy
@pytest.mark.usefixtures("library")
def test_wheels_with_and_without_it(tmp_path: Path) -> None:
    """Built as for a release, without a network: names and contents."""
    import os
    import subprocess
    import sys

    for variables, tag in (({}, platform_tag()), ({"CC": "/nowhere/cc"}, "any")):
        folder = tmp_path / tag
        words = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(ROOT),
        ]
        subprocess.run(words, check=True, capture_output=True, env=os.environ | variables)
        (wheel,) = folder.iterdir()
        assert wheel.name.endswith(f"-py3-none-{tag}.whl")
        names = set(zipfile.ZipFile(wheel).namelist())
        assert (LIBRARY.as_posix() in names) == (tag != "any")
        assert SOURCE.as_posix() in names
