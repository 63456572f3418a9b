"""Pictures that lie in no folder: lists of files, Pillow's images, arrays, tensors, data sets and their loaders.

``prepared.images_of`` makes an ``ImageSet`` of any of them.
"""
