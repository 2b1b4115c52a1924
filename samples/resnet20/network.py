"""ResNet-20 for CIFAR-10 (He, Zhang, Ren, Sun: Deep Residual Learning, 2016, section 4.2), with 1x1 convolutions as shortcuts."""

import torch
from torch import Tensor, nn
from torch.nn import functional

# Mean and deviation of each colour over the training images of CIFAR-10, for pixels in 0..1.
MEAN = (0.4914, 0.4822, 0.4465)
DEVIATION = (0.2470, 0.2435, 0.2616)

# Beyond how many times its rms the input of an activation is penalised.
TAIL_START = 3.0


class PenalisedRelu(torch.autograd.Function):
    """
    ReLU whose gradient is also that of weight * mean(max(0, |z| / rms(z) - TAIL_START)^2) for its input z, with the rms of each channel
    taken as a constant. An eighth of the batch estimates the penalty without bias, for an eighth of the time.
    """

    @staticmethod
    def forward(context, x: Tensor, weight: float) -> tuple[Tensor, Tensor]:
        z = x[: max(1, len(x) // 8)].float()
        square = z.square().mean((0, 2, 3), keepdim=True) + 1e-6
        limit = TAIL_START * square.sqrt()
        excess = (z - torch.minimum(torch.maximum(z, -limit), limit)) / square
        y = functional.relu(x)
        context.save_for_backward(y, excess * (2 * weight / z.numel()))
        tails = (excess.square() * square).mean()
        context.mark_non_differentiable(tails)
        return y, tails

    @staticmethod
    def backward(context, gradient: Tensor, _) -> tuple[Tensor, None]:
        y, penalty = context.saved_tensors
        result = torch.ops.aten.threshold_backward(gradient, y, 0)
        result[: len(penalty)] += penalty
        return result, None


class Activation(nn.Module):
    """ReLU, in training with a penalty on the tails of what enters it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = 0.0
        self.tails = torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return functional.relu(x)
        y, self.tails = PenalisedRelu.apply(x, self.weight)
        return y


def convolution(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = convolution(inputs, outputs, 3, stride)
        self.relu1 = Activation()
        self.conv2 = convolution(outputs, outputs, 3, 1)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride)
        self.relu2 = Activation()

    def forward(self, x: Tensor) -> Tensor:
        branch = self.conv2(self.relu1(self.conv1(x)))
        return self.relu2(branch + self.shortcut(x))


class ResNet20(nn.Module):
    """Takes images [N, 3, 32, 32] with pixels in 0..1, gives logits [N, 10]."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))
        self.conv1 = convolution(3, 16, 3, 1)
        self.relu1 = Activation()
        self.stage1 = nn.Sequential(*(Block(16, 16, 1) for _ in range(3)))
        self.stage2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
        self.stage3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
        self.dense = nn.Linear(64, 10)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, image: Tensor) -> Tensor:
        x = self.relu1(self.conv1((image - self.mean) / self.deviation))
        x = self.stage3(self.stage2(self.stage1(x)))
        return self.dense(x.mean((2, 3)))

    def activations(self) -> dict[str, Activation]:
        """The 19 activations by name, in the order in which they run."""
        return {name: m for name, m in self.named_modules() if isinstance(m, Activation)}
