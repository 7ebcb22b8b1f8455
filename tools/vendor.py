"""Copies what pages need from node_modules to web/static/vendor, so that no page asks another host for anything.

Bootstrap's style sheet, and Be Vietnam Pro in the three subsets that Vietnamese needs; without latin-ext, words such as
"Nguyễn" mix two fonts. The folder is made again from nothing each time, and is packaged in the wheel.
"""

import re
import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MODULES: Final = ROOT / "node_modules"
BOOTSTRAP: Final = MODULES / "bootstrap"
FONT: Final = MODULES / "@fontsource" / "be-vietnam-pro"
VENDOR: Final = ROOT / "web" / "static" / "vendor"

WEIGHTS: Final = (400, 600, 700)
SUBSETS: Final = ("vietnamese", "latin-ext", "latin")
# One @font-face of fontsource's WEIGHT.css, and the older format that browsers with CSS grid do not need.
FACE: Final = re.compile(
    r"/\* be-vietnam-pro-(?P<subset>[a-z-]+)-\d+-normal \*/\n(?P<rule>@font-face \{.*?\n\})", re.DOTALL
)
WOFF: Final = re.compile(r", url\([^)]*\.woff\) format\('woff'\)")
SOURCE_MAP: Final = re.compile(r"\s*/\*# sourceMappingURL=[^*]*\*/\s*$")


def vendor_bootstrap(target: Path) -> None:
    """Copy the style sheet, without the link to a source map that is not served."""
    style = (BOOTSTRAP / "dist" / "css" / "bootstrap.min.css").read_text(encoding="utf-8")
    (target / "bootstrap.min.css").write_text(SOURCE_MAP.sub("\n", style), encoding="utf-8")
    shutil.copyfile(BOOTSTRAP / "LICENSE", target / "bootstrap.LICENSE.txt")


def vendor_font(target: Path) -> None:
    """Copy the font's files and write one style sheet that names them."""
    target.mkdir()
    rules = [font_face(weight, subset) for weight in WEIGHTS for subset in SUBSETS]
    (target / "be-vietnam-pro.css").write_text("\n".join(rules) + "\n", encoding="utf-8")
    for weight in WEIGHTS:
        for subset in SUBSETS:
            shutil.copy(FONT / "files" / f"be-vietnam-pro-{subset}-{weight}-normal.woff2", target)
    shutil.copyfile(FONT / "LICENSE", target / "LICENSE.txt")


def font_face(weight: int, subset: str) -> str:
    """Return the @font-face rule of one file, as fontsource wrote it, its unicode-range included."""
    style = (FONT / f"{weight}.css").read_text(encoding="utf-8")
    found = {match["subset"]: match["rule"] for match in FACE.finditer(style)}
    return WOFF.sub("", found[subset]).replace("url(./files/", "url(")


def main() -> None:
    """Make web/static/vendor again."""
    if not BOOTSTRAP.is_dir() or not FONT.is_dir():
        message = f"{MODULES} lacks bootstrap or the font: run `make setup`, which runs `npm ci` first"
        raise SystemExit(message)
    # Made beside the folder and moved, so that a server that starts meanwhile never reads half of it.
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    vendor_bootstrap(fresh)
    vendor_font(fresh / "fonts")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


if __name__ == "__main__":
    main()
