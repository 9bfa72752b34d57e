"""What notebooks use: training with a progress bar, saving models, plots, counts of words."""
