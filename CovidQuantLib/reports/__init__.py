"""Reports: the numbers and pictures of a case as files that a person or a program reads."""
