"""timm and torchvision without the compiler, in fresh processes, and the compiler when it is asked for."""

import subprocess
import sys


def last_line(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_loading_a_network_needs_no_compiler() -> None:
    """A network is built and run without torch._dynamo, which takes as long to import as torch itself."""
    code = (
        "import sys\n"
        "from geed_cli import load_model\n"
        "import geed_cli.pipeline.audit\n"
        "load_model('timm:resnet18', weights='random', img_size=64)\n"
        "print([name for name in sys.modules if name.startswith(('torch._dynamo', 'torch._inductor'))])"
    )
    assert last_line(code) == "[]"


def test_the_compiler_is_there_when_it_is_used() -> None:
    """The stand-in has gone, what torchvision took asks the real thing, and functions marked so are not compiled."""
    code = (
        "import torch\n"
        "from geed_cli.models import libraries\n"
        "seen = []\n"
        "with libraries.compiler_deferred():\n"
        "    @torch.compiler.disable\n"
        "    def left(x): seen.append(torch.compiler.is_compiling()); return x + 1\n"
        "from torchvision.ops.roi_align import is_compile_supported as asked\n"
        "y = torch.compile(lambda x: left(2 * x) * 3, backend='eager')(torch.ones(1))\n"
        "import torch._dynamo.utils as real\n"
        "same = asked('cpu') == real.is_compile_supported('cpu')\n"
        "print(float(y), seen, same, real.__file__ is not None, torch.compiler.disable.__module__)"
    )
    assert last_line(code) == "9.0 [False] True True torch.compiler"


def test_other_questions_import_the_compiler_as_usual() -> None:
    """A library that takes more from it while it is imported gets the real thing."""
    code = (
        "import torch, sys\n"
        "from geed_cli.models import libraries\n"
        "with libraries.compiler_deferred():\n"
        "    from torch._dynamo.utils import counters\n"
        "import torch._dynamo.utils as real\n"
        "print(counters is real.counters, sys.modules['torch._dynamo.utils'] is real)"
    )
    assert last_line(code) == "True True"
