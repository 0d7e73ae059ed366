Feature: Asking whether a guest can migrate

  @offline @PRECOND-01 @LOCK-18
  Rule: Only who may migrate is told, of a guest that is here and not locked, in a cluster with quorum

    Scenario: One thing after the other is missing
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster has these users:
        """
        user:ci@pve:1:0:::::
        acl:1:/vms:ci@pve:PVEVMAdmin:
        """
      When guest 100 is asked for "GET /migrate" in these ways:
        | who      | besides                | more users                       | with        | status | answer                 |
        | ci@pve   |                        |                                  | target=pve2 | 200    |                        |
        | ci@pve   |                        | acl:1:/vms/100:ci@pve:PVEVMUser: |             | 403    | (/vms/100, VM.Migrate) |
        | ci@pve   | there is no quorum     |                                  |             | 500    | no quorum              |
        | root@pam | there is no such guest |                                  |             | 500    | does not exist         |
        | root@pam | the guest is locked    |                                  |             | 500    | VM is locked (backup)  |
      Then each is answered as it has to be

    Scenario: The guest is being migrated
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When the preconditions of guest 100 are asked for once for each row:
        | lock: migrate | message | "VM is locked (migrate)" |
      Then each answer has the part of its row

  @offline @PRECOND-03 @PRECOND-04 @PRECOND-05 @PRECOND-06 @PRECOND-07
  Rule: A node is allowed if nothing is against it, and every other node is told with what is, were it nothing

    Scenario: Storages and mappings of a stopped guest
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And storage "small" has "nodes pve1,pve2"
      And these resource mappings:
        | pci | gpu | pve1 pve3 | |
        | usb | key | pve1      | |
      When the preconditions of guest 100 are asked for once for each row:
        | onboot: 0                                                | running           | 0                                                           |
        | onboot: 0                                                | allowed_nodes     | ["pve2", "pve3"]                                            |
        | onboot: 0                                                | not_allowed_nodes | {"pve2": {}, "pve3": {}}                                    |
        | scsi1: small:100/a.raw / scsi2: shared:100/b.raw         | allowed_nodes     | ["pve2"]                                                    |
        | scsi1: small:100/a.raw / scsi2: only1:100/b.raw          | not_allowed_nodes | {"pve2": {"unavailable_storages": ["only1"]}, "pve3": {"unavailable_storages": ["only1", "small"]}} |
        | scsi1: off:100/a.raw / scsi2: off:100/b.raw              | not_allowed_nodes | {"pve2": {"unavailable_storages": ["off"]}, "pve3": {"unavailable_storages": ["off"]}} |
        | unused0: off:100/a.raw / [PENDING] / scsi1: only1:100/a.raw / [one] / scsi1: only1:100/a.raw | allowed_nodes | ["pve2", "pve3"]            |
        | scsi1: isos:100/a.raw                                    | allowed_nodes     | ["pve2", "pve3"]                                            |
        | hostpci1: mapping=gpu                                    | allowed_nodes     | ["pve3"]                                                    |
        | hostpci1: mapping=gpu / usb0: mapping=key                | not_allowed_nodes | {"pve2": {"unavailable-resources": ["hostpci1", "usb0"]}, "pve3": {"unavailable-resources": ["usb0"]}} |
      Then each answer has the part of its row

  @offline @PRECOND-02
  Rule: Naming a target changes nothing of the answer

    Scenario: The target is one that is not allowed
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And storage "small" has "nodes pve1,pve2"
      When the preconditions of guest 100 for "pve3" are asked for once for each row:
        | scsi1: small:100/a.raw | allowed_nodes     | ["pve2"]                                                  |
        | scsi1: small:100/a.raw | not_allowed_nodes | {"pve2": {}, "pve3": {"unavailable_storages": ["small"]}} |
      Then each answer has the part of its row

  @offline @PRECOND-05
  Rule: A node is told with the HA resources there that must not be where the guest is

    Scenario: One is on pve2, one is ignored by HA, one may be beside the guest
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 101 on "pve2" without disks and with 16 MiB of memory
      And guest 102 on "pve3" without disks and with 16 MiB of memory
      And guest 103 on "pve3" without disks and with 16 MiB of memory
      And the cluster file "ha/resources.cfg" is:
        """
        vm: 100

        vm: 101

        vm: 102
        	state ignored

        vm: 103
        """
      And the cluster file "ha/rules.cfg" is:
        """
        resource-affinity: apart
        	resources vm:100,vm:101,vm:102
        	affinity negative

        resource-affinity: together
        	resources vm:100,vm:103
        	affinity positive
        """
      When the preconditions of guest 100 are asked for once for each row:
        | onboot: 0 | allowed_nodes     | ["pve3"] |
        | onboot: 0 | not_allowed_nodes | {"pve2": {"blocking-ha-resources": [{"sid": "vm:101", "cause": "resource-affinity"}]}, "pve3": {}} |
      Then each answer has the part of its row

  @offline @PRECOND-08
  Rule: Every volume that other nodes do not have is told, whatever section refers to it

    Scenario: Disks, paths and CD drives of every kind
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When the preconditions of guest 100 are asked for with these last lines:
        """
        ide0: none,media=cdrom
        ide1: cdrom,media=cdrom
        ide2: local:iso/a.iso,media=cdrom,size=4K
        scsi1: shared:100/a.raw,size=1M
        scsi2: /dev/sda
        scsi3: /dev/sdb,shared=1
        unused0: alt:100/old.qcow2
        [PENDING]
        scsi4: alt:100/new.raw,size=2G
        [one]
        scsi5: local:100/snapshot.raw
        vmstate: local:100/state.raw
        """
      Then these are told as the local disks:
        | local:100/vm-100-disk-0.raw | 1048576    |           |
        | /dev/sda                    |            |           |
        | cdrom                       |            | cdrom     |
        | local:iso/a.iso             | 4096       | cdrom     |
        | alt:100/old.qcow2           |            | is_unused |
        | alt:100/new.raw             | 2147483648 |           |
        | local:100/snapshot.raw      |            |           |
        | local:100/state.raw         |            |           |

  @offline @RES-01 @RES-02 @RES-04 @RES-05 @RES-06 @PRECOND-09 @PRECOND-10
  Rule: The devices of a stopped guest are told, and the names of those that have one

    Scenario: Devices and their mappings
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And these resource mappings:
        | pci       | gpu   | pve1 pve2 pve3 |                          |
        | pci       | nic   | pve1 pve2 pve3 | live-migration-capable 1 |
        | usb       | stick | pve1 pve2 pve3 |                          |
        | directory | share | pve1 pve2 pve3 |                          |
      When the preconditions of guest 100 are asked for once for each row:
        | hostusb: 1:2 / hostpci: 01:00.0 / ivshmem: size=1            | local_resources      | ["hostusb", "hostpci", "ivshmem"] |
        | parallel0: /dev/x / serial0: socket / serial1: /dev/ttyS0    | local_resources      | ["parallel0", "serial1"]          |
        | usb0: host=spice / usb1: host=1-2 / hostpci3: 01:00.0;02:00  | local_resources      | ["hostpci3", "usb1"]              |
        | amd-sev: std / intel-tdx: tdx / vga: qxl,clipboard=vnc       | local_resources      | []                                |
        | hostpci0: mapping=gpu / hostpci1: mapping=nic                | local_resources      | []                                |
        | usb0: mapping=stick / virtiofs0: share                       | local_resources      | ["usb0", "virtiofs0"]             |
        | usb0: mapping=stick / virtiofs0: share / hostpci0: mapping=x | mapped-resources     | ["hostpci0", "usb0", "virtiofs0"] |
        | hostpci1: mapping=nic,pcie=1 / virtiofs0: dirid=share        | mapped-resource-info | {"hostpci1": {"name": "nic", "live-migration": 1}, "virtiofs0": {"name": "share"}} |
        | virtiofs0: missing                                           | allowed_nodes        | []                                |
      Then each answer has the part of its row

  @live @RES-03 @RES-05 @RES-06 @PRECOND-03 @PRECOND-09 @PREP-12
  Rule: A running guest is told with what it cannot take along while it runs

    Scenario: Its machine type is an old one
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has in its config "machine: pc-i440fx-7.2"
      And guest 100 is running
      And these resource mappings:
        | pci       | gpu   | pve1 pve2 pve3 |                          |
        | pci       | nic   | pve1 pve2 pve3 | live-migration-capable 1 |
        | directory | share | pve1 pve2 pve3 |                          |
      When the preconditions of guest 100 are asked for once for each row:
        | onboot: 0                                     | running         | 1                                  |
        | amd-sev: std / intel-tdx: tdx                 | local_resources | ["amd-sev", "intel-tdx"]           |
        | virtiofs0: share                              | local_resources | ["virtiofs", "virtiofs0"]          |
        | hostpci0: mapping=gpu / hostpci1: mapping=nic | local_resources | ["hostpci0"]                       |
        | vga: qxl,clipboard=vnc / parallel0: /dev/x    | local_resources | ["parallel0", "clipboard=vnc"]     |
        | vga: qxl                                      | local_resources | []                                 |
      Then each answer has the part of its row

  @offline @PRECOND-14
  Rule: Asking takes no lock and changes nothing

    Scenario: Somebody else holds both locks of the guest
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And another process on "pve1" holds the migration lock of guest 100
      And another process on "pve1" holds the config lock of guest 100
      When the preconditions of guest 100 are asked for
      Then the preconditions are answered with 200 and ""
      And nothing has changed on any node
