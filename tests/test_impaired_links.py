"""What kernels tell of bad links, and of segments sent again."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from fixtures.observe import links

SNMP = """\
Tcp: RtoAlgorithm RtoMin InSegs OutSegs RetransSegs InErrs
Tcp: 1 200 5210 4711 12 0
"""


def node(said: str) -> Any:
    return SimpleNamespace(run=lambda _: SimpleNamespace(stdout=said))


def test_only_impaired_links_count_and_all_of_them() -> None:
    told = [
        {"kind": "netem", "dev": "eth1", "options": {"delay": {"delay": 0.05}}}
        | {"bytes": 686, "packets": 7, "drops": 2},
        {"kind": "htb", "dev": "eth1", "packets": 90, "drops": 9},
        {"kind": "netem", "dev": "eth2", "bytes": 0, "packets": 1, "drops": 1},
        {"kind": "noqueue", "dev": "lo"},
    ]
    assert links.impaired(node(json.dumps(told))) == (8, 3)
    assert links.impaired(node("[]")) == (0, 0)


def test_segments_that_were_sent_again_are_found_by_name() -> None:
    assert links.resent(node(SNMP)) == 12
