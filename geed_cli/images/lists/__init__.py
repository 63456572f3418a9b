"""Lists of pictures in files: ``list_lines`` reads the lines, ``picture_list`` the pictures that they name."""
