"""The command ``geed``, also as ``python -m geed_cli``."""

from geed_cli.cli.app import app


def main() -> None:
    """Run the command line; does not return."""
    app(prog_name="geed")


if __name__ == "__main__":
    main()
