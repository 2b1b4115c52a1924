"""What a trained network leaves: model.onnx, and expected.json with its accuracy and its answers in plain floats."""

import json
from pathlib import Path

import torch

from images import Images, as_input
from network import ResNet20

OPSET = 13
PREDICTIONS = 100
LOGITS = 10


@torch.inference_mode()
def logits_of(net: ResNet20, images: Images) -> torch.Tensor:
    net.eval()
    return torch.cat([net(as_input(pixels)) for pixels in images.pixels.split(250)])


@torch.inference_mode()
def print_ranges(net: ResNet20, images: Images) -> None:
    """Prints what enters each activation: its range, and the largest magnitude over the rms in any channel."""
    found: dict[str, list[torch.Tensor]] = {name: [] for name in net.activations()}
    hooks = [
        a.register_forward_pre_hook(lambda _, inputs, name=name: found[name].append(summary(inputs[0])))
        for name, a in net.activations().items()
    ]
    logits_of(net, images)
    for hook in hooks:
        hook.remove()
    print("| node | min | max | rms | largest magnitude over rms, by channel |\n| --- | --- | --- | --- | --- |")
    for name, parts in found.items():
        low, high, square = torch.stack(parts).unbind(1)
        rms = square.mean(0).sqrt()
        largest = torch.maximum(high.amax(0), -low.amin(0)) / rms
        numbers = (float(low.min()), float(high.max()), float(square.mean().sqrt()))
        row = " | ".join(f"{n:.2f}" for n in numbers)
        print(f"| {name} | {row} | {float(largest.min()):.1f} to {float(largest.max()):.1f} |")


def summary(x: torch.Tensor) -> torch.Tensor:
    """Least, largest and mean square of each channel: [3, channels]."""
    return torch.stack([x.amin((0, 2, 3)), x.amax((0, 2, 3)), x.square().mean((0, 2, 3))])


def write_model(net: ResNet20, tests: dict[str, Images], folder: Path) -> None:
    net.eval()
    torch.onnx.export(
        net.to(memory_format=torch.contiguous_format),
        (torch.zeros(1, 3, 32, 32),),
        str(folder / "model.onnx"),
        opset_version=OPSET,
        input_names=["image"],
        output_names=["logits"],
        dynamo=False,
    )
    answers = {name: logits_of(net, images) for name, images in tests.items()}
    accuracy = {
        name: {
            "images": len(tests[name]),
            "accuracy": round(float((a.argmax(1) == tests[name].labels).float().mean()), 4),
        }
        for name, a in answers.items()
    }
    print(accuracy)
    first = next(iter(tests))
    expected = {
        "model": "resnet20",
        "dataset": "cifar10",
        "accuracy": accuracy,
        "images": first,
        "labels": tests[first].labels[:PREDICTIONS].tolist(),
        "predictions": answers[first][:PREDICTIONS].argmax(1).tolist(),
        "logits": [[round(x, 5) for x in row] for row in answers[first][:LOGITS].tolist()],
    }
    fields = ",\n".join(f"  {json.dumps(key)}: {text(value)}" for key, value in expected.items())
    (folder / "expected.json").write_text(f"{{\n{fields}\n}}\n")
    print_ranges(net, max(tests.values(), key=len))


def text(value: object) -> str:
    """JSON with one line for each row of a table."""
    if isinstance(value, list) and isinstance(value[0], list):
        return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in value) + "\n  ]"
    return json.dumps(value)
