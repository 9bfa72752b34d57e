"""Grades and feedback on their way back into learning-management systems."""
