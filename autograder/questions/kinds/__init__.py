"""Kinds of questions; each makes drafts of what was explored."""
