"""`python -m reference.cli.idmap FORMAT [ID]`: how a map on standard input is understood.

Standard input, because a map may hold a NUL, which no argument can (IDMAP-14).
"""

import json
import sys

from reference.cli.options import run
from reference.idmap import map_id, parse_idmap


def main() -> int:
    """Print the map as JSON, null for no map; with ID what it maps to instead."""
    id_format, *asked = sys.argv[1:]
    found = parse_idmap(sys.stdin.read(), id_format)
    if asked:
        print(map_id(found, asked[0]))
        return 0
    whole = found and {**found._asdict(), "entries": dict(found.entries)}
    print(json.dumps(whole, sort_keys=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(run(main))
