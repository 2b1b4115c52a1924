"""
Trains ResNet-20 on CIFAR-10 and writes model.onnx and expected.json beside this file. README.md says how to call it.

Stochastic gradient descent with Nesterov momentum on a one-cycle learning rate. To the loss comes a penalty on the tails of what enters
each activation, because a polynomial stands in for the activation under encryption and has to hold over the whole range.
"""

import argparse
import time
from pathlib import Path

import torch
from torch.nn import functional

from export import write_model
from images import Augmented, join, read_images
from network import ResNet20

HERE = Path(__file__).parent


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--train",
        nargs="+",
        type=Path,
        required=True,
        help="binary files or folders of images by class; one named twice counts twice",
    )
    parser.add_argument(
        "--test",
        nargs="+",
        type=Path,
        required=True,
        help="the same; expected.json holds the answers for the first one's first 100 images",
    )
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=0.2, help="the peak of the cycle")
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--tail-penalty", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="convolutions in bfloat16, on a CPU that has it")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        default=HERE / "checkpoint.pt",
        help="written after each epoch; training goes on from it",
    )
    parser.add_argument("--output", type=Path, default=HERE)
    return parser.parse_args()


def train(net: ResNet20, data: Augmented, o: argparse.Namespace) -> None:
    steps = len(data.labels) // o.batch
    optimizer = torch.optim.SGD(
        net.parameters(), lr=o.learning_rate, momentum=0.9, nesterov=True, weight_decay=o.weight_decay
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, o.learning_rate, total_steps=o.epochs * steps, pct_start=0.25
    )
    first = 0
    if o.checkpoint.exists():
        saved = torch.load(o.checkpoint, weights_only=True)
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        cycle.load_state_dict(saved["cycle"])
        first = saved["epochs"]
        print(f"going on after epoch {first}")
    activations = list(net.activations().values())
    for activation in activations:
        activation.weight = o.tail_penalty
    for epoch in range(first, o.epochs):
        start, right, loss_sum, tail_sum = time.time(), 0, 0.0, 0.0
        net.train()
        generator = torch.Generator().manual_seed(1000 * o.seed + epoch)
        for step, (pixels, labels) in enumerate(data.batches(o.batch, generator)):
            with torch.autocast("cpu", torch.bfloat16, enabled=o.bfloat16):
                logits = net(pixels).float()
            loss = functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
            right += int((logits.argmax(1) == labels).sum())
            loss_sum += loss.item()
            tail_sum += sum(a.tails.item() for a in activations)
            if step % 100 == 99:
                print(
                    f"  {step + 1}/{steps} {(step + 1) * o.batch / (time.time() - start):.0f} images/s, loss {loss_sum / (step + 1):.3f}",
                    flush=True,
                )
        print(
            f"epoch {epoch + 1}: loss {loss_sum / steps:.4f}, tails {tail_sum / steps:.4f}, "
            f"{100 * right / (steps * o.batch):.2f} % right in training, {time.time() - start:.0f} s",
            flush=True,
        )
        state = {
            "net": net.state_dict(),
            "optimizer": optimizer.state_dict(),
            "cycle": cycle.state_dict(),
            "epochs": epoch + 1,
        }
        partial = o.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(o.checkpoint)


def main() -> None:
    o = options()
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    tests = {path.name: read_images(path) for path in o.test}
    net = ResNet20().to(memory_format=torch.channels_last)
    train(net, Augmented(join([read_images(path) for path in o.train])), o)
    write_model(net, tests, o.output)


if __name__ == "__main__":
    main()
