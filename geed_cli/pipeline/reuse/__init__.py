"""What earlier runs know, so that a run measures only what is new; nothing here is ever needed."""
