"""The machine that was measured on."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from fixtures.world.stage import Stage


def describe(stage: Stage) -> dict[str, str]:
    """Processor, memory, kernel, QEMU and ssh, in words."""
    about = stage.about()
    node = stage.lab.nodes["pve1"]
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    cores = len(os.sched_getaffinity(0))
    return {
        "processor": f"{found[1] if found else platform.processor()}, {cores} cores",
        "memory": f"{size:.0f} GiB",
        "kernel": ".".join(platform.release().split(".")[:2]),
        "QEMU": f"{about['QEMU']}, {about['accelerator']}",
        "ssh": node.run(["ssh", "-V"]).stderr.split(",")[0].strip(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }
