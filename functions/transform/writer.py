"""Parquet to S3: answers are converted by awswrangler, live frames come as Parquet."""

from dataclasses import dataclass

from coinlake import parquet
from coinlake.stores import ObjectStore
from coinlake.tables import tables
from transform.model import EncodedSlice, TableSlice


@dataclass(frozen=True, slots=True)
class ParquetWriter:
    """Writes a slice to one key of the lake at once; equal rows give equal bytes, half an object is never
    visible."""

    lake: ObjectStore

    def write(self, key: str, part: TableSlice | EncodedSlice) -> None:
        """``StoreUnavailable`` where S3 fails. The rows of a ``TableSlice`` are used up: touching them again
        crashes."""
        if isinstance(part, EncodedSlice):
            self.lake.put(key, part.body, content_type=parquet.CONTENT_TYPE)
            return
        from transform import answers  # noqa: PLC0415 - with pandas 0.3 s and 50 MB, which frames never need

        answers.write(self.lake.client, self.lake.bucket, key, tables()[part.table], part.rows)
