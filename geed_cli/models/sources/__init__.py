"""Where networks come from: one module for each place, what it gives, and how published files are fetched."""

import geed_cli.runtime.progress_bars  # noqa: F401 - before any of them imports huggingface_hub
