"""What goes wrong in a way that a sentence explains."""


class ToldError(Exception):
    """An error whose message is all that a user needs: what is wrong, and what to do."""
