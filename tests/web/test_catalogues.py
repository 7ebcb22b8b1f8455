"""The Vietnamese catalogue is complete, compiled, and says nothing that the profession minds."""

import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po
from flask_babel import force_locale, gettext

from tests.web.stand_in import StandIn, app_around

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "web" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"


def test_every_text_is_translated_and_the_compiled_catalogue_is_up_to_date() -> None:
    check = subprocess.run(
        [sys.executable, "tools/catalogues.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (check.returncode, check.stdout.strip()) == (0, "")


def test_the_check_finds_a_text_that_is_not_in_the_catalogue(tmp_path: Path) -> None:
    # The same program over a copy with one more template: the check itself is what is tested here.
    copy = tmp_path / "copy"
    (copy / "tools").mkdir(parents=True)
    (copy / "tools" / "catalogues.py").write_bytes((ROOT / "tools" / "catalogues.py").read_bytes())
    (copy / "web" / "templates").mkdir(parents=True)
    (copy / "web" / "templates" / "new.html").write_text("{{ _('A new text') }}", "utf-8")
    check = subprocess.run(
        [sys.executable, "tools/catalogues.py", "--check"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 1
    assert "not translated: 'A new text'" in check.stdout


def test_the_words_that_the_profession_minds_are_not_used() -> None:
    with PO.open("rb") as file:
        said = " ".join(str(message.string).lower() for message in read_po(file))
    # One kind of certificate is of legal metrology, and bears its name.
    said = said.replace("giấy chứng nhận kiểm định", "")
    # "giả" (fake) accuses; "kiểm định", "thẩm tra" are legal terms of other activities.
    for word in (" giả ", "giả mạo", "kiểm định", "thẩm tra"):
        assert word not in said


def test_placeholders_survive_translation() -> None:
    app = app_around(StandIn())
    with app.test_request_context(), force_locale("vi"):
        assert gettext("at block %(number)s", number=7) == "tại khối 7"
