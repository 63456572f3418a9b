"""How many images something takes, from a pilot's saved rows: an interval's width, a margin, a policy's rules."""
