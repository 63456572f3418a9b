"""What each command does, apart from how it is typed; only here does the command line import torch and rich."""
