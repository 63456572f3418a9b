"""A model hub and a file server on this machine, which offer generated weights by the names of published ones."""

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from huggingface_hub import close_session, constants
from safetensors.torch import save_file
from torch import nn

COMMIT = "0123456789abcdef0123456789abcdef01234567"


RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
"""How the hub's client asks for a file: repository, revision, file."""
Revisions = Mapping[str, tuple[str, Path]]
"""What a revision of a repository means: a commit, and the folder that it holds."""


class Host(ThreadingHTTPServer):
    """Serves files by their paths; ``asked`` has every request for one, ``HEAD /path`` or ``GET /path``.

    Repositories answer as the hub does: unknown ones, revisions and files by its codes, weights by a link to where they
    lie. Of files in ``cut`` only half is sent before the connection ends.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Path] = {}
        self.asked: list[str] = []
        self.repositories: dict[str, Revisions] = {}
        self.cut: set[str] = set()

    def offer(self, repository: str, revisions: Revisions) -> None:
        """Offer a repository; every commit is a revision, too."""
        commits = {commit: (commit, folder) for commit, folder in revisions.values()}
        self.repositories[repository] = {**revisions, **commits}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that gave up is no news."""


class Handler(BaseHTTPRequestHandler):
    server: Host

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        file = self.answer()
        if file is not None:
            content = file.read_bytes()
            cut = file.name in self.server.cut
            self.wfile.write(content[: len(content) // 2] if cut else content)
            self.close_connection = cut

    def answer(self) -> Path | None:
        """Status and headers; those of the hub do not disturb a file server's clients."""
        self.server.asked.append(f"{self.command} {self.path}")
        asked = RESOLVE.fullmatch(self.path)
        if asked and self.path not in self.server.files and self.server.repositories:
            return self.of_repository(*asked.groups())
        file = self.server.files.get(self.path)
        self.send_response(404 if file is None else 200)
        if file is None:
            self.send_header("X-Error-Code", "EntryNotFound")
        else:
            self.send_header("ETag", f'"{hashlib.sha256(file.read_bytes()).hexdigest()}"')
            if not self.path.startswith("/blobs/"):
                self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(0 if file is None else file.stat().st_size))
        self.end_headers()
        return file

    def of_repository(self, repository: str, revision: str, name: str) -> Path | None:
        """One file of a repository at one revision."""
        revisions = self.server.repositories.get(repository, {})
        commit, folder = revisions.get(revision, ("", Path("nowhere")))
        file = folder / name
        code = "EntryNotFound" if commit else "RevisionNotFound" if revisions else "RepoNotFound"
        found = bool(commit) and file.is_file()
        linked = found and file.suffix in (".safetensors", ".bin")
        self.send_response(302 if linked else 200 if found else 404)
        if commit:
            self.send_header("X-Repo-Commit", commit)
        if not found:
            self.send_header("X-Error-Code", code)
        digest = hashlib.sha256(file.read_bytes()).hexdigest() if found else ""
        if linked:  # as large files are: what it is stands here, and it lies on another host
            self.server.files[f"/blobs/{digest}"] = file
            self.send_header("Location", f"http://localhost:{self.server.server_port}/blobs/{digest}")
            self.send_header("X-Linked-Etag", f'"{digest}"')
            self.send_header("X-Linked-Size", str(file.stat().st_size))
        elif found:
            self.send_header("ETag", f'"{digest}"')
        self.send_header("Content-Length", str(file.stat().st_size if found and not linked else 0))
        self.end_headers()
        return file if found and not linked else None

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def loopback(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Host]:
    """A host that stands for every hub, with empty caches of the libraries below ``home``."""
    host = Host()
    thread = threading.Thread(target=host.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    template = host.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    try:
        yield host
    finally:
        host.shutdown()
        thread.join()
        host.server_close()
        close_session()


def generated(module: nn.Module, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of the network's own initialisation, with statistics of normalisations that are not all 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1, generator=generator)  # type: ignore[union-attr]
            layer.running_var.uniform_(0.5, 1.5, generator=generator)  # type: ignore[union-attr]
    return module.state_dict()


def offer_timm(host: Host, name: str, folder: Path) -> Path:
    """Offer weights of a timm network in the hub's repository of its default tag; the file."""
    file = folder / "model.safetensors"
    save_file(generated(timm.create_model(name)), file)
    repository = timm.models.get_pretrained_cfg(name).hf_hub_id
    host.files[f"/{repository}/resolve/main/{file.name}"] = file
    return file


def offer_torchvision(host: Host, name: str, tag: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Offer weights of a torchvision network where its URL leads, under a name that ends in their digest; the file."""
    file = folder / f"{name}.pth"
    torch.save(generated(torchvision.models.get_model(name)), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    path = f"/models/{name}-{digest[:8]}.pth"
    host.files[path] = file
    entry = torchvision.models.get_model_weights(name)[tag]
    monkeypatch.setattr(entry.value, "url", host.address + path)
    return file
