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
        ["audio to transcribe, day and night", f"{load:,.0f} s per second"],
        [f"jobs of {arguments.minutes:g} minutes", f"{jobs / 1e6:,.1f} million, {jobs / MONTH:.1f} per second"],
        [f"worker cores, {arguments.busy:g} % busy", f"{cores:,}, or {math.ceil(cores / 16):,} machines with 16 cores"],
        ["cores for the queue itself", f"{queue:.2f}"],
        ["database growth per month", f"{database:,.2f} TB"],
        [f"audio at {arguments.kilobits:g} kbit/s, kept {arguments.days:g} days", f"{stored:,.1f} TB"],
        ["cost per month", f"${sum(costs.values()):,.0f} ({', '.join(f'{k} ${v:,.0f}' for k, v in costs.items())})"],
        [
            "with a provider instead of workers",
            f"{in_flight:,.0f} jobs in flight, {math.ceil(in_flight / arguments.in_flight)} cores",
        ],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1e6, help="hours of audio per month")
    parser.add_argument("--speed", type=float, required=True, help="seconds of audio transcribed per second and core")
    parser.add_argument("--megabytes", type=float, required=True, help="database size of an hour of speech in MB")
    parser.add_argument("--job-ms", type=float, required=True, help="processor time of a job in ms")
    parser.add_argument("--in-flight", type=float, required=True, help="provider jobs in flight per core")
    parser.add_argument("--minutes", type=float, default=10, help="minutes of audio per job")
    parser.add_argument(
        "--busy", type=float, default=60, help="percent of the time that cores are busy; the rest is for peaks"
    )
    parser.add_argument("--stay", type=float, default=60, help="seconds that a job takes at the provider")
    parser.add_argument("--kilobits", type=float, default=64, help="bit rate of the uploaded audio in kbit/s")
    parser.add_argument("--days", type=float, default=30, help="retention of the audio in days")
    parser.add_argument("--core-hour", type=float, default=0.03, help="dollars per core and hour")
    parser.add_argument("--database-gigabyte", type=float, default=0.12, help="dollars per GB and month")
    parser.add_argument("--audio-gigabyte", type=float, default=0.023, help="dollars per GB and month")
    arguments = parser.parse_args()
    print_table(
        f"Estimate for {arguments.hours:,.0f} hours of audio per month", ["what", "needed"], estimate(arguments)
    )


if __name__ == "__main__":
    main()
