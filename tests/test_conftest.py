"""What tests/conftest.py sets has to be set in time."""

import os
import subprocess
import sys
from pathlib import Path


def test_threads_are_limited_before_torch_is_imported() -> None:
    """Torch reads OMP_NUM_THREADS when it is imported; two processes of two threads each take twice the time."""
    here = Path(__file__).parent
    code = "import sys, conftest; print('torch' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    path = os.pathsep.join([str(here), str(here.parent)])
    environment |= {"PYTHONPATH": path, "PYTEST_XDIST_WORKER": "gw0"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
