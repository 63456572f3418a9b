"""The command line: one module a command, each importing what it does (``cli.run``) only when it runs.

stdout carries results; progress, notes and errors go to stderr. Exit codes: 0 done, 1 a gate failed, 2 bad usage or
input, 3 could not run, 130 interrupted.
"""
