"""Importing many modules at once without the garbage collector, which would find nothing there.

Where torch is loaded its passes take a tenth of the imports, as long as reading the cache in every run after them, and
half a second at the end of the process.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from geed_cli.runtime.collector import collector_paused


@contextmanager
def uncollected() -> Iterator[None]:
    """Suspend automatic collection in this block, which is to import modules and nothing else.

    What modules leave behind is never searched again where torch is among them: it stays until the process ends. A
    block that finds torch imported already leaves the collector as it was.
    """
    had_torch = "torch" in sys.modules
    with collector_paused():
        try:
            yield
        finally:
            if "torch" in sys.modules and not had_torch:
                gc.freeze()
