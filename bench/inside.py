"""`python -m bench.inside module:function ARGUMENTS`: runs a part of a benchmark inside the product, Django set up.

The function gets the arguments as text; what it returns is printed as the last line, as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys

import django


def main(arguments: list[str]) -> None:
    django.setup()
    module, _, function = arguments[0].partition(":")
    told = getattr(importlib.import_module(module), function)(*arguments[1:])
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
