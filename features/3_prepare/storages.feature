Feature: Storages of a guest, and the way to the target

  @offline @PREP-13 @PREP-16 @IDMAP-17
  Rule: Every volume of every section must be allowed where it is and where it goes; the way to the target is probed last

    Scenario: The target would refuse the connection in any case
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And storage "small" has "nodes pve2"
      And "pve2" knows the key of no other node
      When guest 100 is migrated to "pve2" with "" once for each row:
        | unused0: only1:100/a.raw                   |                              | storage 'only1' is not available on node 'pve2'          |
        | unused0: only1:100/a.raw                   | --targetstorage only1:alt    | .* using public key                                      |
        | unused7: small:100/a.raw                   |                              | storage 'small' is not available on node 'pve1'          |
        | [PENDING] / virtio0: off:100/a.raw         |                              | storage 'off' is disabled                                |
        | [one] / sata0: gone:100/a.raw              |                              | storage 'gone' does not exist                            |
        | [one] / scsi0: alt:100/a.raw / [two] / vmstate: only1:100/b.raw | | storage 'only1' is not available on node 'pve2' |
        | [one] / ide2: local:iso/a.iso,media=cdrom  | --targetstorage alt          | storage 'alt' does not support content type 'iso'        |
        | ide2: none,media=cdrom / scsi1: /dev/sda   |                              | .* using public key                                      |
      Then each time it is aborted for the reason of the row
      And nothing has changed on any node

  @offline @PREP-15
  Rule: A shared storage that the source does not reach is worth a warning

    Scenario: Its directory is missing where the stopped guest is
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And volume "shared:iso/a.iso" of 1 MiB exists on "pve2"
      And guest 100 has "ide2: shared:iso/a.iso,media=cdrom" in its config
      And the directory of storage "shared" is missing on "pve1"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the log has a line like "storage 'shared'"
      And no line of the task log is an error

  @offline @PREP-18
  Rule: A template moves like any stopped guest, and its base images stay base images

    Scenario: A template with two images
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And guest 100 owns these volumes of 256 KiB:
        """
        local:100/base-100-disk-0.raw
        local:100/base-100-disk-1.qcow2
        """
      And guest 100 has in its config "template: 1 / scsi0: local:100/base-100-disk-0.raw / scsi1: local:100/base-100-disk-1.qcow2"
      When guest 100 is migrated to "pve2" with "--online"
      Then the migration finishes successfully
      And these volumes have moved from "pve1" to "pve2":
        | local:100/base-100-disk-0.raw   | local:100/base-100-disk-0.raw   |
        | local:100/base-100-disk-1.qcow2 | local:100/base-100-disk-1.qcow2 |
      And the config of guest 100 has "template: 1"
