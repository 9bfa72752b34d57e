"""The assignment as it runs: its source, its checks, its known answers, and its keys."""
