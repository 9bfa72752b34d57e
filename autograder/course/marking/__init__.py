"""Grading by question: one written answer of the whole class at a time, on a local page."""
