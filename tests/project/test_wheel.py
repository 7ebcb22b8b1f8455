"""The built wheel works outside the checkout, and holds every file of our packages."""

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.repository import PACKAGES, ROOT, tracked

VENDORED = (
    "web/static/vendor/bootstrap.min.css",
    "web/static/vendor/fonts/be-vietnam-pro.css",
    "web/static/vendor/fonts/be-vietnam-pro-vietnamese-400-normal.woff2",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the backend that is installed: nothing is fetched."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(target.glob("certlog-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into a new environment, which borrows the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    uv, python = str(Path(sys.executable).with_name("uv")), str(folder / "bin" / "python")
    command = [uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, str(wheel)]
    subprocess.run(command, check=True, env={**os.environ, "UV_CACHE_DIR": str(folder / "cache")})
    # A folder named in a .pth file is searched, but its own .pth files, our editable install among them, are not read.
    site = next((folder / "lib").glob("python3*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run something of the new environment outside the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(installed / "bin" / arguments[0]), *arguments[1:]]
    return subprocess.run(
        command, cwd=installed, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_every_file_of_our_packages(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for package in PACKAGES for name in tracked(package)}
    assert "certlog/py.typed" in wanted
    assert wanted - held == set()
    assert set(VENDORED) - held == set()


def test_the_wheel_holds_nothing_but_our_packages(wheel: Path) -> None:
    top_level = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in top_level if not name.endswith(".dist-info")} == set(PACKAGES)


def test_every_module_of_the_wheel_is_imported_outside_the_checkout(installed: Path) -> None:
    modules = [
        ".".join(Path(name).with_suffix("").parts)
        for package in PACKAGES
        for name in tracked(f"{package}/**.py")
        # Alembic runs its scripts itself, and web.wsgi makes a server of the environment's settings.
        if not name.endswith(("__init__.py", "web/wsgi.py", "gunicorn_conf.py"))
        and "/migrations/" not in name
    ]
    program = (
        "import importlib, json, sys\n"
        f"modules = [importlib.import_module(name) for name in {[*PACKAGES, *modules]!r}]\n"
        "print(json.dumps([module.__file__ for module in modules]))"
    )
    done = run(installed, "python", "-I", "-c", program)
    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout)
    assert len(files) == len(modules) + len(PACKAGES)
    assert [file for file in files if not Path(file).is_relative_to(installed)] == []


def test_the_wheels_command_answers_outside_the_checkout(installed: Path) -> None:
    done = run(installed, "certlog", "--help")
    assert done.returncode == 0, done.stderr
    assert "verify" in done.stdout


def test_the_wheel_names_its_licence_and_python(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    text = (
        zipfile.ZipFile(wheel)
        .read(next(name for name in names if name.endswith(".dist-info/METADATA")))
        .decode()
    )
    assert "License-Expression: Apache-2.0" in text
    assert "Requires-Python: >=3.11" in text
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert importlib.metadata.version("certlog") in text
