"""What notebooks use besides checks: training with a progress bar, saving models, and plots."""
