#!/bin/sh
# What a node needs on a public Debian box; run as root by Vagrant.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --no-install-recommends python3 qemu-system-x86 qemu-utils openssh-server \
    openssh-client iproute2 nftables procps socat btrfs-progs lvm2 thin-provisioning-tools
