"""Prints docs/cli.md, the help text of every command: ``python -m benchmarks.cli_page > docs/cli.md``."""

from collections.abc import Iterator

from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from geed_cli.cli.app import app

HEADING = """# Every command and its options

Each block below is what `geed COMMAND --help` prints, word for word; a test compares them. After a change of an option,
`python -m benchmarks.cli_page > docs/cli.md` writes this page anew. [index.md](index.md) says which page explains a
command."""


def commands() -> Iterator[str]:
    """The commands as they are typed, such as ``audit`` and ``cache list``, in the order of their names."""
    for name, command in _inside(get_command(app)):
        yield from [f"{name} {part}" for part, _ in _inside(command)] or [name]


def _inside(command: object) -> list[tuple[str, object]]:
    """The named commands of a group, none of a command that is no group."""
    return sorted(command.commands.items()) if isinstance(command, TyperGroup) else []


def help_text(command: str) -> str:
    """What a command's ``--help`` prints at 100 columns, without trailing blanks."""
    done = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "100"}, prog_name="geed")
    if done.exit_code:
        raise RuntimeError(f"geed {command} --help: {done.output}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")


def page() -> str:
    """The whole page."""
    blocks = [f"## geed {name}\n\n```text\n{help_text(name)}\n```\n" for name in commands()]
    return "\n".join([HEADING + "\n", *blocks])


if __name__ == "__main__":
    print(page(), end="")
