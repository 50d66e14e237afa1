"""Its presence makes the modules of this folder importable from every test below it."""
