"""The class page: how a class did, in one file for instructors, and its numbers as tables."""
