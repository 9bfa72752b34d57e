"""Train the text tower that captions are tried with: `python solutions/clip/train_search.py`.

Writes `autograder/tools/emoji_search.safetensors`: the text tower, and the vectors of all pictures,
in half precision. The picture tower is not kept, so that nobody can hand it in.
"""

import random
from pathlib import Path

import torch
from safetensors.torch import save_file

from autograder.assignment.definitions import definitions
from autograder.tools.device import device
from autograder.tools.emoji import emoji, pictures

SOURCE = Path(__file__).with_name("clip.py")
PACKAGED = Path(__file__).parents[2] / "autograder/tools/emoji_search.safetensors"
EPOCHS = 70


def main() -> None:
    lab = definitions(SOURCE.read_text(encoding="utf-8"), SOURCE)
    torch.manual_seed(0)
    random.seed(0)
    model = lab.Clip(width=16, words=64, dim=64)
    model.texts = lab.TextTower(words=64, dim=64, buckets=2048)
    model.to(device())
    lab.train(model, emoji("training"), epochs=EPOCHS)
    print(lab.evaluated(model, emoji("validation")))
    model.cpu()
    with torch.no_grad():
        vectors = torch.cat([model.images(part) for part in pictures(emoji()).split(200)])
    weights = model.texts.state_dict() | {"pictures": vectors}
    save_file({name: tensor.half().contiguous() for name, tensor in weights.items()}, PACKAGED)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
