#!/bin/bash
# Makes a Debian 12 or 13 host a node of the cluster; run as root on each, in any order:
#   provision.sh [NAME=ADDRESS...]     default: pve1=10.77.0.11 pve2=10.77.0.12 pve3=10.77.0.13
# The host is the member whose address it has. The last one serves /etc/pve and /mnt/shared by NFS.
# For machines that hold nothing else: the suite wipes what it finds in the storages.
#   provision.sh --packages            prints what a node needs (the box recipe asks)
#   provision.sh --box [NAME=ADDRESS...]   configures an image that all nodes start from, starts nothing
set -euo pipefail

packages="python3 qemu-system-x86 qemu-utils openssh-server openssh-client iproute2
    nftables procps socat tcpdump curl kmod btrfs-progs lvm2 thin-provisioning-tools e2fsprogs
    nfs-kernel-server nfs-common chrony"
zfs_packages="zfsutils-linux"
box=
fail() { echo "provision.sh: $*" >&2; exit 1; }

case ${1-} in
--packages) echo $packages $zfs_packages; exit ;;
--box) box=yes; shift ;;
esac

# ---- who is who
[ $# -gt 0 ] || set -- pve1=10.77.0.11 pve2=10.77.0.12 pve3=10.77.0.13
names=() addresses=()
for member; do
    [[ $member =~ ^([a-z][a-z0-9-]*)=([0-9]+(\.[0-9]+){3})$ ]] ||
        fail "'$member': expected NAME=ADDRESS, as pve1=10.77.0.11"
    names+=("${BASH_REMATCH[1]}") addresses+=("${BASH_REMATCH[2]}")
done
[ $# -ge 2 ] || fail "'$*': expected two members or more"
server=${names[-1]}

require_host() {
    local ID=none VERSION_ID=none at
    # shellcheck disable=SC1091
    . /etc/os-release
    [ "$ID" = debian ] && [[ $VERSION_ID == 1[23] ]] ||
        fail "this is $ID $VERSION_ID: expected Debian 12 or 13"
    [ "$(id -u)" = 0 ] || fail "this is user $(id -un): run it as root"
    [ -z "$box" ] || return 0
    [ -d /run/systemd/system ] || fail "systemd does not run here: expected a Debian machine of its own"
    for at in "${!names[@]}"; do
        if [[ " $(hostname -I)" == *" ${addresses[at]} "* ]]; then name=${names[at]} address=${addresses[at]}; return; fi
    done
    fail "none of the members' addresses (${addresses[*]}) is on this host ($(hostname -I)): name it, NAME=ADDRESS..."
}

# ---- packages; OpenZFS is compiled for the running kernel, which takes some minutes
install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    # shellcheck disable=SC2086  # one word per package
    apt-get -qq install --no-install-recommends $packages >/dev/null
    if ! modinfo zfs >/dev/null 2>&1; then
        echo "deb http://deb.debian.org/debian $(. /etc/os-release; echo "$VERSION_CODENAME") contrib" \
            >/etc/apt/sources.list.d/contrib.list
        apt-get -qq update
        apt-get -qq install --no-install-recommends zfs-dkms "linux-headers-$(uname -r)" >/dev/null ||
            echo "provision.sh: no OpenZFS for kernel $(uname -r): this node will be without" >&2
    fi
    apt-get -qq install --no-install-recommends $zfs_packages >/dev/null || true
}

# Writes standard input to a file.
file() { mkdir -p "${1%/*}" && cat >"$1"; }

# ---- directories, as storage.cfg and the commands of a node expect them
write_directories() {
    file /etc/tmpfiles.d/node.conf <<'EOF'
d /run/qemu-server 0755
d /run/lock/pve-manager 0755
d /run/lock/qemu-server 0755
d /var/lib/small/images 0755
EOF
    mkdir -p /etc/pve /mnt/shared /srv/node/{pve,shared} /var/log/pve/tasks /var/lib/{vz,alt,only1,isos,small}
    mkdir -p /var/lib/{vz,alt,only1}/images /var/lib/{vz,isos}/template/iso /srv/node/shared/{images,template/iso}
    mkdir -p /var/lib/pve-manager "${names[@]/#//srv/node/pve/nodes/}"
    for name_ in "${names[@]}"; do mkdir -p "/srv/node/pve/nodes/$name_/qemu-server"; done
    grep -q ' /var/lib/small ' /etc/fstab ||
        echo 'small /var/lib/small tmpfs size=48m,mode=755 0 0' >>/etc/fstab
}

# ---- names, and root from node to node
write_names() {
    local at hosts
    hosts=$(sed '/# node of the lab$/d; /^127\.0\.1\.1/d' /etc/hosts)
    for at in "${!names[@]}"; do
        hosts+=$'\n'"${addresses[at]} ${names[at]} # node of the lab"
    done
    echo "$hosts" >/etc/hosts
    [ -n "$box" ] || { echo "$name" >/etc/hostname && hostname "$name"; }
}

write_ssh() {
    file /etc/ssh/sshd_config.d/00-node.conf <<'EOF'
PermitRootLogin prohibit-password
AuthorizedKeysFile .ssh/authorized_keys /etc/pve/priv/authorized_keys
UseDNS no
GSSAPIAuthentication no
PrintMotd no
PrintLastLog no
MaxSessions 500
MaxStartups 1000
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
StreamLocalBindUnlink yes
EOF
    file /etc/ssh/ssh_config.d/00-node.conf <<'EOF'
GlobalKnownHostsFile /etc/ssh/ssh_known_hosts /etc/pve/priv/known_hosts
KexAlgorithms ^curve25519-sha256
GSSAPIAuthentication no
EOF
    mkdir -p -m 700 /root/.ssh
    [ -f /root/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C node -f /root/.ssh/id_ed25519
    touch /root/.ssh/authorized_keys && chmod 600 /root/.ssh/authorized_keys
    # a box's nodes have all one key; other hosts tell theirs in /etc/pve/priv when they have joined
    [ -z "$box" ] || cat /root/.ssh/id_ed25519.pub >>/root/.ssh/authorized_keys
}

# ---- /etc/pve and /mnt/shared: one directory each for all nodes, the server's own node too, so that
# locks are between all of them. noac and no lookup cache: a rename is seen at once everywhere.
write_share() {
    file /etc/exports.d/node.exports <<'EOF'
/srv/node *(rw,sync,no_subtree_check,no_root_squash,insecure,fsid=0)
EOF
    file /etc/nfs.conf.d/node.conf <<'EOF'
[nfsd]
vers3=n
vers4=y
lease-time=10
grace-time=10
EOF
    file /etc/systemd/system/node-share.service <<EOF
[Unit]
Description=/etc/pve and /mnt/shared, shared by all nodes
After=network.target local-fs.target
Wants=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=infinity
KillMode=process
ExecStart=/usr/local/sbin/node-share $server
[Install]
WantedBy=multi-user.target
EOF
    file /usr/local/sbin/node-share <<'EOF'
#!/bin/bash
# node-share SERVER: mounts what all nodes share; on the server starts to serve it. Ends when it is there.
set -uo pipefail
server=$1
if [ "$HOSTNAME" = "$server" ]; then
    chattr -R +SD /srv/node/pve # a rename outlives a power failure
    # version 4 alone needs neither rpcbind nor statd, which nfs-server.service brings
    modprobe nfsd
    mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
    exportfs -r && rpc.mountd && rpc.nfsd 4
    echo Y >/proc/fs/nfsd/v4_end_grace # locks of before a crash are not waited for
fi
options=vers=4.2,noac,lookupcache=none,soft,timeo=50,retrans=1,retry=0
until mountpoint -q /etc/pve || mount -t nfs4 -o $options "$server:/pve" /etc/pve; do sleep 1; done
until mountpoint -q /mnt/shared || mount -t nfs4 -o $options "$server:/shared" /mnt/shared; do sleep 1; done
[ ! -x /usr/local/sbin/node-keys ] || /usr/local/sbin/node-keys
modprobe -q kvm_amd || modprobe -q kvm_intel
modprobe -q zfs
true
EOF
    [ -n "$box" ] || file /usr/local/sbin/node-keys <<EOF
#!/bin/bash
# Tells the other nodes this one's keys, as Proxmox does: in /etc/pve/priv.
set -euo pipefail
priv=/etc/pve/priv
mkdir -p -m 700 \$priv
tell() { grep -qsxF "\$2" "\$1" || echo "\$2" >>"\$1"; }
tell \$priv/authorized_keys "\$(cat /root/.ssh/id_ed25519.pub)"
while read -r type key _; do tell \$priv/known_hosts "$name,$address \$type \$key"; done < <(cat /etc/ssh/ssh_host_*_key.pub)
EOF
    chmod 755 /usr/local/sbin/node-*
}

write_clock() { # the server's clock for all where no better one is reached; its own loop chrony ignores
    file /etc/chrony/conf.d/node.conf <<EOF
server $server iburst minpoll 2 maxpoll 4
local stratum 10
allow
makestep 0.05 -1
EOF
}

require_host
[ -n "$box" ] || install_packages
write_directories
write_names
write_ssh
write_share
write_clock
echo 'options zfs zfs_arc_max=67108864' >/etc/modprobe.d/node.conf
echo 'vm.overcommit_memory=1' >/etc/sysctl.d/node.conf # guests may have more memory than the node has
systemctl -q disable nfs-server && systemctl -q mask nfs-server
systemctl -q enable node-share ssh chrony
file /etc/migration-conformance/disposable <<<'The conformance suite may wipe this host.'
[ -z "$box" ] || exit 0

systemd-tmpfiles --create node.conf
mountpoint -q /var/lib/small || mount /var/lib/small
sysctl -q -p /etc/sysctl.d/node.conf
systemctl daemon-reload
systemctl reload ssh
systemctl restart chrony
systemctl start --no-block node-share # waits for the server, which may not be provisioned yet
echo "$name is a node: 'systemctl start node-share' ends when /etc/pve and /mnt/shared are there"
