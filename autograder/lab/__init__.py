"""What notebooks use besides checks: training with a progress bar, and plots."""
