"""An S3 on loopback: moto's server, with credentials of its own in the environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from geed_cli.images.remote.file_system import file_system


@contextmanager
def s3_server(patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client that makes buckets and objects there; ``s3://`` leads there until the end of the block."""
    boto3 = pytest.importorskip("boto3", reason="needs the extra integrations")
    moto = pytest.importorskip("moto.server", reason="needs the extra integrations")
    pytest.importorskip("s3fs", reason="needs the extra integrations")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    patch.setenv("AWS_ACCESS_KEY_ID", "someone")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-key")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    file_system.cache_clear()
    try:
        yield boto3.client("s3")
    finally:
        file_system.cache_clear()
        server.stop()
