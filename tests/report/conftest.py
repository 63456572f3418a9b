"""The command line, with which what Python shows is compared."""

from support.command import geed

__all__ = ["geed"]
