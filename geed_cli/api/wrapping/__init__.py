"""What ``wrap`` is told of a module, and what it refuses."""
