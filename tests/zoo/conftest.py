"""The program as a fixture."""

from support.command import geed

__all__ = ["geed"]
