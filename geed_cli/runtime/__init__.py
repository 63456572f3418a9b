"""What concerns the whole process: libraries without torch's compiler and remarks of theirs, and freed memory."""
