"""Draws results: rich tables for people. Reads ``geed_cli.result`` alone and needs no torch."""
