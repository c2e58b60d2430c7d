#!/bin/sh
# Makes the pictures of this folder from a fresh demonstration. Needs memento and Pillow (which matplotlib brings)
# in the Python at hand, and chromium.
#   docs/images/make.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
memento demo -q >/dev/null
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-background-networking \
  --user-data-dir="$work/profile" --window-size=1040,1330 --screenshot="$work/page.png" \
  "file://$work/memento-demo/report.html" 2>/dev/null
python - "$work" "$here" <<'PYTHON'
import re
import sys
from pathlib import Path

from PIL import Image

work, here = map(Path, sys.argv[1:])
page = Image.open(work / "page.png").convert("RGB")
page.quantize(96, dither=Image.Dither.NONE).save(here / "report.png", optimize=True)

report = (work / "memento-demo" / "report.html").read_text()
colours = re.search(r":root \{.*?\}\n@media[^{]*\{.*?\n\}", report, re.DOTALL).group()
picture = re.search(r'<svg viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*aria-label="NDCG at 10 by scorer.*?</svg>', report, re.DOTALL)
opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture[1]}pt" height="{picture[2]}pt"'
(here / "ndcg.svg").write_text(picture[0].replace("<svg", f"{opening}", 1).replace(">", f"><style>{colours}</style>", 1))
PYTHON
