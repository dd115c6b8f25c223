"""The area under 4 / (1 + x²) from 0 to 1, which is π, by the midpoint rule."""

import argparse
from multiprocessing import Pool


def area(part):
    """The area of the strips from `first` to `last`, of `strips` in all."""
    first, last, strips = part
    width = 1.0 / strips
    total = 0.0
    for i in range(first, last):
        x = (i + 0.5) * width
        total += 4.0 / (1.0 + x * x)
    return total * width


def parts(strips, count):
    """The strips in so many parts of equal size."""
    edges = [strips * i // count for i in range(count + 1)]
    return [(first, last, strips) for first, last in zip(edges, edges[1:])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--strips", type=int, required=True)
    parser.add_argument("--jobs", type=int, default=0, help="processes; 0 is none but this one")
    parser.add_argument("--parts", type=int, default=0, help="parts of the work; 0 is one per process")
    args = parser.parse_args()
    if args.jobs == 0:
        total = area((0, args.strips, args.strips))
    else:
        with Pool(args.jobs) as pool:
            work = parts(args.strips, args.parts or args.jobs)
            total = sum(pool.imap_unordered(area, work))
    print(f"area = {total:.12f}")


if __name__ == "__main__":
    main()
