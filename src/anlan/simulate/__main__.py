"""`python -m anlan.simulate carrier …`: a carrier that reaches nobody; ./anlan simulate carrier calls it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from anlan.simulate import behaviour
from anlan.simulate.carrier import Carrier
from anlan.simulate.record import Record
from anlan.simulate.server import Callback, Door

LOOPBACK = "127.0.0.1"


def main(arguments: list[str]) -> int:
    """What cannot be is said in a sentence, and nothing starts."""
    options = parser().parse_args(arguments)
    try:
        wanted = behaviour.read(options.behaviour) if options.behaviour else behaviour.Behaviour()
        secret = json.loads(options.secrets.read_text(encoding="utf-8"))[options.code]
    except behaviour.BehaviourError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Not its words: they may quote the file.
        print(f"{options.secrets}: no secret of {options.code} ({type(error).__name__})", file=sys.stderr)
        return 2
    carrier = Carrier(wanted, Record(options.record))
    callback = Callback(options.callback, options.ca) if options.callback else None
    door = Door((options.listen, options.port), carrier, secret, callback)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=door.end).start())
    print(f"http://{options.listen}:{door.server_port}/ ({options.code})", flush=True)
    door.serve()
    carrier.record.close()
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="./anlan simulate", description=__doc__)
    carrier = made.add_subparsers(required=True).add_parser(
        "carrier", help="an SMS gateway and call platform"
    )
    carrier.add_argument(
        "--port", type=int, default=8600, help="0: any that is free; the first line says which"
    )
    carrier.add_argument("--listen", default=LOOPBACK)
    carrier.add_argument("--code", required=True, help="the carrier's code: names its secret")
    carrier.add_argument("--secrets", type=Path, required=True, help="the file ANLAN_CARRIER_SECRETS names")
    carrier.add_argument(
        "--behaviour", type=Path, help="YAML; none: everything arrives, everybody presses a key"
    )
    carrier.add_argument("--callback", help="https://…/gateway/CODE/events; none: nothing is told")
    carrier.add_argument("--ca", type=Path, help="root certificate of the node")
    carrier.add_argument(
        "--record", type=Path, required=True, help="file of its record; goes on where it ended"
    )
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
