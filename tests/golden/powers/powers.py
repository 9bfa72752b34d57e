# %% [markdown]
# # Powers
#
# Two exercises that have nothing to do with each other: what one of them costs, the other keeps.
#
# {points}

# %%
import torch

from autograder import check, summary

OFFSET = 2.0


# %% solution="square"
def square(x: torch.Tensor) -> torch.Tensor:
    """The square of every element."""
    ### BEGIN SOLUTION
    return x**2
    ### END SOLUTION


# %% check="square" points=2
check("square", square)


# %% solution="cube"
def cube(x: torch.Tensor) -> torch.Tensor:
    """The third power of every element."""
    ### BEGIN SOLUTION
    return x**3
    ### END SOLUTION


# %% check="cube" points=2
check("cube", cube)

# %% [markdown] answer="why" points=1
# Model answer: none.

# %%
summary()
