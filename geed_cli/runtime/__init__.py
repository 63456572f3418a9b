"""What concerns the whole process: libraries without torch's compiler, and the memory that networks free."""
