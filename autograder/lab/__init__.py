"""What notebooks use besides checks: training with a progress bar, plots, counts of words."""
