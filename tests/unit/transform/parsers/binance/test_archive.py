import io
import struct
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.unit.transform.answers import FOLDER, codes, rows
from tests.unit.transform.recorded import SAMPLES
from tests.unit.transform.test_any_document import assert_sound

OLD = SAMPLES["BTCUSDT-1h-2024-12-31.zip"]
NEW = SAMPLES["BTCUSDT-1h-2026-11-19.zip"]
NAME = "BTCUSDT-1h-2026-11-19.csv"
START = 1795046400000000
HOUR = 3_600_000_000
GOOD = f"{START},77102.40000000,77301.77000000,76990.02000000,77240.91000000,412.10422000,"
GOOD += f"{START + HOUR - 1},31807119.44120000,81234,201.11020000,15522310.88210000,0"


def zipped(*lines, name=NAME, method=zipfile.ZIP_DEFLATED, **members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, "".join(f"{line}\n" for line in lines))
        for more, text in members.items():
            archive.writestr(more, text)
    return packed.getvalue()


def line(place, value):
    values = GOOD.split(",")
    values[place] = value
    return ",".join(values)


def later(hours):
    moved = [START + hours * HOUR, START + (hours + 1) * HOUR - 1]
    values = GOOD.split(",")
    return ",".join([str(moved[0]), *values[1:6], str(moved[1]), *values[7:]])


def test_milliseconds_and_microseconds_are_distinguished_in_each_row():
    old = f"{START // 1000 + 3_600_000},1,1,1,1,0,{START // 1000 + 7_199_999},0,0,0,0,0"
    parsed = NEW.read(zipped(GOOD, old))
    assert [row["open_time"].hour for row in rows(parsed)] == [0, 1]
    assert rows(OLD.read())[0]["open_time"] == datetime(2024, 12, 31, tzinfo=UTC)


def test_rows_are_of_binance_and_of_its_ids():
    for sample in (OLD, NEW):
        assert {(row["source"], row["base"], row["raw_symbol"]) for row in rows(sample.read())} == {
            ("binance", "BTC", "BTCUSDT")
        }


def test_a_missing_hour_stays_missing():
    assert OLD.read().rows_in == 22


def test_an_hour_without_trades_is_a_row():
    parsed = NEW.read(zipped(GOOD.replace("412.10422000", "0.00000000").replace(",81234,", ",0,")))
    assert [(row["volume"], row["trades"]) for row in rows(parsed)] == [(0, 0)]


@pytest.mark.parametrize(
    ("place", "value", "code", "field"),
    [
        (0, "", "bad_type", "open_time"),
        (0, "open_time", "bad_type", "open_time"),
        (0, f'"{START}"', "bad_type", "open_time"),
        (0, "1795046400", "bad_time", "open_time"),
        (0, "9" * 30, "out_of_range", "open_time"),
        (1, "", "bad_type", "open"),
        (1, "abc", "bad_type", "open"),
        (1, "NaN", "nonfinite", "open"),
        (1, " 77102", "bad_type", "open"),
        (2, "1", "inconsistent", "high"),
        (4, "0", "out_of_range", "close"),
        (6, str(START - 1), "inconsistent", "close_time"),
    ],
)
def test_a_bad_line_is_rejected_by_its_number_and_its_neighbours_stay(place, value, code, field):
    parsed = NEW.read(zipped(later(1), line(place, value), later(2)))
    assert codes(parsed) == [(code, 1, field)]
    assert parsed.rows_trusted == 2


@pytest.mark.parametrize("bad", ["x", GOOD[:-2], GOOD + ",1", ","])
def test_a_line_of_another_width_has_a_bad_shape(bad):
    parsed = NEW.read(zipped(later(1), bad, "", later(2), bad, later(3)))
    assert codes(parsed) == [("bad_shape", 1, None), ("bad_shape", 3, None)]
    assert (parsed.rows_in, parsed.rows_trusted) == (5, 3)


def test_a_file_of_nothing_but_bad_lines_is_accounted_for():
    assert codes(NEW.read(zipped("x", "y"))) == [("bad_shape", 0, None), ("bad_shape", 1, None)]


def test_a_thirteenth_column_is_a_new_field_and_rejects_nothing():
    parsed = NEW.read(zipped(f"{GOOD},new", f"{later(1)},new"))
    assert (parsed.notes, parsed.rows_trusted) == (("new_field:column_13",), 2)


def test_two_rows_of_one_bucket_are_kept_once():
    assert codes(NEW.read(zipped(GOOD, GOOD))) == [("duplicate_row", 1, "open_time")]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_may_be_stored_or_deflated(method):
    assert NEW.read(zipped(GOOD, method=method)).rows_trusted == 1


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_packed_in_another_way_is_refused(method):
    assert codes(NEW.read(zipped(GOOD, method=method))) == [("bad_zip", None, None)]


