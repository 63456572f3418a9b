"""Audits in parts on the command line: which part, its options, and ``geed merge``."""
