"""A raw object of mini-tickers through transform's handler, S3 to S3."""

import pyarrow as pa

from bench.jobs.wired import Wired
from bench.measure import clock, read_arguments, report_numbers
from bench.server import LAKE, Server

if __name__ == "__main__":
    task = read_arguments()
    pa.set_cpu_count(1)
    wired = Wired.on(Server(task["endpoint"]), task["key"])
    wired.forget()
    with clock() as seconds:
        wired.run()
    entry = wired.ledger()
    if entry["rows_trusted"] != task["rows"]:
        raise RuntimeError(f"{entry['rows_trusted']} of {task['rows']} rows are trusted: {entry['reasons']}")
    sizes = [wired.s3.head_object(Bucket=LAKE, Key=key)["ContentLength"] for key in entry["outputs"]]
    report_numbers(seconds=seconds[0], bytes=sum(sizes))
