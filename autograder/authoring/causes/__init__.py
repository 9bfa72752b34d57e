"""Making the library of wrong answers: which ones there are, what they do, how they are told."""
