"""Repair: a submission's own cells, put back into the shape of the released notebook."""
