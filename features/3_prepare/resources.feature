Feature: Devices and directories of a node that a guest uses

  @offline @RES-01 @RES-02 @RES-08
  Rule: A guest that uses devices of its node is not migrated, and all of them are named and nothing else

    Scenario: The guest has devices of every kind, a serial socket and a USB port for a viewer
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has in its config "hostusb: 1234:5678 / hostpci: 01:00.0 / ivshmem: size=1"
      And guest 100 has in its config "parallel0: /dev/parport0 / serial0: socket / serial1: /dev/ttyS0"
      And guest 100 has in its config "hostpci0: 0000:01:00.0,pcie=1 / usb0: host=spice / usb1: host=1-2,usb3=1"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted over exactly "hostusb hostpci ivshmem hostpci0 parallel0 serial1 usb1" and the words "uses local devices"
      And nothing has changed on any node

  @offline @RES-01 @RES-02 @RES-03
  Rule: What only looks like a device of the node stops no migration, nor does encrypted memory of a stopped guest

    Scenario: A stopped guest has all of that
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has in its config "serial0: socket / usb0: host=spice / usb1: SPICE,usb3=1"
      And guest 100 has in its config "amd-sev: type=es / intel-tdx: type=tdx"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the config of guest 100 has "usb1: SPICE,usb3=1"
      And the config of guest 100 has "amd-sev: type=es"

  @live @RES-03 @RES-05 @RES-07 @RES-08 @RES-09 @CLI-11 @RES-11 @RES-12 @PREP-11 @PREP-12 @PREP-13
  Rule: Of all that holds a running guest on its node, local devices come first, then missing mappings, mapped devices, the clipboard, storages; force passes over the first

    Scenario: The disk it does not use would be in the way in any case
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has in its config "machine: pc-i440fx-7.2"
      And guest 100 is running
      And drive unused0 of guest 100 is "only1:100/vm-100-disk-9.raw", which does not exist
      And these resource mappings:
        | pci       | gpu   | pve1 pve2 |                          |
        | pci       | nic   | pve1 pve2 | live-migration-capable 1 |
        | usb       | stick | pve1 pve2 |                          |
        | usb       | key   | pve1 pve3 |                          |
        | directory | share | pve1 pve2 |                          |
      When guest 100 is migrated to "pve2" with "--online" once for each row:
        | hostpci0: 01:00.0 / hostpci1: mapping=gpu / usb0: mapping=key    |         | uses local devices:? hostpci0                            |
        | amd-sev: type=std / intel-tdx: type=tdx / hostpci1: mapping=gpu  |         | uses local devices:? amd-sev, intel-tdx                  |
        | virtiofs0: share                                                 |         | uses local devices:? virtiofs                            |
        | parallel0: /dev/null / usb0: mapping=key / hostpci1: mapping=gpu | --force | missing mapped devices:? usb0                            |
        | usb0: mapping=stick / hostpci0: mapping=nic / vga: clipboard=vnc | --force | following mapped devices:? usb0:stick                    |
        | hostpci0: mapping=nic / vga: qxl,clipboard=vnc                   |         | clipboard.*                                              |
        | hostpci0: mapping=nic / vga: qxl / hostpci1: 01:00.0             | --force | storage 'only1' is not available on node 'pve2'          |
      Then each time it is aborted for the reason of the row
      And nothing has changed on any node

  @live @PREP-12
  Rule: A running guest with a VNC clipboard moves if its machine type is of version 10.1 or newer

    Scenario: A machine type of today
      Given QEMU is version 10.1 or newer
      And a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has in its config "vga: std,clipboard=vnc"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully

  @offline @RES-04 @RES-10
  Rule: A node that lacks the entry of a mapped resource is no target, for a stopped guest neither and with force neither

    Scenario: The guest has resources of all kinds that the target lacks, and some that it has
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And these resource mappings:
        | pci       | gpu   | pve1      |                          |
        | pci       | nic   | pve1      | live-migration-capable 1 |
        | usb       | stick | pve1 pve2 |                          |
        | usb       | key   | pve1 pve3 |                          |
        | directory | share | pve3      |                          |
      And guest 100 has in its config "hostpci0: pcie=1,mapping=gpu / hostpci1: mapping=nic / hostpci2: mapping=nothing"
      And guest 100 has in its config "usb0: mapping=stick / usb1: mapping=key / virtiofs0: share / virtiofs1: dirid=other"
      When guest 100 is migrated to "pve2" with "--force"
      Then the migration is aborted over exactly "hostpci0 hostpci1 hostpci2 usb1 virtiofs0 virtiofs1" and the words "missing mapped devices"
      And nothing has changed on any node

  @offline @RES-06 @RES-07 @RES-09 @RES-12
  Rule: A stopped guest takes mapped resources along that the target has, and with force leaves its devices behind

    Scenario: The guest has mapped resources of all kinds and a device of its node
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And these resource mappings:
        | pci       | gpu   | pve1 pve2 | |
        | usb       | stick | pve1 pve2 | |
        | directory | share | pve1 pve2 | |
      And guest 100 has in its config "hostpci0: mapping=gpu / usb0: mapping=stick / virtiofs0: share / hostpci1: 02:00.0"
      When guest 100 is migrated to "pve2" with "--force"
      Then the migration finishes successfully
      And the log has a line like "uses local devices(: hostpci1)?$"
      And the log says "mapped"
      And no line of the task log is an error
