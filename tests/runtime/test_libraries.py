"""timm and torchvision without the compiler, in fresh processes, and the compiler when it is asked for."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import geed_cli

PACKAGE = Path(geed_cli.__file__).parent


IN_CHILDREN = """
import importlib, os, sys, torch

def in_a_child(claim):
    # every child has torch and nothing else of these yet
    if (child := os.fork()) == 0:
        try:
            claim()
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def compiler():
    return [name for name in sys.modules if name.startswith(('torch._dynamo', 'torch._inductor'))]

def absent():
    from geed_cli.runtime.libraries import compiler_absent
    norm, x = torch.nn.BatchNorm2d(2, device='meta').eval(), torch.zeros(1, 2, 4, 4, device='meta')
    with compiler_absent():
        assert norm(x).shape == x.shape
    assert compiler() == [], compiler()
    with compiler_absent():
        norm(x)
        from torch._dynamo.utils import counters
    import torch._dynamo.utils as real
    assert counters is real.counters and real.__file__ is not None
    compiler_itself, asked = sys.modules['torch._dynamo'], []
    disable = compiler_itself.disable
    compiler_itself.disable = lambda *a, **k: asked.append(a) or disable(*a, **k)
    norm(x)
    assert asked

def audited():
    from geed_cli import audit, load_model
    network = load_model('timm:test_resnet', weights='random', img_size=64)
    audit(network, groups='c4', samples=2, cache=False, progress=False)
    assert compiler() == [], compiler()

def imported(name):
    def claim():
        importlib.import_module(name)
        assert compiler() == [], compiler()
    return claim

def used():
    from geed_cli.runtime import libraries
    seen = []
    with libraries.compiler_deferred():
        @torch.compiler.disable
        def left(x):
            seen.append(torch.compiler.is_compiling())
            return x + 1
    with libraries.compiler_deferred():
        from torch._dynamo.utils import counters
    from torchvision.ops.roi_align import is_compile_supported as asked
    y = torch.compile(lambda x: left(2 * x) * 3, backend='eager')(torch.ones(1))
    import torch._dynamo.utils as real
    assert (float(y), seen) == (9.0, [False])
    assert asked('cpu') == real.is_compile_supported('cpu')
    assert counters is real.counters and sys.modules['torch._dynamo.utils'] is real
    assert real.__file__ is not None
    assert torch.compiler.disable.__module__ == 'torch.compiler'
"""
MODULES = ("images.preprocess", "cli.run.comparing")


@pytest.fixture(scope="module")
def children() -> dict[str, int]:
    """The exit code of each claim above, 0 where it holds; what failed is printed."""
    claims = {"audited": "audited", "used": "used", "absent": "absent"} | {
        name: f"imported('geed_cli.{name}')" for name in MODULES
    }
    table = ", ".join(f"{name!r}: {claim}" for name, claim in claims.items())
    code = f"{IN_CHILDREN}\nprint({{name: in_a_child(claim) for name, claim in {{{table}}}.items()}})"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, int] = ast.literal_eval(done.stdout.splitlines()[-1])
    return found


@pytest.mark.heavy
def test_loading_and_auditing_a_network_needs_no_compiler(children: dict[str, int]) -> None:
    """A network is built, looked at and run without torch._dynamo, which takes as long to import as torch itself.

    Its last maps have as many channels as the picture has pixels a side, so that larger pictures are tried.
    """
    assert children["audited"] == 0


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports by its full name, at its top or in a function, if it names either library."""
    text = path.read_text("utf-8")
    if "timm" not in text and "torchvision" not in text:  # most files, which need not be parsed
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def test_one_module_alone_imports_them() -> None:
    """Whatever is imported first, timm and torchvision come through ``libraries``."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(name.partition(".")[0] in {"timm", "torchvision"} for name in imported(path))
    }
    assert found == {"runtime/libraries.py"}


@pytest.mark.heavy
def test_any_module_may_be_imported_first(children: dict[str, int]) -> None:
    """Each alone leaves the compiler out."""
    assert [children[name] for name in MODULES] == [0, 0]


@pytest.mark.heavy
def test_the_compiler_is_there_when_it_is_used(children: dict[str, int]) -> None:
    """What torchvision took asks the real thing, functions marked so are not compiled, and the stand-in has gone.

    A library that takes more from the compiler while it is imported gets the real thing, too.
    """
    assert children["used"] == 0


@pytest.mark.heavy
def test_networks_without_data_run_without_the_compiler(children: dict[str, int]) -> None:
    """Normalisation on the meta device leaves it out; a part of it that is asked for is the real one.

    Once it is there, the operations ask it as they do without geed.
    """
    assert children["absent"] == 0
