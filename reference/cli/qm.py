"""`qm`: the guest commands of a node."""

from functools import partial

from reference.cli.options import program

main = partial(program, "qm")
