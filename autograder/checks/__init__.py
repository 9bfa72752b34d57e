"""The student's side: draw inputs, run probes, compare with the key, say what is wrong.

Nothing here knows how assignments are written or graded.
"""
