"""The ddp lab's training with PyTorch's own DDP, under torchrun or Ray Train.

Argument: the arm. Parameters and data (MNIST's or its kin's IDX files) come from workbench: variables,
and files in WORKBENCH_SCRATCH.

Equal to the lab's own arms: model, initial distribution of weights (not the weights themselves: other
generator, other order), rows of each step, Adam, threads, gloo, bucket views, what a checkpoint holds.
Not equal: the permutations.
"""

import os
import shlex
import signal
import struct
import sys
import time
from pathlib import Path

BEGAN = int(os.environ.setdefault("PEER_BEGAN_NS", str(time.monotonic_ns())))
SCRATCH = Path(os.environ["WORKBENCH_SCRATCH"])
WORKERS = int(os.environ["WORKBENCH_WORKERS"])
SEED = int(os.environ["WORKBENCH_SEED"])
# Metrics about the use of Ray are sent to nobody.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")


def param(name):
    return os.environ[f"WORKBENCH_PARAM_{name.upper()}"]


def number(name):
    return int(param(name))


def torchrun(fused):
    """Becomes torchrun, with a process for each worker."""
    os.environ["PEER_FUSED"] = "1" if fused else ""
    launch = ["-m", "torch.distributed.run", f"--max-restarts={number('max_failures')}"]
    several = shlex.split(os.environ.get("WORKBENCH_TORCHRUN", ""))
    if several:
        # An agent on each of several machines, of which this is the first.
        nodes = next((int(word[9:]) for word in several if word.startswith("--nnodes=")), 1)
        launch += [*several, f"--nproc-per-node={WORKERS // nodes}"]
        write_agent(launch)
        launch.append("--node-rank=0")
    else:
        launch += ["--standalone", f"--nproc-per-node={WORKERS}"]
    os.execv(sys.executable, [sys.executable, *launch, __file__, "rank"])


def write_agent(launch):
    """The script that another machine runs, with its number, where this directory is on both."""
    exports = [
        f"export {name}={shlex.quote(value)}"
        for name, value in sorted(os.environ.items())
        if name.startswith(("WORKBENCH_", "PEER_", "OMP_", "PYTHONPATH"))
    ]
    words = " ".join(shlex.quote(word) for word in launch)
    exports.append(f'exec "${{PYTHON:-python3}}" {words} --node-rank="$1" {shlex.quote(__file__)} rank')
    # In one step, because the other machine waits for it.
    part = SCRATCH / "agent.sh.part"
    part.write_text("\n".join(exports) + "\n")
    part.rename(SCRATCH / "agent.sh")


def ray_train():
    """Ray Train, on a cluster of its own or on the one that RAY_ADDRESS names."""
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    options = {"logging_level": "ERROR", "log_to_driver": False}
    if not os.environ.get("RAY_ADDRESS"):
        options |= {"num_cpus": WORKERS, "include_dashboard": False}
    ray.init(**options)
    names = ("WORKBENCH_", "PEER_", "OMP_")
    environment = {name: value for name, value in os.environ.items() if name.startswith(names)}
    TorchTrainer(
        ray_rank,
        train_loop_config={"environment": environment, "path": str(SCRATCH)},
        scaling_config=ScalingConfig(num_workers=WORKERS, resources_per_worker={"CPU": 1}),
        torch_config=TorchConfig(backend="gloo"),
        run_config=RunConfig(
            storage_path=str(SCRATCH / "ray"),
            failure_config=FailureConfig(max_failures=number("max_failures")),
        ),
    ).fit()
    ray.shutdown()


def ray_rank(config):
    """One rank. Ray has set its number and joined the group."""
    import os
    import sys

    os.environ.update(config["environment"])
    sys.path.insert(0, config["path"])
    import training

    training.train()


def idx(name, header):
    import torch

    content = (SCRATCH / name).read_bytes()
    sizes = struct.unpack(f">{header // 4 - 1}I", content[4:header])
    return torch.frombuffer(bytearray(content[header:]), dtype=torch.uint8).view(*sizes)


def load(part, rows):
    rows = rows or None
    images = idx(f"{part}-images-idx3-ubyte", 16)[:rows].unsqueeze(1).contiguous()
    return images, idx(f"{part}-labels-idx1-ubyte", 8)[:rows].long()


def batch(data, rows):
    images, labels = data
    return images[rows].float().sub_(0.1307 * 255).div_(0.3081 * 255), labels[rows]


def resnet18(classes):
    from torch import nn
    from torch.nn import functional as F

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

    stem = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    layers = [stem, nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Block(channels, width, stride), Block(width, width, 1)]
        channels = width
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return net


def cnn(classes, side):
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * (side // 4) ** 2, 64), nn.ReLU(), nn.Linear(64, classes),
    )  # fmt: skip


