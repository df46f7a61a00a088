"""A PUT that would change nothing is left out, whatever kind of etag S3 gives."""

import io

import pytest

from spark.unchanged import UnchangedPuts

KEY = "trusted/quotes/dt=2026-11-20/x.parquet"
BIG = bytes(range(256)) * 24_000  # of two parts


@pytest.fixture
def puts(s3):
    return UnchangedPuts(s3)


def put(puts, body, key=KEY, **options):
    puts.put_object(Bucket="lake", Key=key, Body=body, **options)


def upload(puts, body):
    """As awswrangler does above 5 MB."""
    upload_id = puts.create_multipart_upload(Bucket="lake", Key=KEY)["UploadId"]
    size = 5 << 20
    for number, start in enumerate(range(0, len(body), size), start=1):
        part = body[start : start + size]
        puts.upload_part(Bucket="lake", Key=KEY, UploadId=upload_id, PartNumber=number, Body=part)
    puts.complete_multipart_upload(Bucket="lake", Key=KEY, UploadId=upload_id, MultipartUpload={})


def stored(s3):
    return s3.get_object(Bucket="lake", Key=KEY)["Body"].read()


def test_the_same_bytes_are_put_once_and_others_replace_them(s3, puts):
    for body in (b"one", b"one", b"two", b"twoo"):
        put(puts, body)
    assert (puts.puts, stored(s3)) == ({"written": 3, "unchanged": 1}, b"twoo")


def test_a_file_that_went_up_in_parts_is_known_again(s3, puts):
    parts = s3.create_multipart_upload(Bucket="lake", Key=KEY)["UploadId"]
    etags = []
    for number, start in enumerate((0, 5 << 20), start=1):
        body = BIG[start : start + (5 << 20)] if number == 1 else BIG[start:]
        answer = s3.upload_part(
            Bucket="lake", Key=KEY, UploadId=parts, PartNumber=number, Body=io.BytesIO(body)
        )
        etags.append({"PartNumber": number, "ETag": answer["ETag"]})
    s3.complete_multipart_upload(Bucket="lake", Key=KEY, UploadId=parts, MultipartUpload={"Parts": etags})
    upload(puts, BIG)
    assert puts.puts == {"unchanged": 1}
    upload(puts, BIG[:-1] + b"!")
    assert (puts.puts["written"], stored(s3)[-1:]) == (1, b"!")


def test_under_a_key_of_kms_the_bytes_are_compared(s3, puts):
    put(puts, b"one", ServerSideEncryption="aws:kms")
    put(puts, b"one", ServerSideEncryption="aws:kms")
    put(puts, b"two", ServerSideEncryption="aws:kms")
    assert (puts.puts, stored(s3)) == ({"written": 2, "unchanged": 1}, b"two")


def test_what_is_no_event_is_always_put(s3, puts):
    put(puts, b"{}", key="ledger/x.json", Metadata={"version": "1"})
    put(puts, b"{}", key="ledger/x.json", Metadata={"version": "2"})
    assert s3.head_object(Bucket="lake", Key="ledger/x.json")["Metadata"] == {"version": "2"}
    assert puts.puts == {}
