"""Sampling grids: where the pixels of hidden maps sit in the picture, and which groups map them onto themselves."""
