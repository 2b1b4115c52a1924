"""CIFAR-10 images, from the binary version's files or from folders of images by class."""

from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3072
PADDING = 4


@dataclass
class Images:
    pixels: Tensor  # uint8 [count, 3, 32, 32]
    labels: Tensor  # int64 [count]

    def __len__(self) -> int:
        return len(self.labels)


def read_images(path: Path) -> Images:
    """A file of records (a label and 3072 pixels, red, green, blue), or a folder with one sub-folder of images for each class."""
    return read_folder(path) if path.is_dir() else read_records(path)


def read_records(path: Path) -> Images:
    data = numpy.fromfile(path, numpy.uint8)
    if len(data) == 0 or len(data) % RECORD != 0:
        raise SystemExit(f"{path}: {len(data)} bytes are no whole number of CIFAR-10 records of {RECORD} bytes")
    records = torch.from_numpy(data).view(-1, RECORD)
    if int(records[:, 0].max()) > 9:
        raise SystemExit(f"{path}: a label above 9; this is no file of the binary version of CIFAR-10")
    return Images(records[:, 1:].reshape(-1, 3, 32, 32).clone(), records[:, 0].long())


def read_folder(path: Path) -> Images:
    files = [(f, label) for label, name in enumerate(CLASSES) for f in sorted((path / name).glob("*.[jp][pn]*g"))]
    if not files:
        raise SystemExit(f"{path}: no images in sub-folders {', '.join(CLASSES)}")
    pixels = numpy.empty((len(files), 32, 32, 3), numpy.uint8)
    for i, (file, _) in enumerate(files):
        pixels[i] = numpy.asarray(Image.open(file).convert("RGB"))
    labels = torch.tensor([label for _, label in files])
    return Images(torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), labels)


def join(parts: list[Images]) -> Images:
    return Images(torch.cat([p.pixels for p in parts]), torch.cat([p.labels for p in parts]))


def as_input(pixels: Tensor) -> Tensor:
    """Pixels in 0..1, in the order of memory that convolutions on a CPU like."""
    return (pixels.float() / 255).contiguous(memory_format=torch.channels_last)


class Augmented:
    """Training images shifted by up to 4 pixels (padded with black) and mirrored, both at random."""

    def __init__(self, images: Images) -> None:
        padded = functional.pad(images.pixels, (PADDING,) * 4)
        self.windows = padded.unfold(2, 32, 1).unfold(3, 32, 1)
        self.labels = images.labels

    def batches(self, size: int, generator: torch.Generator):
        """One pass over all images in random order, less an incomplete batch at the end."""
        order = torch.randperm(len(self.labels), generator=generator)
        for rows in order[: len(order) - len(order) % size].split(size):
            shift = torch.randint(0, 2 * PADDING + 1, (2, size), generator=generator)
            mirror = torch.rand(size, generator=generator) < 0.5
            pixels = self.windows[rows, :, shift[0], shift[1]]
            pixels[mirror] = pixels[mirror].flip(3)
            yield as_input(pixels), self.labels[rows]
