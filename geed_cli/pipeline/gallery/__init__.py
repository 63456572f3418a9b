"""Galleries: pictures of a result under every element, with thumbnails, top classes and where a layer disagrees."""
