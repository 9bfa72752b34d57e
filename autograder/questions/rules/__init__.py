"""Rules by which an expression may be written in other words, with all results the same."""
