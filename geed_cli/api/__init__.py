"""The face of Python: ``wrap``, ``audit``, ``compare``, ``check``, ``track``, ``plan``. Commands call the same functions.

Names are exported by ``geed_cli`` itself, which imports them on first use.
"""
