"""From a folder of untrusted files to square pixel arrays: listing, selecting, decoding, preprocessing.

Every file is either used or refused with a reason, and both are counted; nothing is replaced or skipped
silently. Pixels are uint8 in [0, 255] after resizing and cropping, before normalisation: the arrays that G
acts on.
"""
