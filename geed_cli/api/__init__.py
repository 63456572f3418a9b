"""The face of Python: ``wrap``, ``audit``, ``compare``, ``check``, ``track``, ``plan``; commands call them, too.

Names are exported by ``geed_cli`` itself, which imports them on first use.
"""
