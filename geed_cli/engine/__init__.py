"""From images to rows: one row an image, with every deviation of that image and what its normalisers need.

``plan`` says what is measured, ``hooks`` read activations, ``batches`` shows the network its views, ``layerwise`` and
``vectors`` reduce, ``engine`` runs one network on one device, ``workers`` share the images among devices, ``assemble``
makes rows of what was seen.
"""
