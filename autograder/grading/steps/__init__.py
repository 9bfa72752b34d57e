"""The steps that `nbgrader_config.py` puts into nbgrader."""
