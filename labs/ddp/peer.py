"""PyTorch's own DDP on the same work as `workbench-worker train`; `peers.py` runs both and compares.

    torchrun --standalone --nproc-per-node 2 labs/ddp/peer.py --data DIR [--model resnet18|cnn] [--batch 64] ...

DIR holds MNIST's four IDX files, unpacked. Needs torch 2.11 and nothing else. Prints the same lines as the worker: when each stage
of the start-up is reached, images per second of all ranks, the accuracy on all test rows, each counted once.

Equal to the worker: model, initial distribution of weights (not the weights themselves: other generator, other order), rows per step,
Adam, threads, gloo, bucket views, what a checkpoint holds. Not equal: the permutations.
"""

import argparse
import os
import struct
import sys
import time

BEGAN = time.monotonic()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of MNIST's IDX files")
    parser.add_argument("--model", choices=["resnet18", "cnn"], default="resnet18")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch", type=int, default=128, help="rows of one step of one rank")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--train-rows", type=int)
    parser.add_argument("--test-rows", type=int)
    parser.add_argument("--report-every", type=int, default=10)
    parser.add_argument("--fused", action="store_true", help="Adam in one pass over memory")
    parser.add_argument("--checkpoint-dir", help="write checkpoints here, and go on from the one that is here")
    parser.add_argument("--checkpoint-every", type=int, default=100, help="steps between two of them")
    return parser.parse_args()


ARGS = arguments()
RANK = int(os.environ.get("RANK", "0"))
WORLD = int(os.environ.get("WORLD_SIZE", "1"))

# For whoever cannot wait until printed lines arrive: lines with the time of each, and the process of every rank.
LINES = None
if "PEER_LINES" in os.environ:
    LINES = open(os.environ["PEER_LINES"], "a", buffering=1)
    with open(f"{os.environ['PEER_LINES']}.{RANK}", "w") as file:
        file.write(str(os.getpid()))

import torch  # noqa: E402  (after the clock has started, because loading it is part of the start-up)
import torch.distributed as dist  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


def say(text):
    if RANK == 0:
        print(f"[rank 0] {text}", flush=True)
        if LINES:
            LINES.write(f"{time.time():.6f} {text}\n")


def stage(name):
    say(f"{time.monotonic() - BEGAN:7.3f} s  {name}")


def idx(name, header):
    with open(os.path.join(ARGS.data, name), "rb") as file:
        content = file.read()
    sizes = struct.unpack(f">{header // 4 - 1}I", content[4:header])
    return torch.frombuffer(bytearray(content[header:]), dtype=torch.uint8).view(*sizes)


def load(part, rows):
    images = idx(f"{part}-images-idx3-ubyte", 16)[:rows].unsqueeze(1).contiguous()
    labels = idx(f"{part}-labels-idx1-ubyte", 8)[:rows].long()
    return images, labels


def batch(data, rows):
    images, labels = data
    return images[rows].float().sub_(0.1307 * 255).div_(0.3081 * 255), labels[rows]


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, xs):
        ys = F.relu(self.bn1(self.conv1(xs)), inplace=True)
        ys = self.bn2(self.conv2(ys))
        ys += xs if self.downsample is None else self.downsample(xs)
        return F.relu(ys, inplace=True)


def resnet18():
    stem = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    layers = [stem, nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Block(channels, width, stride), Block(width, width, 1)]
        channels = width
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return net


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, 10),
    )


def checkpoint():
    return os.path.join(ARGS.checkpoint_dir, "newest.pt")


def save(net, adam, step):
    """As the worker does: beside the target, then renamed; by rank 0 alone."""
    state = {"net": net.state_dict(), "adam": adam.state_dict(), "step": step}
    torch.save(state, checkpoint() + ".part")
    os.replace(checkpoint() + ".part", checkpoint())


def resume(net, adam):
    """The steps that are done."""
    if not ARGS.checkpoint_dir or not os.path.exists(checkpoint()):
        return 0
    state = torch.load(checkpoint())
    net.load_state_dict(state["net"])
    adam.load_state_dict(state["adam"])
    return state["step"]


def shard(rows, epoch):
    generator = torch.Generator().manual_seed(ARGS.seed * 1_000_003 + epoch)
    order = torch.randperm(rows, generator=generator)
    order = order[: rows // WORLD * WORLD][RANK::WORLD]
    return [part for part in order.split(ARGS.batch) if len(part) > 1]


def evaluate(net, test):
    net.eval()
    sums = torch.zeros(3, dtype=torch.float64)
    with torch.no_grad():
        for rows in torch.arange(len(test[1]))[RANK::WORLD].split(250):
            images, labels = batch(test, rows)
            logits = net(images)
            loss = F.cross_entropy(logits, labels, reduction="sum").item()
            right = (logits.argmax(1) == labels).sum().item()
            sums += torch.tensor([right, len(rows), loss], dtype=torch.float64)
    net.train()
    if WORLD > 1:
        dist.all_reduce(sums)
    return sums.tolist()


def main():
    torch.set_num_threads(ARGS.threads)
    torch.set_num_interop_threads(1)
    stage("torch is imported")
    own_group = WORLD > 1 and not dist.is_initialized()
    if own_group:
        dist.init_process_group("gloo")
    stage("the ranks have met")
    train, test = load("train", ARGS.train_rows), load("t10k", ARGS.test_rows)
    stage("data is in memory")
    torch.manual_seed(ARGS.seed)
    net = resnet18() if ARGS.model == "resnet18" else cnn()
    model = net
    adam = torch.optim.Adam(net.parameters(), lr=ARGS.lr, fused=ARGS.fused or None)
    done = resume(net, adam)
    if WORLD > 1:
        model = nn.parallel.DistributedDataParallel(net, gradient_as_bucket_view=True)
    step, first, since, before = 0, True, time.monotonic(), 0
    for epoch in range(ARGS.epochs):
        for rows in shard(len(train[1]), epoch):
            if step < done:
                step, before = step + 1, step + 1
                continue
            images, labels = batch(train, rows)
            adam.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            value = loss.item()
            loss.backward()
            adam.step()
            if first:
                stage("first step done")
            if first or step % ARGS.report_every == 0:
                now = time.monotonic()
                rate = (step + 1 - before) * len(rows) * WORLD / (now - since)
                shown = "-" if first else f"{rate:.0f}"
                first = False
                say(f"step {step:>6}  epoch {epoch}  loss {value:.6f}  {shown:>6} images/s")
                since, before = now, step + 1
            step += 1
            if ARGS.checkpoint_dir and RANK == 0 and step % ARGS.checkpoint_every == 0:
                save(net, adam, step)
        right, count, loss = evaluate(net, test)
        say(f"epoch {epoch + 1} evaluated: {right:.0f} of {count:.0f} right, loss {loss / count:.6f}")
    say(f"done: {step} steps")
    if own_group:
        dist.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main())