@pytest.mark.parametrize(
    "body",
    [
        zipped(GOOD, more="x"),
        zipped(GOOD, **{f"m{number}": "x" for number in range(40)}),
        zipped(GOOD, name="BTCUSDT-1h-2026-11-18.csv"),
        zipped(GOOD, name="ETHUSDT-1h-2026-11-19.csv"),
        zipped(GOOD, name=f"../{NAME}"),
        b"PK\x05\x06" + bytes(18),
    ],
)
def test_a_zip_without_exactly_the_member_of_its_slot_has_a_bad_shape(body):
    assert codes(NEW.read(body)) == [("bad_shape", None, "zip")]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        (FOLDER / "samples" / "binance_archive_error_404.xml").read_bytes(),
        NEW.body[:-30],
        NEW.body[30:],
        zipped(GOOD, method=zipfile.ZIP_STORED).replace(b"77102.4", b"77102.5"),
    ],
)
def test_what_is_no_intact_zip_is_bad(body):
    assert codes(NEW.read(body)) == [("bad_zip", None, None)]


def test_an_encrypted_member_is_refused():
    body = bytearray(NEW.body)
    directory = body.index(b"PK\x01\x02")
    struct.pack_into("<H", body, directory + 8, 1)
    assert codes(NEW.read(bytes(body))) == [("bad_zip", None, None)]


def test_a_bomb_is_refused_before_it_is_unpacked():
    bomb = zipped("0" * (8 << 20))
    assert len(bomb) < 1 << 20
    assert codes(NEW.read(bomb)) == [("too_large", None, None)]


def test_a_bomb_that_lies_about_its_size_is_refused():
    bomb = bytearray(zipped("0" * (8 << 20)))
    struct.pack_into("<I", bomb, bomb.index(b"PK\x01\x02") + 24, 100)
    assert codes(NEW.read(bytes(bomb))) == [("bad_zip", None, None)]


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty"), ("\n \n", "empty"), ("\n" * 250_001 + GOOD, "too_large")]
)
def test_a_file_of_no_lines_or_too_many_is_refused(text, code):
    assert codes(NEW.read(zipped(text))) == [(code, None, None)]


def test_a_file_that_is_no_text_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(NAME, GOOD.encode() + b"\xff\n")
    assert codes(NEW.read(packed.getvalue())) == [("bad_encoding", None, None)]


@pytest.mark.parametrize(
    ("slot", "code"),
    [("BTC-USDT.1h", "bad_slot"), ("BTC-USDT.2h.2026-11-19", "bad_slot"), ("BTCUSDT.1h.x", "unknown_symbol")],
)
def test_a_slot_that_names_no_market_rejects_the_archive(slot, code):
    assert [found for found, *_ in codes(replace(NEW, slot=slot).read())] == [code]


def test_an_archive_is_read_from_zips_only():
    assert [code for code, *_ in codes(replace(NEW, ext="json").read())] == ["no_parser"]


@given(st.integers(0, len(NEW.body) - 1), st.integers(0, 255), st.integers(0, 40))
@settings(max_examples=examples(300))
def test_no_damage_to_a_zip_raises(place, byte, cut):
    body = bytearray(NEW.body)
    body[place] = byte
    for damaged in (bytes(body), bytes(body[: len(body) - cut]), bytes(body[cut:])):
        assert_sound(NEW.read(damaged))


CELLS = st.sampled_from(
    ["", "0", "1", "-1", "1e999", "nan", str(START), str(START + HOUR), "9" * 60, "\x00", '"', "\ufeff", "é"]
) | st.text(st.characters(codec="utf-8", exclude_characters="\r\n,"), max_size=6)
LINES = st.lists(CELLS, min_size=1, max_size=14).map(",".join) | st.just(GOOD) | st.just("")


@given(st.lists(LINES, max_size=6))
def test_no_text_raises_and_every_line_is_accounted_for(lines):
    assert_sound(NEW.read(zipped(*lines)))


@given(st.decimals(min_value="0.000000000000000001", max_value=10**12, places=18))
def test_a_price_is_stored_exactly(price):
    prices = ",".join([f"{price:f}"] * 4)
    (row,) = rows(NEW.read(zipped(f"{START},{prices},1,{START + HOUR - 1},1,1,0,0,0")))
    assert [row[name] for name in ("open", "high", "low", "close")] == [Decimal(price)] * 4


HEADER = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,x,ignore"
HOURS = [later(hour) for hour in range(24) if hour not in {6, 7}]


