"""What people and programs see of a run and of the checkpoint: pure renderers, and the progress bar."""
