"""What results amount to, from plain results alone: no torch, no terminal."""
