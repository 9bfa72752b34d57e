# %% [markdown]
# # Softmax
#
# The whole source format in one small file: text, a solution with its hole, its check, training,
# something to look at, a written answer. How the check judges stands in `checks.py` beside it.
#
# {points}

# %%
import torch

from autograder import check, summary


# %% solution="softmax"
def softmax(x: torch.Tensor) -> torch.Tensor:
    """Normalise `x` (…, n) over its last axis; large numbers must not overflow."""
    ### BEGIN SOLUTION
    e = (x - x.max(-1, keepdim=True).values).exp()  # (…, n)
    return e / e.sum(-1, keepdim=True)
    ### END SOLUTION


# %% check="softmax" points=3
check("softmax", softmax)

# %% train
print(softmax(torch.zeros(4)))

# %% look
flat = softmax(torch.ones(5))
print("uniform:", flat)

# %% [markdown] answer="why_shift" points=2 words=40
# Model answer: softmax(x) = softmax(x − c); with c = max x no exponent is positive.
#
# Marking: 1 point for the invariance, 1 for the overflow.

# %% [markdown]
# {ai_tools}

# %%
summary()
