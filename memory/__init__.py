"""What happened and what was made: the log, its folds, assets, recall, and the live feed."""
