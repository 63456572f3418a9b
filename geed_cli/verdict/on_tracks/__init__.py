"""What changes the reading of a track: networks that stop to react, layers like another image's, inputs in part."""
