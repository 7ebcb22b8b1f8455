"""`python -m bench [NAME …]`: run measurements and print them; `--count N` scales them, `--list` names them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import click

from bench import admission, audit, bulk, growth, issue, page, rebuild, sizes, spreadsheet, verify
from bench.measure import Figure, show

MEASUREMENTS: Final[Mapping[str, tuple[Callable[[int], Iterator[Figure]], int]]] = {
    "issue": (issue.measure, 10_000),
    "verify": (verify.measure, 1_000),
    "admission": (admission.measure, 10_000),
    "page": (page.measure, 1_000),
    "spreadsheet": (spreadsheet.measure, 10_000),
    "bulk": (bulk.measure, 100_000),
    "growth": (growth.measure, 1_000_000),
    "sizes": (sizes.measure, 1_000_000),
    "audit": (audit.measure, 1_000_000),
    "rebuild": (rebuild.measure, 1_000_000),
}
"""By name: the measurement and its usual number of certificates."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(MEASUREMENTS)))
@click.option(
    "--count", type=click.IntRange(1, 10_000_000), help="Certificates, instead of the usual number."
)
def main(names: tuple[str, ...], count: int | None) -> None:
    """Measure the goals on this machine: ours, the limit in the same run, the ratio, the goal.

    Other programs running at the same time make every number worse; the ratios suffer least.
    """
    for name in names or tuple(MEASUREMENTS):
        measure, usual = MEASUREMENTS[name]
        click.secho(f"{name} ({count or usual:,})", bold=True)
        show(measure(count or usual))


if __name__ == "__main__":
    main()
