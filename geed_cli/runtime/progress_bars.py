"""tqdm's choice of a progress bar, made before huggingface_hub makes it, without the warning that it begins with.

In a notebook's kernel without ipywidgets the bars are text, which needs no remark below the first audit.
"""

import contextlib
import importlib
import warnings

with warnings.catch_warnings(), contextlib.suppress(ImportError):
    warnings.filterwarnings("ignore", message="IProgress not found")
    importlib.import_module("tqdm.auto")  # huggingface_hub, which brings it along, then gets what is there
