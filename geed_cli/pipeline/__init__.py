"""What a command does, without a terminal: model + folder + groups → result. The Python API stands here."""
