"""`ha-manager`: which guests HA looks after, how they are, and requests to it."""

from functools import partial
from types import SimpleNamespace

from reference.cli.options import program
from reference.cluster import ha, membership
from reference.cluster.sections import Section
from reference.errors import Failure, ParameterFailure

main = partial(program, "ha-manager")


def migrate(options: SimpleNamespace) -> None:
    """Ask for a live migration; the agent of the guest's node takes it up (HA-05)."""
    ha.request("migrate", options.sid, options.node)


def relocate(options: SimpleNamespace) -> None:
    """Ask for a move of the guest, shut down before."""
    ha.request("relocate", options.sid, options.node)


def add(options: SimpleNamespace) -> None:
    """Let HA look after a guest of the cluster."""
    if ha.place_of(options.sid) is None:
        raise Failure(f"resource '{options.sid}' does not exist in the cluster")
    kind, _, vmid = options.sid.partition(":")
    with ha.changing_resources() as known:
        if vmid in known:
            raise ParameterFailure("sid", f"resource ID '{options.sid}' already defined")
        known[vmid] = Section(kind, vmid, 0, _given(options), {})


def set_options(options: SimpleNamespace) -> None:
    """Change how HA looks after a guest."""
    with ha.changing_resources() as known:
        _existing(known, options.sid).options.update(_given(options))


def remove(options: SimpleNamespace) -> None:
    """Let HA look after a guest no more."""
    with ha.changing_resources() as known:
        del known[_existing(known, options.sid).id]


def _existing(known: dict[str, Section], sid: str) -> Section:
    resource = known.get(sid.partition(":")[2])
    if resource is None or f"{resource.type}:{resource.id}" != sid:
        raise Failure(f"no such resource '{sid}'")
    return resource


def _given(options: SimpleNamespace) -> dict[str, str]:
    return {key: str(value) for key, value in vars(options).items() if value and key != "sid"}


def status(_: SimpleNamespace) -> None:
    """The quorum, whether HA is disarmed, and each resource: where it is and how."""
    print("quorum", "OK" if membership.quorate() else "No quorum on this node!")
    known = ha.status()
    if disarm := known.get("disarm"):
        print(f"fencing {disarm.get('state')}, resource mode: {disarm.get('mode')}")
    for vmid, resource in sorted(ha.resources().items()):
        sid = f"{resource.type}:{vmid}"
        facts = known.get("service_status", {}).get(sid, {})
        state = facts.get("state") or resource.options.get("state", "started")
        shown = [ha.place_of(sid) or "---", state if ha.cares_for(sid) else "ignored"]
        print(f"service {sid} ({', '.join([*shown, *filter(None, [facts.get('error')])])})")
