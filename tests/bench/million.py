"""Estimate the cores, storage and money for a million hours of audio a month: `python -m tests.bench.million …`.

The required arguments are figures measured by other benchmarks: `--speed` from `workers` (seconds of audio per second
and core), `--megabytes` from `sizes` (database for an hour of speech), `--job-ms` from `queue_cost` (processor time of
a job on PostgreSQL, in the worker and the web process), `--in-flight` from `provider_scale` (provider jobs per core).
The default prices are assumptions: give your own as arguments.
"""

from __future__ import annotations

import argparse
import math

from tests.bench.table import print_table

MONTH = 30 * 24 * 3600  # seconds per month


def estimate(arguments: argparse.Namespace) -> list[list[str]]:
    hours, busy = arguments.hours, arguments.busy / 100
    load = hours * 3600 / MONTH  # seconds of audio that arrive per second, on average over the month
    jobs = hours * 60 / arguments.minutes
    cores = math.ceil(load / arguments.speed / busy)
    queue = jobs / MONTH * arguments.job_ms / 1000
    database = hours * arguments.megabytes / 1e6  # TB per month
    audio = hours * 3600 * arguments.kilobits / 8 / 1e9  # TB
    stored = audio * arguments.days / 30
    costs = {
        "workers": cores * MONTH / 3600 * arguments.core_hour,
        "database": database * 1000 * arguments.database_gigabyte,
        "audio": stored * 1000 * arguments.audio_gigabyte,
    }
    in_flight = jobs / MONTH * arguments.stay
    return [
        ["audio to hear, day and night", f"{load:,.0f} s a second"],
        [f"jobs of {arguments.minutes:g} min", f"{jobs / 1e6:,.1f} million, {jobs / MONTH:.1f} a second"],
        [f"worker cores, {arguments.busy:g} % busy", f"{cores:,} ({math.ceil(cores / 16):,} machines of 16)"],
        ["cores for the queue itself", f"{queue:.2f}"],
        ["database, each month more", f"{database:,.2f} TB"],
        [f"audio at {arguments.kilobits:g} kbit/s, kept {arguments.days:g} days", f"{stored:,.1f} TB"],
        ["money a month", f"${sum(costs.values()):,.0f} ({', '.join(f'{k} ${v:,.0f}' for k, v in costs.items())})"],
        [
            "in place of worker cores: provider jobs in flight",
            f"{in_flight:,.0f}, {math.ceil(in_flight / arguments.in_flight)} cores",
        ],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1e6, help="of audio a month")
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--megabytes", type=float, required=True)
    parser.add_argument("--job-ms", type=float, required=True)
    parser.add_argument("--in-flight", type=float, required=True)
    parser.add_argument("--minutes", type=float, default=10, help="of audio in a job")
    parser.add_argument("--busy", type=float, default=60, help="percent of the cores' time, so that peaks find room")
    parser.add_argument("--stay", type=float, default=60, help="seconds that a job is at the provider")
    parser.add_argument("--kilobits", type=float, default=64, help="a second of audio, as it was uploaded")
    parser.add_argument("--days", type=float, default=30, help="that audio is kept")
    parser.add_argument("--core-hour", type=float, default=0.03, help="dollars")
    parser.add_argument("--database-gigabyte", type=float, default=0.12, help="dollars a month")
    parser.add_argument("--audio-gigabyte", type=float, default=0.023, help="dollars a month")
    print_table("A million hours of audio a month, on paper", ["what", "value"], estimate(parser.parse_args()))


if __name__ == "__main__":
    main()