def steps(rows, world, rank, size, epoch):
    """The rows of this rank in every step of an epoch, and what its loss weighs. Every row counts
    once; the last step takes what is left, and no rank takes a single row."""
    import torch

    generator = torch.Generator().manual_seed(SEED * 1_000_003 + epoch)
    order, at = torch.randperm(rows, generator=generator), 0
    while at < rows:
        left, full = rows - at, world * size
        here = left if left <= full + 1 else full
        active = min(world, max(1, here // 2))
        own = order[at + rank : at + here : active] if rank < active else order[:0]
        yield own, len(own) * world / here, here
        at += here


def evaluate(net, test, world, rank):
    """Right answers, rows and the sum of the loss over all test rows, each counted once."""
    import torch
    import torch.distributed as dist
    from torch.nn import functional as F

    net.eval()
    sums = torch.zeros(3, dtype=torch.float64)
    with torch.no_grad():
        for rows in torch.arange(len(test[1]))[rank::world].split(250):
            images, labels = batch(test, rows)
            logits = net(images)
            loss = F.cross_entropy(logits, labels, reduction="sum").item()
            right = (logits.argmax(1) == labels).sum().item()
            sums += torch.tensor([right, len(rows), loss], dtype=torch.float64)
    net.train()
    if world > 1:
        dist.all_reduce(sums)
    return sums.tolist()


def save(net, adam, step):
    """As the lab's worker does: beside the target, then renamed; by rank 0 alone."""
    import torch

    target = SCRATCH / "newest.pt"
    state = {"net": net.state_dict(), "adam": adam.state_dict(), "step": step}
    torch.save(state, f"{target}.part")
    os.replace(f"{target}.part", target)


def resume(net, adam):
    """The steps that are done."""
    import torch

    if not (SCRATCH / "newest.pt").exists():
        return 0
    state = torch.load(SCRATCH / "newest.pt")
    net.load_state_dict(state["net"])
    adam.load_state_dict(state["adam"])
    return state["step"]


def sizes(world):
    """Rows of a rank's step and the learning rate, as the lab has them."""
    size, lr = number("batch"), float(param("lr"))
    if param("scaling") == "strong":
        return size // world, lr
    growth = {"constant": 1, "sqrt": world**0.5, "linear": world}
    return size, lr * growth[param("lr_rule")]


def train():
    """One rank, from the start-up to the end."""
    import torch
    import torch.distributed as dist
    import workbench_arm as arm
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(number("threads"))
    torch.set_num_interop_threads(1)
    own_group = not dist.is_initialized()
    if own_group:
        dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    data, test = load("train", number("train_rows")), load("t10k", number("test_rows"))
    rows, classes = len(data[1]), int(max(data[1].max(), test[1].max())) + 1
    torch.manual_seed(SEED)
    side = data[0].shape[-1]
    net = resnet18(classes) if param("model") == "resnet18" else cnn(classes, side)
    size, lr = sizes(world)
    adam = torch.optim.Adam(net.parameters(), lr=lr, fused=bool(os.environ.get("PEER_FUSED")) or None)
    done = resume(net, adam)
    model = net
    if world > 1:
        model = nn.parallel.DistributedDataParallel(net, gradient_as_bucket_view=True)
    every, step, first, since = number("checkpoint_every"), 0, 0, 0
    total, seen, evaluations = rows * number("epochs"), 0, []
    tell = rank == 0
    if tell:
        arm.ready()
    for epoch in range(number("epochs")):
        for own, weight, of_all in steps(rows, world, rank, size, epoch):
            step, seen = step + 1, seen + of_all
            if step <= done:
                continue
            # A rank without rows of its own computes on some that do not count.
            killed_here(step, rank)
            images, labels = batch(data, own if len(own) else torch.arange(2))
            adam.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            value = loss.item()
            (loss * weight).backward()
            adam.step()
            if tell:
                if not first:
                    first, since = time.monotonic_ns(), seen
                    recovered(arm)
                arm.metric("loss", value, step=step)
                arm.progress(seen, total)
            if every and rank == 0 and step % every == 0:
                save(net, adam, step)
        evaluations.append((evaluate(net, test, world, rank), time.monotonic_ns()))
    if tell:
        arm.done()
        conclude(arm, evaluations, (total, step), (first, since), (size, lr))
    if own_group:
        dist.destroy_process_group()


def killed_here(step, rank):
    """Ends this rank once, where the fault says so (kill:rank=…,step=…)."""
    if not param("fault").strip():
        return
    wanted = dict(part.split("=") for part in param("fault").strip()[len("kill:") :].split(","))
    mark = SCRATCH / "killed"
    if rank == int(wanted["rank"]) and step > int(wanted["step"]) and not mark.exists():
        mark.write_text(str(time.monotonic_ns()))
        os.kill(os.getpid(), signal.SIGKILL)


def recovered(arm):
    """The first step after a kill has ended."""
    mark = SCRATCH / "killed"
    if mark.exists():
        arm.quality("failures", 1)
        arm.quality("failure_to_next_step_s", (time.monotonic_ns() - int(mark.read_text())) / 1e9)


def conclude(arm, evaluations, counts, started, given):
    """What came of it, as the lab's own arms say it."""
    (total, step), (first, since) = counts, started
    (right, count, loss), _ = evaluations[-1]
    for number_, ((right_, count_, loss_), _) in enumerate(evaluations):
        arm.output(f"epoch {number_ + 1}", accuracy=right_ / count_, loss=loss_ / count_)
    arm.output("trained model", test_accuracy=right / count)
    arm.work(
        images_trained=total,
        evaluations=len(evaluations),
        images_tested=sum(int(count) for (_, count, _), _ in evaluations),
        **({"steps": step} if param("scaling") == "strong" else {}),
    )
    arm.quality("test_accuracy", right / count)
    arm.quality("test_loss", loss / count)
    arm.quality("test_correct", f"{right:.0f} of {count:.0f}")
    arm.quality("batch_per_rank", given[0])
    arm.quality("learning_rate", given[1])
    arm.quality("time_to_first_step_s", (first - BEGAN) / 1e9)
    took = (evaluations[-1][1] - first) / 1e9
    if total > since and took > 0:
        arm.quality("images_per_s", (total - since) / took)


def main(name):
    if name == "rank":
        train()
    elif name == "ray-train":
        ray_train()
    else:
        torchrun(name == "torchrun-fused")


if __name__ == "__main__":
    main(sys.argv[1])
