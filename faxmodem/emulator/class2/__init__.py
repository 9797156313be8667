"""A DCE of the service classes 2, 2.0 and 2.1: it runs T.30 itself, and gives and takes pages."""
