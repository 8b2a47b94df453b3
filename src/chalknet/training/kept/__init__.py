"""What a fit keeps on disk: the folder of a run, its files, its checkpoints."""
