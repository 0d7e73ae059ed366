@offline
Feature: Phase 1 begins with the lock and gives everything back when it fails

  @P1-01 @LOCK-16
  Rule: The guest is locked and its sizes are right before the first volume is copied

    Scenario: The config is read while the first volume is on its way
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 owns volume "local:100/vm-100-disk-0.raw" of 2048 KiB full of data
      And guest 100 has "scsi0: local:100/vm-100-disk-0.raw,size=9M" in its config
      When a migration of guest 100 to "pve2" with "--bwlimit 768" is copying volume "local:100/vm-100-disk-0.raw"
      Then guest 100 has the lock property "migrate"
      And drive scsi0 of guest 100 has the option "size=2M"
      And the config of guest 100 is on "pve1" only
      And the migration finishes successfully

  @P1-02
  Rule: The config learns the real size of every local disk

    Scenario Outline: The config says <said>
      Given a stopped guest 100 on "pve1" with a 1 MiB <format> disk scsi0 on "local"
      And guest 100 has "scsi0: local:100/vm-100-disk-0.<format>,<said>" in its config
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And drive scsi0 of guest 100 has the option "size=1M"
      And drive scsi0 of guest 100 has the option "ssd=1"

      Examples:
        | format | said          |
        | raw    | ssd=1         |
        | qcow2  | size=2G,ssd=1 |

    Scenario: Firmware variables and TPM state have sizes of their own
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 owns volume "local:100/vm-100-disk-1.raw" of 1024 KiB
      And guest 100 has a 1 MiB raw disk tpmstate0 on "shared"
      And guest 100 has "efidisk0: local:100/vm-100-disk-1.raw,efitype=4m,size=1M" in its config
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And drive efidisk0 of guest 100 has the option "size=528K"
      And drive tpmstate0 of guest 100 has the option "size=4M"

  @fault @P1-03 @P1-04
  Rule: A size stays corrected when the migration fails, written in the largest unit that fits

    Scenario Outline: A volume of <bytes> bytes cannot be imported
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And guest 100 owns volume "local:100/vm-100-disk-0.raw" of <bytes> bytes
      And guest 100 has "scsi0: local:100/vm-100-disk-0.raw,size=3M" in its config
      And on "pve2" the command "/usr/sbin/pvesm import" fails
      When guest 100 is migrated to "pve2"
      Then the migration is aborted
      And drive scsi0 of guest 100 has the option "size=<size>"
      And guest 100 is stopped on "pve1"

      Examples:
        | bytes      | size  |
        | 1073741824 | 1G    |
        | 1074790400 | 1025M |

  @fault @P1-05 @P1-06 @P1-08 @SYNC-26
  Rule: When a later volume fails, those before it are freed on the target and the source keeps all

    Scenario: The third of four volumes cannot be imported
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0 | raw   | local |
        | scsi1 | qcow2 | local |
        | scsi2 | raw   | local |
        | scsi3 | raw   | local |
      And on "pve2" the command "/usr/sbin/pvesm import local:100/vm-100-disk-2" fails
      When guest 100 is migrated to "pve2"
      Then the migration is aborted over volume "local:100/vm-100-disk-2.raw"
      And nothing has changed on any node

    Scenario: Each volume that came over is freed once, by its name on the target
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      And volume "alt:100/vm-100-disk-1.raw" of 1 MiB exists on "pve2"
      And on "pve2" the command "/usr/sbin/pvesm import local:100/vm-100-disk-0" fails
      And on "pve2" the command "/usr/sbin/pvesm free" notes its arguments
      When guest 100 is migrated to "pve2"
      Then nothing has changed on any node
      And the command on "pve2" was run as:
        """
        free alt:100/vm-100-disk-0.raw
        """

  @fault @P1-05 @P1-06
  Rule: A copy that cannot be freed is told, and the rest of the cleanup goes on

    Scenario: The first of two copies cannot be freed
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0 | raw | local |
        | scsi1 | raw | local |
        | scsi2 | raw | local |
      And on "pve2" the command "/usr/sbin/pvesm import local:100/vm-100-disk-2" fails
      And on "pve2" the command "/usr/sbin/pvesm free local:100/vm-100-disk-0" fails
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2" because "P1-06: it could not be freed"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted over volume "local:100/vm-100-disk-0.raw"
      And volume "local:100/vm-100-disk-1.raw" does not exist on "pve2"
      And guest 100 has all its volumes unchanged on "pve1"

  @fault @P1-07 @P1-08 @SYNC-21 @SYNC-26
  Rule: Of a copy that breaks off nothing stays on the target

    Scenario Outline: The export of the second volume, a <format> one, is killed half-way
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "alt"
      And guest 100 owns volume "local:100/vm-100-disk-1.<format>" of 4096 KiB full of data
      And guest 100 has "scsi1: local:100/vm-100-disk-1.<format>,size=4M" in its config
      And a migration of guest 100 to "pve2" with "--bwlimit 1024" is copying volume "local:100/vm-100-disk-1.<format>"
      When the export of volume "local:100/vm-100-disk-1.<format>" on "pve1" is killed
      Then the migration is aborted over volume "local:100/vm-100-disk-1.<format>"
      And nothing has changed on any node

      Examples:
        | format |
        | raw    |
        | qcow2  |

    Scenario: The migrator is told to end while a volume is on its way
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "alt"
      And guest 100 owns volume "local:100/vm-100-disk-1.raw" of 4096 KiB full of data
      And guest 100 has "scsi1: local:100/vm-100-disk-1.raw,size=4M" in its config
      And a migration of guest 100 to "pve2" with "--bwlimit 1024" is copying volume "local:100/vm-100-disk-1.raw"
      When the migrator gets the signal TERM
      Then the migration is aborted because of "interrupted by signal"
      And nothing has changed on any node

    Scenario: The storage of the target is full before the second has come
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 owns volume "local:100/vm-100-disk-1.raw" of 8192 KiB full of data
      And guest 100 has "scsi1: local:100/vm-100-disk-1.raw,size=8M" in its config
      And storage "small" on "pve2" has 4 MiB left
      When guest 100 is migrated to "pve2" with target storage "small"
      Then the migration is aborted over volume "local:100/vm-100-disk-1.raw"
      And nothing has changed on any node
