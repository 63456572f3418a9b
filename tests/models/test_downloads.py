"""Published weights: found in the cache, checked by digest, and refused quickly where they cannot be had.

The servers here are real ones on this machine; only their address and the time limits are put in from outside.
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import close_session, constants

from geed_cli.errors import RunError
from geed_cli.models.sources import download
from geed_cli.models.sources.download import hub_file, url_file, within


class Server(ThreadingHTTPServer):
    """Answers every request alike: a status, an ``X-Error-Code``, or nothing at all for a while."""

    status = 404
    error_code = ""
    silent = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.released = threading.Event()

    def handle_error(self, *_: object) -> None:
        """A client that gave up is no news."""

    def stop(self) -> None:
        """Let silent answers go, wait for their threads, close the port."""
        self.released.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.server.silent:
            self.server.released.wait(60)
        self.send_response(self.server.status)
        self.send_header("X-Error-Code", self.server.error_code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the name is http.server's

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A hub on this machine, and empty caches."""
    httpd = Server()
    httpd.daemon_threads = False
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{httpd.server_port}"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield httpd
    httpd.stop()
    close_session()


def hub_refusal() -> RunError:
    with pytest.raises(RunError) as error:
        hub_file("org/name", ["model.safetensors", "pytorch_model.bin"], "timm:some_net")
    assert error.value.exit_code == 3
    return error.value


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (403, "GatedRepo", "the repository is gated: accept its terms"),
        (404, "RepoNotFound", "there is no such repository, or it is private"),
        (404, "RevisionNotFound", "the repository has no such revision"),
        (404, "EntryNotFound", "the repository has no such file"),
        (500, "", "500"),
    ],
)
def test_the_real_cause_is_named(server: Server, status: int, code: str, cause: str) -> None:
    """A gated repository is not reported as one that is missing, and so on."""
    server.status, server.error_code = status, code
    error = hub_refusal()
    assert error.found.startswith("the pretrained weights of timm:some_net could not be downloaded")
    assert "tried:    hf-hub:org/name, file model.safetensors or pytorch_model.bin" in error.found
    assert cause in error.found.splitlines()[2]
    for way_out in (
        "geed audit --checkpoint FILE --arch timm:some_net",
        "HF_HOME",
        "HTTPS_PROXY",
        "--weights random",
    ):
        assert way_out in error.remedy


def test_a_server_that_never_answers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of download give up within the limit, which is half of what a user is promised."""
    assert download.LOOK_SECONDS <= 15
    monkeypatch.setattr(download, "LOOK_SECONDS", 0.5)
    server.silent = True
    assert "no answer within 0.5 seconds" in hub_refusal().found  # while the server would answer in a minute
    with pytest.raises(RunError, match=r"no answer within 0\.5 seconds"):
        url_file(f"http://127.0.0.1:{server.server_port}/a-0123abcd.pth", "torchvision:a")


def test_no_connection(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that nobody listens on: refused at once, without the libraries' half minute of retries."""
    port = server.server_port
    server.stop()

    def no_waiting(seconds: float) -> None:
        raise AssertionError(f"waits {seconds} s for another try")

    monkeypatch.setattr(time, "sleep", no_waiting)
    assert "refused" in hub_refusal().found
    with pytest.raises(RunError, match="refused"):
        url_file(f"http://127.0.0.1:{port}/a-0123abcd.pth", "torchvision:a")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "switched off by HF_HUB_OFFLINE" in hub_refusal().found


def test_cached_files_need_no_network(server: Server, tmp_path: Path) -> None:
    """A snapshot of the hub's cache and a file of torch's cache are found by name."""
    server.stop()
    snapshot = tmp_path / "hub" / "models--org--name" / "snapshots" / "0a"
    snapshot.mkdir(parents=True)
    (snapshot / "pytorch_model.bin").write_bytes(b"x")
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("0a")
    found = hub_file("org/name", ["model.safetensors", "pytorch_model.bin"], "timm:some_net")
    assert (found.path, found.origin) == (
        snapshot / "pytorch_model.bin",
        "hf-hub:org/name@0a/pytorch_model.bin",
    )

    name = f"net-{hashlib.sha256(b'weights').hexdigest()[:8]}.pth"
    cached = tmp_path / "hub" / "checkpoints" / name
    cached.parent.mkdir()
    cached.write_bytes(b"weights")
    assert url_file(f"https://host.invalid/{name}", "torchvision:net").path == cached
    cached.write_bytes(b"other weights")
    with pytest.raises(RunError, match="has the SHA-256") as error:
        url_file(f"https://host.invalid/{name}", "torchvision:net")
    assert "delete" in error.value.remedy


def test_an_impossible_repository_name_is_a_refusal_too(server: Server) -> None:
    """The hub's client raises another kind of error before it asks anybody."""
    del server
    with pytest.raises(RunError, match="could not be downloaded"):
        hub_file("a b/../c", ["config.json"], "hf-hub:a b/../c")


def test_within_hands_over_results_and_errors() -> None:
    """The caller sees what the call returned or raised, as if it had run in its own thread."""
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 seconds"):
        within(0.05, lambda: time.sleep(1))
