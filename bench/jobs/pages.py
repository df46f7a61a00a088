"""One small page, warm: the same message again and again through one handler, S3 to S3."""

import statistics

import pyarrow as pa

from bench.jobs.wired import Wired
from bench.measure import clock, read_arguments, report_numbers
from bench.server import Server

if __name__ == "__main__":
    task = read_arguments()
    pa.set_cpu_count(1)
    wired, times = Wired.on(Server(task["endpoint"]), task["key"]), []
    for _ in range(task["times"]):
        wired.forget()
        with clock() as seconds:
            wired.run()
        times.append(seconds[0])
    listed = sum("List" in name for name in wired.calls)
    report_numbers(milliseconds=1000 * statistics.median(times), calls=wired.calls.total(), lists=listed)
