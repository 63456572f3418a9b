"""Finished rows and small facts, kept on disk between runs: one SQLite file that is never needed and never trusted.

Whatever is wrong with the file, a run goes on without it and says so in a note. What is read back is what was
written, bit for bit, or nothing. This package needs neither torch nor anything of geed but its errors.
"""
