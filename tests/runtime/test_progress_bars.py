"""In a notebook's kernel without ipywidgets: no remark on progress bars below the first audit."""

import subprocess
import sys

import pytest

AS_IN_A_KERNEL = """
import sys, types, warnings
sys.modules['ipywidgets'] = None
sys.modules['ipykernel.zmqshell'] = types.ModuleType('ipykernel.zmqshell')
shell = types.SimpleNamespace(config={'IPKernelApp': {}})
sys.modules['IPython'] = types.SimpleNamespace(get_ipython=lambda: shell)
before = list(warnings.filters)
"""
OURS = "import geed_cli.runtime.progress_bars\nassert list(warnings.filters) == before\n"


@pytest.mark.parametrize(("ours", "warned"), [(OURS, False), ("", True)])
def test_tqdm_chooses_without_a_warning(ours: str, warned: bool) -> None:
    """Whoever imports it afterwards is not told, either; without ours tqdm does warn here."""
    code = f"{AS_IN_A_KERNEL}{ours}from tqdm.auto import tqdm"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("IProgress not found" in done.stderr) == warned