def explained(*lines):
    """The hours that rejected rows explain, each with its code."""
    spans = NEW.read(zipped(*lines)).rejected
    return None if spans is None else [(span.start[8:13], span.end[8:13], span.code) for span in spans]


def test_a_day_without_rejected_rows_says_nothing_of_its_missing_hours():
    assert explained(*HOURS) is None


def test_a_header_is_rejected_and_explains_no_missing_hour():
    parsed = NEW.read(zipped(HEADER, *HOURS))
    assert (codes(parsed), parsed.rows_trusted) == ([("bad_type", 0, "open_time")], 22)
    assert parsed.rejected == ()


@pytest.mark.parametrize("place", [1, 2, 4, 6])
def test_a_rejected_row_explains_its_own_hour(place):
    bad = HOURS[10].split(",")  # 12:00
    bad[place] = "x"
    assert explained(*HOURS[:10], ",".join(bad), *HOURS[11:]) == [("19T12", "19T13", "bad_type")]


@pytest.mark.parametrize("bad", ["x", "", "9" * 30, "1"])
def test_a_row_that_does_not_say_its_time_may_be_what_lies_between_its_neighbours(bad):
    hours = [later(hour) for hour in range(24)]
    wrong = ",".join([bad, *GOOD.split(",")[1:]])
    ((first, last, _),) = explained(*hours[:6], wrong, *hours[8:])
    assert (first, last) == ("19T06", "19T08")
    assert [span[:2] for span in explained(*hours[:6], *hours[8:12], wrong, *hours[13:])] == [
        ("19T12", "19T13")
    ]


def test_a_short_line_explains_the_hour_between_its_neighbours():
    assert explained(*HOURS[:10], "1,2", *HOURS[11:]) == [("19T12", "19T13", "bad_shape")]


def test_a_repeated_row_explains_no_missing_hour():
    parsed = NEW.read(zipped(*HOURS, HOURS[3]))
    assert [code for code, *_ in codes(parsed)] == ["duplicate_row"] and not parsed.rejected


def test_a_row_off_its_grid_explains_the_hour_it_lies_in():
    off = HOURS[10].replace(str(START + 12 * HOUR), str(START + 12 * HOUR + 1_789_000))
    off = off.replace(str(START + 13 * HOUR - 1), str(START + 13 * HOUR + 1_788_999))
    assert explained(*HOURS[:10], off, *HOURS[11:]) == [("19T12", "19T13", "bad_time")]


def test_where_no_row_is_good_the_whole_window_is_explained():
    ((first, _, code),) = explained(HEADER)
    assert (first, code) == ("19T00", "bad_type")


def test_the_first_candle_after_an_outage_is_of_the_bucket_that_it_ends_with():
    """Reported: 1518168494789, 9 February 2018 at 09:28:14.789, was quarantined as off its grid."""
    name = "BTCUSDT-1h-2018-02-09"
    sample = replace(OLD, slot="BTC-USDT.1h.2018-02-09")
    late = "1518168494789,8289.0,8400.0,8200.0,8300.0,10.5,1518170399999,86000.0,500,5,40000,0"
    after = "1518170400000,8300.0,8400.0,8200.0,8300.0,10.5,1518173999999,86000.0,500,5,40000,0"
    parsed = sample.read(zipped(late, after, name=f"{name}.csv"))
    assert parsed.rejections == () and parsed.notes == ("snapped:open_time:1",)
    assert [row["open_time"] for row in rows(parsed)] == [
        datetime(2018, 2, 9, 9, tzinfo=UTC),
        datetime(2018, 2, 9, 10, tzinfo=UTC),
    ]


@pytest.mark.parametrize("end", ["1518172094788", "1518170399998", "1518169999999"])
def test_a_candle_off_its_grid_that_does_not_end_with_a_bucket_is_quarantined(end):
    sample = replace(OLD, slot="BTC-USDT.1h.2018-02-09")
    late = f"1518168494789,8289.0,8400.0,8200.0,8300.0,10.5,{end},86000.0,500,5,40000,0"
    parsed = sample.read(zipped(late, name="BTCUSDT-1h-2018-02-09.csv"))
    assert codes(parsed) == [("bad_time", 0, "open_time")]


def test_a_late_candle_beside_that_of_the_whole_bucket_is_a_repeat():
    late = later(3).replace(str(START + 3 * HOUR), str(START + 3 * HOUR + 60_000_000), 1)
    parsed = NEW.read(zipped(later(3), late, later(4)))
    assert [code for code, *_ in codes(parsed)] == ["duplicate_row"] and parsed.rows_trusted == 2
