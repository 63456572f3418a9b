"""Engines make rows: one row an image, with every deviation of that image and what its normalisers need.

``plan`` says what is measured, ``hooks`` read activations, ``batches`` shows the network its views, ``layers`` and
``vectors`` reduce, ``assemble`` makes rows, ``engine`` runs it all in this process. An engine only decides where rows
are made.
"""
