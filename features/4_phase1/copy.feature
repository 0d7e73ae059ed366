@offline
Feature: Volumes that no running guest has attached are copied one by one

  @SYNC-01
  Rule: They are copied in the string order of their ids

    Scenario: The tenth disk comes before the second
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And guest 100 owns these volumes of 256 KiB:
        """
        local:100/vm-100-disk-2.raw
        local:100/vm-100-disk-10.raw
        alt:100/vm-100-disk-3.raw
        """
      And the config of guest 100 goes on with:
        """
        scsi1: local:100/vm-100-disk-2.raw,size=256K
        scsi2: local:100/vm-100-disk-10.raw,size=256K
        scsi3: alt:100/vm-100-disk-3.raw,size=256K
        """
      And on "pve2" the command "/usr/sbin/pvesm import" notes its arguments
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the command on "pve2" was run as:
        """
        import alt:100/vm-100-disk-3.raw raw+size - -with-snapshots 0 -allow-rename 1
        import local:100/vm-100-disk-10.raw raw+size - -with-snapshots 0 -allow-rename 1
        import local:100/vm-100-disk-2.raw raw+size - -with-snapshots 0 -allow-rename 1
        """

    Scenario: Nothing has to be copied
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is stopped on "pve2"
      And volume "shared:100/vm-100-disk-0.raw" on "pve1" has not been touched
      And the log does not say "copying local disk images"

  @SYNC-02 @SYNC-04 @SYNC-07 @SYNC-12
  Rule: All volumes of a stopped guest get to their storages in their format and under their names

    Scenario: Three formats go to another storage
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0   | raw   | local |
        | virtio0 | qcow2 | local |
      And guest 100 owns volume "local:100/vm-100-disk-2.vmdk" of 1024 KiB
      And guest 100 has "unused0: local:100/vm-100-disk-2.vmdk" in its config
      When guest 100 is migrated to "pve2" with target storage "local:alt"
      Then the migration finishes successfully
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.raw   | alt:100/vm-100-disk-0.raw   |
        | local:100/vm-100-disk-1.qcow2 | alt:100/vm-100-disk-1.qcow2 |
        | local:100/vm-100-disk-2.vmdk  | alt:100/vm-100-disk-2.vmdk  |
      And drive virtio0 of guest 100 is volume "alt:100/vm-100-disk-1.qcow2"
      And the config of guest 100 has "unused0: alt:100/vm-100-disk-2.vmdk"

  @SYNC-04 @SYNC-17 @SYNC-19 @SYNC-20
  Rule: The config has the name that the import gave, wherever it names the volume

    Scenario: Both names are taken on the target
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0 | qcow2 | local |
        | scsi1 | qcow2 | local |
      And the config of guest 100 goes on with:
        """
        [before]
        scsi3: local:100/vm-100-disk-0.qcow2,size=1M
        """
      And volume "local:100/vm-100-disk-0.qcow2" of 1 MiB exists on "pve2"
      And volume "local:100/vm-100-disk-1.qcow2" of 1 MiB exists on "pve2"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.qcow2 | local:100/vm-100-disk-2.qcow2 |
        | local:100/vm-100-disk-1.qcow2 | local:100/vm-100-disk-3.qcow2 |
      And guest 100 names these volumes:
        | current | scsi0 | local:100/vm-100-disk-2.qcow2 |
        | current | scsi1 | local:100/vm-100-disk-3.qcow2 |
        | before  | scsi3 | local:100/vm-100-disk-2.qcow2 |

  @SYNC-03
  Rule: A disk may get another name on the target, a cloud-init image and a saved state may not

    Scenario Outline: The name of the <what> is taken on the target
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And guest 100 owns volume "<volume>" of 256 KiB
      And the config of guest 100 goes on with:
        """
        tags: one
        <first>
        <second>
        """
      And volume "<volume>" of 1 MiB exists on "pve2"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted over volume "<volume>"
      And nothing has changed on any node

      Examples:
        | what             | volume                            | first                                            | second                                     |
        | cloud-init image | local:100/vm-100-cloudinit.raw    | ide2: local:100/vm-100-cloudinit.raw,media=cdrom,size=256K |                                            |
        | saved state      | local:100/vm-100-state-before.raw | [before]                                         | vmstate: local:100/vm-100-state-before.raw |

  @SYNC-03 @BW-08
  Rule: A limit of the storage slows the copy down

    Scenario: The storage lets 1024 KiB pass in a second
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And storage "local" has "bwlimit migration=1024"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the migration took at least 1500 ms
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.raw | local:100/vm-100-disk-0.raw |

  @fault @SYNC-05
  Rule: A copy that fails ends phase 1 with the names of volume and target storage

    Scenario: The import does not start
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "local"
      And on "pve2" the command "/usr/sbin/pvesm import alt:100/vm-100-disk-0" fails
      And on "pve1" the command "/usr/sbin/pvesm export" notes its arguments
      When guest 100 is migrated to "pve2" with target storage "alt"
      Then the migration is aborted
      And the log has a line like "ERROR: .*local:100/vm-100-disk-0.raw.*alt"
      And the command on "pve1" was run as:
        """
        export local:100/vm-100-disk-0.raw raw+size - -with-snapshots 0
        """
      And nothing has changed on any node

  @SYNC-09 @SYNC-14
  Rule: In secure mode the export's output is the input of the import, in the format both know

    Scenario: One raw and one qcow2 volume
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB qcow2 disk scsi1 on "local"
      And on "pve1" the command "/usr/sbin/pvesm export" notes its arguments
      And on "pve2" the command "/usr/sbin/pvesm import" notes its arguments
      When guest 100 is migrated to "pve2" with target storage "alt"
      Then the migration finishes successfully
      And the command on "pve1" was run as:
        """
        export local:100/vm-100-disk-0.raw raw+size - -with-snapshots 0
        export local:100/vm-100-disk-1.qcow2 qcow2+size - -with-snapshots 1
        """
      And the command on "pve2" was run as:
        """
        import alt:100/vm-100-disk-0.raw raw+size - -with-snapshots 0 -allow-rename 1
        import alt:100/vm-100-disk-1.qcow2 qcow2+size - -with-snapshots 1 -allow-rename 1
        """

  @SYNC-13
  Rule: A volume does not go to a storage that cannot hold its format

    Scenario Outline: A qcow2 disk is to go to a storage of type <type>
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And the storage "other" of type <type> is defined with "<options>"
      When guest 100 is migrated to "pve2" with target storage "other"
      Then the migration is aborted because of "format"
      And nothing has changed on any node

      Examples:
        | type    | options             |
        | lvm     | vgname vg0          |
        | zfspool | pool tank           |
        | btrfs   | path /var/lib/other |

  @insecure @SYNC-15
  Rule: In insecure mode the content goes over a TCP connection of its own

    Scenario: A volume is on its way
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 owns volume "local:100/vm-100-disk-0.raw" of 2048 KiB full of data
      When a migration of guest 100 to "pve2" with "--migration_type insecure --bwlimit 768" is copying volume "local:100/vm-100-disk-0.raw"
      Then "pve2" receives the volume over a connection of its own from "pve1"
      And the migration finishes successfully
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.raw | local:100/vm-100-disk-0.raw |

    Scenario: The datacenter's default, a network, and several volumes
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB qcow2 disk scsi1 on "local"
      And the datacenter option "migration" is "insecure,network=<network:cluster>"
      And on "pve2" the command "/usr/sbin/pvesm import" notes its arguments
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And these volumes have moved from "pve1" to "pve2":
        | local:100/vm-100-disk-0.raw   | local:100/vm-100-disk-0.raw   |
        | local:100/vm-100-disk-1.qcow2 | local:100/vm-100-disk-1.qcow2 |
      And the command on "pve2" was run as:
        """
        import local:100/vm-100-disk-0.raw raw+size tcp://<network:cluster> -with-snapshots 0 -allow-rename 1
        import local:100/vm-100-disk-1.qcow2 qcow2+size tcp://<network:cluster> -with-snapshots 1 -allow-rename 1
        """

    Scenario: Nothing of the kind in secure mode
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 owns volume "local:100/vm-100-disk-0.raw" of 2048 KiB full of data
      When a migration of guest 100 to "pve2" with "--bwlimit 768" is copying volume "local:100/vm-100-disk-0.raw"
      Then "pve2" has no connection to its migration ports
      And the migration finishes successfully

  @fault @insecure @SYNC-15
  Rule: An import that does not say where it listens ends the migration

    Scenario Outline: The import <answer>
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And on "pve2" the command "/usr/sbin/pvesm import" <answer>
      When guest 100 is migrated to "pve2" with "--migration_type insecure"
      Then the migration is aborted over volume "local:100/vm-100-disk-0.raw"
      And the log has a line like "<told>"
      And nothing has changed on any node

      Examples:
        | answer                         | told                                |
        | gives no address               | nonsense                            |
        | gives no port                  | nonsense                            |
        | names a port nobody listens on | <address of pve2 in cluster>.*60049 |

  @fault @SYNC-17
  Rule: A copy has succeeded when the import says so, and not otherwise

    Scenario: The import ends well without a word
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And on "pve2" the command "/usr/sbin/pvesm import" hides its success
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2" because "SYNC-17: nobody was told its name"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted over volume "local:100/vm-100-disk-0.raw"
      And guest 100 is stopped on "pve1"
      And guest 100 has no lock property
      And guest 100 has all its volumes unchanged on "pve1"
