"""Ray, imported on request and told to keep to itself.

Ray reads its environment when it is imported and hands it on to its processes. A cluster of this machine alone listens
on the loopback address, under a secret of its own that is in no file, reports nothing to anybody, and keeps bounded
logs in a folder that goes when it does.
"""

import importlib.util
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from geed_cli.runtime.extras import require_extra

LOG_BYTES, LOG_FILES = 1 << 20, 2
"""Of each process of a cluster so much is kept of what it writes, and so many files."""
START_S = 300
"""So long the parts of a cluster wait for each other when it starts; Ray's own quarter of a minute and more are too
little for a busy machine."""
WAITS_MS = ("RAY_agent_register_timeout_ms",)
WAITS_S = (
    "RAY_gcs_rpc_server_connect_timeout_s",
    "RAY_gcs_server_port_wait_time_s",
    "RAY_py_gcs_connect_timeout_s",
    "RAY_raylet_start_wait_time_s",
    "RAY_worker_register_timeout_seconds",
)


def require_ray() -> None:
    """Refuse a cluster where Ray is not there, before anything else is done; it is not imported for that.

    Raises:
        InputError: naming the command that installs it.
    """
    if importlib.util.find_spec("ray") is None:
        require_extra("ray", "ray", "ray", "--engine ray")


@contextmanager
def ray_library(*, local: bool) -> Iterator[Any]:
    """The module ``ray``; within the block the environment is as Ray is to see it.

    Args:
        local: whether a cluster of this machine alone is to be started.

    Raises:
        InputError: it is not installed.
    """
    settings = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ROTATION_MAX_BYTES": str(LOG_BYTES),
        "RAY_ROTATION_BACKUP_COUNT": str(LOG_FILES),
    }
    if local:
        # the words that make Ray keep to the loopback address are those for systems whose firewall asks
        settings |= {
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            **dict.fromkeys(WAITS_MS, str(1_000 * START_S)),
            **dict.fromkeys(WAITS_S, str(START_S)),
        }
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield require_extra("ray", "ray", "ray", "--engine ray")
    finally:  # Ray sets variables of its own, too
        os.environ.clear()
        os.environ.update(before)
