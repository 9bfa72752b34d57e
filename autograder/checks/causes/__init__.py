"""Why an answer is wrong: the library of wrong answers, and kinds that no author has to list."""
