"""`python -m Testing.screenshots FOLDER [CT]`: the module's eight steps by mouse, a picture of each."""
