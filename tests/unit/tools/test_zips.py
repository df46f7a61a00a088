import os
import zipfile
from pathlib import Path

from tools.zips import write_zip


def tree(root: Path) -> list[Path]:
    files = [root / "b.py", root / "a" / "c.json"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.name)
    return files


def test_the_same_files_give_the_same_bytes_whatever_their_order_date_and_mode(tmp_path: Path):
    files = tree(tmp_path / "one")
    write_zip(tmp_path / "one.zip", tmp_path / "one", files)
    others = tree(tmp_path / "two")
    os.utime(others[0], (1, 1))
    others[1].chmod(0o600)
    write_zip(tmp_path / "two.zip", tmp_path / "two", reversed(others))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_zip_holds_names_below_the_root_that_lambda_may_read(tmp_path: Path):
    write_zip(tmp_path / "out" / "x.zip", tmp_path / "src", tree(tmp_path / "src"))
    entries = zipfile.ZipFile(tmp_path / "out" / "x.zip").infolist()
    assert [entry.filename for entry in entries] == ["a/c.json", "b.py"]
    assert all(entry.external_attr >> 16 == 0o644 for entry in entries)


def test_packages_lie_beside_the_functions_own_files(tmp_path: Path):
    files = tree(tmp_path / "functions")
    tree(tmp_path / "packages" / "driver")
    write_zip(tmp_path / "x.zip", tmp_path / "functions", files, tmp_path / "packages")
    names = [entry.filename for entry in zipfile.ZipFile(tmp_path / "x.zip").infolist()]
    assert names == ["a/c.json", "b.py", "driver/a/c.json", "driver/b.py"]
