"""What to type for a file that holds more than weights, so that its weights alone remain: commands for a shell.

Each writes weights.pt into the current folder. They run the file's own code, and say so. Imports no torch.
"""

import builtins
import shlex
from importlib.util import find_spec
from pathlib import Path

IF_TRUSTED = "if you trust the file, save its weights alone: "
THEN = ", and give weights.pt"
TARGET = "weights.pt"
SAFETENSORS = ".safetensors"
READ_BY_SHELLS = frozenset('"$`\\!')
"""Characters that mean something to a shell between double quotes."""


def from_script(path: Path) -> str:
    """The remedy for a TorchScript archive."""
    return (
        f"{IF_TRUSTED}{_python(f'torch.save(torch.jit.load({str(path)!r}).state_dict(), {TARGET!r})')}{THEN}"
    )


def from_exported(path: Path) -> str:
    """The remedy for an exported program."""
    code = f"torch.save(dict(torch.export.load({str(path)!r}).state_dict), {TARGET!r})"
    return f"{IF_TRUSTED}{_python(code)}{THEN}"


def without_objects(name: str, path: Path, *, allowed: bool = False) -> str:
    """The remedy for a pickle that asks to import something.

    Whole modules become their state dicts, and entries without tensors are left out, whatever the entries are called.

    Args:
        name: dotted, what the file asks for.
        path: the file.
        allowed: whether --allow-pickle was given and did not help.
    """
    package = name.partition(".")[0]
    code = _keep_tensors(path)
    if package == "__main__":
        return (
            f"{name.rpartition('.')[2]} lives in the script that wrote the file, which nothing else can import. "
            f"If you trust the file, run this at the end of that script: import torch; {code}{THEN}"
        )
    if not hasattr(builtins, name) and not _installed(package):
        return (
            f"there is no package {package} here. Where it is installed, and if you trust the file: "
            f"{_python(code)}{THEN}"
        )
    saving = f"{IF_TRUSTED}{_python(code)}{THEN}"
    return saving if allowed else f"{saving}; or --allow-pickle, which lets the file run its code"


def _keep_tensors(path: Path) -> str:
    load = f"x = torch.load({str(path)!r}, 'cpu', weights_only=False); "
    if path.suffix == SAFETENSORS:  # by its name torch would read it as that
        load = f"f = open({str(path)!r}, 'rb'); x = torch.load(f, 'cpu', weights_only=False); f.close(); "
    return (
        f"{load}"
        "x = {'state_dict': x} if hasattr(x, 'state_dict') else x; "
        "x = {k: v.state_dict() if hasattr(v, 'state_dict') else v for k, v in x.items()}; "
        "torch.save({k: v for k, v in x.items() if torch.is_tensor(v) or isinstance(v, dict) "
        f"and any(map(torch.is_tensor, v.values()))}}, {TARGET!r})"
    )


def _python(code: str) -> str:
    code = f"import torch; {code}"
    return f"python -c {shlex.quote(code)}" if READ_BY_SHELLS & set(code) else f'python -c "{code}"'


def _installed(package: str) -> bool:
    """Whether a package of this name can be found; it is not imported."""
    try:
        return package.isidentifier() and find_spec(package) is not None
    except ValueError:  # a module without a spec
        return False
