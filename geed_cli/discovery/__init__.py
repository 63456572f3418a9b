"""Hidden actions: how a layer transforms when nobody said how G acts on its channels. docs/discovery.md explains.

``discover`` streams images through ``permutation`` or ``linear`` (with ``regression``) and ``scores``; ``defect`` asks
whether the found maps compose as G does, ``explained`` how much they explain, ``conclusion`` says it in words.
"""
