"""Tests of geed_cli.images."""
