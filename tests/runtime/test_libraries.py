"""timm and torchvision without the compiler, in fresh processes, and the compiler when it is asked for."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import geed_cli

PACKAGE = Path(geed_cli.__file__).parent


def last_line(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_loading_and_auditing_a_network_needs_no_compiler() -> None:
    """A network is built, looked at and run without torch._dynamo, which takes as long to import as torch itself."""
    code = (
        "import sys\n"
        "from geed_cli import AuditOptions, audit, load_model\n"
        "network = load_model('timm:test_resnet', weights='random', img_size=32)\n"
        "audit(network, ['c4'], AuditOptions())\n"
        "print([name for name in sys.modules if name.startswith(('torch._dynamo', 'torch._inductor'))])"
    )
    assert last_line(code) == "[]"


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports by its full name, at its top or in a function."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
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


def test_any_module_may_be_imported_first() -> None:
    """Each alone leaves the compiler out; every child of one process has torch and nothing else of these yet."""
    code = (
        "import importlib, os, sys, torch\n"
        "def compiled(name):\n"
        "    if (child := os.fork()) == 0:\n"
        "        try: importlib.import_module(name); os._exit('torch._dynamo' in sys.modules)\n"
        "        except BaseException: os._exit(2)\n"
        "    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "names = 'images.preprocess cli.run.comparing pipeline.audit'.split()\n"
        "print([compiled(f'geed_cli.{name}') for name in names])"
    )
    assert last_line(code) == "[0, 0, 0]"


def test_the_compiler_is_there_when_it_is_used() -> None:
    """What torchvision took asks the real thing, functions marked so are not compiled, and the stand-in has gone.

    A library that takes more from the compiler while it is imported gets the real thing, too.
    """
    code = (
        "import torch, sys\n"
        "from geed_cli.runtime import libraries\n"
        "seen = []\n"
        "with libraries.compiler_deferred():\n"
        "    @torch.compiler.disable\n"
        "    def left(x): seen.append(torch.compiler.is_compiling()); return x + 1\n"
        "with libraries.compiler_deferred():\n"
        "    from torch._dynamo.utils import counters\n"
        "from torchvision.ops.roi_align import is_compile_supported as asked\n"
        "y = torch.compile(lambda x: left(2 * x) * 3, backend='eager')(torch.ones(1))\n"
        "import torch._dynamo.utils as real\n"
        "same = asked('cpu') == real.is_compile_supported('cpu')\n"
        "real_one = counters is real.counters and sys.modules['torch._dynamo.utils'] is real\n"
        "print(float(y), seen, same, real_one, real.__file__ is not None, torch.compiler.disable.__module__)"
    )
    assert last_line(code) == "9.0 [False] True True True torch.compiler"
