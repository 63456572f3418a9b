"""What ``geed explain`` says of words that belong to no object of their own, a file for each kind of word."""
