"""What notebooks use besides checks: training, saving, plots, counts of words, handing in."""
