@offline
Feature: Which volumes a guest takes along

  A volume belongs to the move because some section of the guest's config names it, whatever else
  lies on the storages. What cannot move is found before anything is copied.

  @SCAN-01 @SCAN-02
  Rule: Every section of the config counts, and nothing else does

    Scenario: Volumes named by each section move, one that nothing names stays
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And guest 100 owns these volumes of 256 KiB:
        """
        local:100/vm-100-disk-1.raw
        local:100/vm-100-disk-2.raw
        alt:100/vm-100-disk-3.qcow2
        local:100/vm-100-state-before.raw
        local:100/vm-100-disk-9.raw
        """
      And the config of guest 100 goes on with:
        """
        unused0: local:100/vm-100-disk-1.raw

        [PENDING]
        scsi1: local:100/vm-100-disk-2.raw,size=256K

        [before]
        memory: 32
        scsi0: local:100/vm-100-disk-0.qcow2,size=1M
        scsi3: alt:100/vm-100-disk-3.qcow2,size=256K
        snaptime: 1700000000
        vmstate: local:100/vm-100-state-before.raw
        """
      And volume "local:100/vm-100-disk-9.raw" is to stay on "pve1" because "SCAN-01: the config does not name it"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.qcow2     | local:100/vm-100-disk-0.qcow2     |
        | local:100/vm-100-disk-1.raw       | local:100/vm-100-disk-1.raw       |
        | local:100/vm-100-disk-2.raw       | local:100/vm-100-disk-2.raw       |
        | alt:100/vm-100-disk-3.qcow2       | alt:100/vm-100-disk-3.qcow2       |
        | local:100/vm-100-state-before.raw | local:100/vm-100-state-before.raw |
      And volume "local:100/vm-100-disk-9.raw" on "pve1" has not been touched

  @SCAN-03 @SYNC-06
  Rule: A volume on shared storage is left alone

    Scenario: One disk is shared, one is not, and everything local goes to another storage
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "shared"
      When guest 100 is migrated to "pve2" with target storage "alt"
      Then the migration finishes successfully
      And drive scsi1 of guest 100 is volume "shared:100/vm-100-disk-1.raw"
      And volume "shared:100/vm-100-disk-1.raw" on "pve2" has not been touched
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.raw | alt:100/vm-100-disk-0.raw |

  @SCAN-04 @SCAN-16
  Rule: The log tells of each local volume why it moves, the strongest reason only

    Scenario: Every reason at once
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And guest 100 owns these volumes of 256 KiB:
        """
        local:100/vm-100-disk-1.qcow2
        local:100/vm-100-disk-2.qcow2
        local:100/vm-100-disk-3.raw
        local:100/vm-100-cloudinit.qcow2
        local:100/vm-100-disk-4.raw
        """
      And the config of guest 100 goes on with:
        """
        ide2: local:100/vm-100-cloudinit.qcow2,media=cdrom
        tpmstate0: local:100/vm-100-disk-4.raw,size=4M,version=v2.0
        unused0: local:100/vm-100-disk-2.qcow2

        [PENDING]
        scsi0: local:100/vm-100-disk-0.qcow2,size=1M
        scsi3: local:100/vm-100-disk-3.raw,size=256K

        [before]
        scsi0: local:100/vm-100-disk-0.qcow2,size=1M
        scsi1: local:100/vm-100-disk-1.qcow2,size=256K
        scsi2: local:100/vm-100-disk-2.qcow2,size=256K
        """
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the log says of these volumes:
        | local:100/vm-100-disk-0.qcow2    | attached  |
        | local:100/vm-100-disk-1.qcow2    | snapshot  |
        | local:100/vm-100-disk-2.qcow2    | unused    |
        | local:100/vm-100-disk-3.raw      | pending   |
        | local:100/vm-100-cloudinit.qcow2 | generated |
        | local:100/vm-100-disk-4.raw      | generated |

  @SCAN-05
  Rule: A path of the node itself blocks the move unless it is said to be shared

    Scenario: The drive is shared by declaration
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "scsi1: /srv/lun.raw,shared=1" in its config
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And drive scsi1 of guest 100 is volume "/srv/lun.raw"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve1"

    Scenario Outline: The <section> names a path
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And the config of guest 100 goes on with:
        """
        tags: one
        <heading>
        scsi1: /srv/lun.raw
        """
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "local file/device"
      And nothing has changed on any node

      Examples:
        | section         | heading  |
        | current section |          |
        | snapshot        | [before] |

  @SCAN-06
  Rule: An empty CD drive moves, the node's own CD drive does not

    Scenario: The CD drive is empty
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "ide2: none,media=cdrom" in its config
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And drive ide2 of guest 100 is volume "none"

    Scenario Outline: The node's drive is named by the <section>
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And the config of guest 100 goes on with:
        """
        tags: one
        <heading>
        ide2: cdrom,media=cdrom
        """
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "can't migrate local cdrom drive"
      And the log says "<told>"
      And nothing has changed on any node

      Examples:
        | section         | heading      | told       |
        | current section |              | check log  |
        | snapshot        | [beforehand] | beforehand |

  @SCAN-07
  Rule: A CD image moves with nobody: it has to be on shared storage

    Scenario: The image is on shared storage
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And volume "shared:iso/setup.iso" of 1 MiB exists on "pve1"
      And guest 100 has "ide2: shared:iso/setup.iso,media=cdrom" in its config
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And drive ide2 of guest 100 is volume "shared:iso/setup.iso"
      And volume "shared:iso/setup.iso" on "pve2" has not been touched

    Scenario: The image is on the node
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And volume "local:iso/setup.iso" of 1 MiB exists on "pve1"
      And guest 100 has "ide2: local:iso/setup.iso,media=cdrom" in its config
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "local cdrom image"
      And nothing has changed on any node

    Scenario: A cloud-init image is no such image
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 owns volume "local:100/vm-100-cloudinit.raw" of 256 KiB
      And guest 100 has "ide2: local:100/vm-100-cloudinit.raw,media=cdrom" in its config
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.raw    | local:100/vm-100-disk-0.raw    |
        | local:100/vm-100-cloudinit.raw | local:100/vm-100-cloudinit.raw |

  @SCAN-08 @SCAN-17
  Rule: All faults are found in one run, in the order of the volumes' ids

    Scenario: A volume is missing, another belongs to somebody else
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "scsi1: local:200/vm-200-disk-0.raw,size=1M" in its config
      And guest 100 owns volume "local:200/vm-200-disk-0.raw" of 256 KiB
      And guest 100 has "scsi2: alt:100/vm-100-disk-7.raw,size=1M" in its config
      And volume "alt:100/vm-100-disk-7.raw" is to stay on "pve1" because "it was never there"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "can't migrate VM - check log"
      And the log says "'alt:100/vm-100-disk-7.raw'" before "owned by other VM"

  @SCAN-09
  Rule: A volume of another guest does not move

    Scenario: A disk is owned by guest 200
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 owns volume "local:200/vm-200-disk-0.raw" of 256 KiB
      And guest 100 has "scsi1: local:200/vm-200-disk-0.raw,size=256K" in its config
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "owned by other VM"
      And nothing has changed on any node

  @SCAN-10
  Rule: One file under two volume ids does not move

    Scenario: Two storages are the same directory
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And storage "alt" has "path /var/lib/vz"
      And guest 100 has "scsi1: alt:100/vm-100-disk-0.raw,size=1M" in its config
      And volume "alt:100/vm-100-disk-0.raw" is to stay on "pve1" because "it is the other name of the one disk"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "aliased volumes"
      And nothing has changed on any node

  @SCAN-12 @SYNC-13
  Rule: A snapshot moves inside its volume or not at all

    Scenario: A raw volume has no room for a snapshot
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the config of guest 100 goes on with:
        """
        [before]
        scsi0: local:100/vm-100-disk-0.raw,size=1M
        """
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "non-migratable snapshot exists"
      And nothing has changed on any node

    Scenario: Snapshots of the storage are volumes of their own
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And storage "local" has "snapshot-as-volume-chain 1"
      And the config of guest 100 goes on with:
        """
        [before]
        scsi0: local:100/vm-100-disk-0.qcow2,size=1M
        """
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "non-migratable snapshot exists"
      And nothing has changed on any node

  @SCAN-13 @SYNC-27
  Rule: A disk with snapshots moves once, with all of them

    Scenario: The disk of the guest and of its snapshot
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And volume "local:100/vm-100-disk-0.qcow2" has the snapshot "before" on "pve1"
      And the config of guest 100 goes on with:
        """
        [before]
        scsi0: local:100/vm-100-disk-0.qcow2,size=1M
        """
      When guest 100 is migrated to "pve2" with target storage "alt"
      Then the migration finishes successfully
      And the snapshot "before" of volume "alt:100/vm-100-disk-0.qcow2" on "pve2" shows what was there then
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.qcow2 | alt:100/vm-100-disk-0.qcow2 |

  @SCAN-14 @SCAN-18
  Rule: A base image and its linked clones stay together

    Scenario Outline: The disk is a <what>
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And guest 100 owns volume "local:<owner>/base-<owner>-disk-0.qcow2" of 256 KiB
      And volume "local:<clone>/vm-<clone>-disk-1.qcow2" on "pve1" is a linked clone of "local:<owner>/base-<owner>-disk-0.qcow2"
      And guest 100 has "scsi0: <disk>,size=256K" in its config
      And volume "<other>" is to stay on "pve1" because "a template's base and its clone belong to two guests"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "<fault>"
      And nothing has changed on any node

      Examples:
        | what         | owner | clone | disk                            | other                           | fault                      |
        | base image   | 100   | 200   | local:100/base-100-disk-0.qcow2 | local:200/vm-200-disk-1.qcow2   | referenced by linked clone |
        | linked clone | 200   | 100   | local:100/vm-100-disk-1.qcow2   | local:200/base-200-disk-0.qcow2 | as it's a clone of         |

  @live @SCAN-12
  Rule: A running guest with a snapshot on a local disk stays where it is

    Scenario: The snapshot was taken long ago
      Given a running guest 100 on "pve1" with a 2 MiB qcow2 disk scsi0 on "local"
      And the config of guest 100 goes on with:
        """
        [before]
        scsi0: local:100/vm-100-disk-0.qcow2,size=2M
        """
      When guest 100 is live-migrated to "pve2"
      Then the migration is aborted because of "non-replicated snapshot exists"
      And guest 100 is running on "pve1"
      And nothing has changed on any node

  @live @SCAN-15 @CLI-12
  Rule: The disks of a running guest move only when that is asked for

    Scenario: The option is missing
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with "--online"
      Then the migration is aborted because of "without with-local-disks option"
      And guest 100 is running on "pve1"
      And nothing has changed on any node

  @live @secure @SCAN-19 @SYNC-02
  Rule: Of a running guest only attached disks are mirrored, the rest is copied before

    Scenario: An attached, an unused and a generated volume
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 owns these volumes of 256 KiB:
        """
        local:100/vm-100-disk-7.raw
        local:100/vm-100-cloudinit.raw
        """
      And the config of guest 100 goes on with:
        """
        ide2: local:100/vm-100-cloudinit.raw,media=cdrom
        unused0: local:100/vm-100-disk-7.raw
        """
      And on "pve2" the command "/usr/sbin/pvesm import" notes its arguments
      And guest 100 is running
      When guest 100 is live-migrated to "pve2"
      Then guest 100 has lost no beat, no page and no record
      And the command on "pve2" was run as:
        """
        import local:100/vm-100-cloudinit.raw raw+size - -with-snapshots 0 -allow-rename 0
        import local:100/vm-100-disk-7.raw raw+size - -with-snapshots 0 -allow-rename 1
        """
