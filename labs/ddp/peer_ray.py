"""`peer.py` under Ray Train, with the same arguments; `peers.py` runs it where Ray is installed.

    python3 labs/ddp/peer_ray.py --data DIR [--model resnet18|cnn] [--batch 64] ...

The lines of rank 0 go, with the time of each, to the file that PEER_LINES names, because Ray hands printed lines on late.
"""

import logging
import os
import sys
import tempfile
from pathlib import Path

WORKERS = int(os.environ.get("WORKERS", "2"))
HERE = str(Path(__file__).resolve().parent)
# Metrics about the use of Ray are sent to nobody.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")


def train(config):
    """One rank. `peer` reads its arguments and its rank when it is imported, which Ray has set by then."""
    sys.argv = ["peer.py", *config["arguments"]]
    sys.path.insert(0, HERE)
    os.environ.update(config["environment"])
    import peer

    peer.main()


def main():
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    ray.init(num_cpus=WORKERS, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
    with tempfile.TemporaryDirectory() as storage:
        TorchTrainer(
            train,
            train_loop_config={
                "arguments": sys.argv[1:],
                "environment": {name: os.environ[name] for name in ("PEER_LINES", "OMP_NUM_THREADS") if name in os.environ},
            },
            scaling_config=ScalingConfig(num_workers=WORKERS, resources_per_worker={"CPU": 1}),
            torch_config=TorchConfig(backend="gloo"),
            run_config=RunConfig(storage_path=storage, failure_config=FailureConfig(max_failures=1)),
        ).fit()
    ray.shutdown()


if __name__ == "__main__":
    main()
