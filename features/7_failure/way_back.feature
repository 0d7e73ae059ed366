Feature: The way back of a live migration that failed

  @live @fault @P2C-01 @P2C-05 @P2C-06
  Rule: The memory and the mirrors end and the lock goes before the target is stopped, its volumes go after that

    Scenario: The migrator is told to end while a drive is mirrored
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 has an unused volume of 1 MiB on "alt"
      And "pve2" takes notes of the commands it is given
      And a live migration of guest 100 to "pve2" is held at "mirror"
      When the migrator gets the signal TERM while guest 100 is watched
      Then the memory and the mirrors of guest 100 had ended before "pve2" was told to stop it
      And "pve2" was given these commands in this order:
        | command                                     | QEMUs | lock    |
        | pvesm import alt:100/vm-100-disk-1.raw      | 0     | migrate |
        | qm start 100 --skiplock --migratedfrom pve1 | 0     | migrate |
        | qm mtunnel                                  | 1     | migrate |
        | qm stop 100 --skiplock --migratedfrom pve1  | 1     | none    |
        | pvesm free alt:100/vm-100-disk-1.raw        | 0     | none    |
        | pvesm free local:100/vm-100-disk-0.raw      | 0     | none    |
      And guest 100 has lost no beat, no page and no record

    Scenario: The migrator is told to end while the memory moves
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And "pve2" takes notes of the commands it is given
      And a live migration of guest 100 to "pve2" is held at "memory"
      When the migrator gets the signal TERM while guest 100 is watched
      Then the memory and the mirrors of guest 100 had ended before "pve2" was told to stop it
      And nothing of guest 100 is on "pve2"

  @live @fault @P2C-07
  Rule: A step of the way back that fails does not keep the others from being done

    Scenario: The volumes on the target cannot be freed
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" is held at "memory"
      And the command "/usr/sbin/pvesm" on "pve2" was broken
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": freeing it failed
      When the migrator gets the signal TERM
      Then the migration ends with problems
      And the log has a line like "ERROR: .*local:100/vm-100-disk-0.raw"
      And guest 100 has lost no beat, no page and no record

    Scenario: The guest's process on the target cannot be stopped
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" is held at "mirror"
      And on "pve2" the command "/usr/sbin/qm stop" fails
      And guest 100 is ended on "pve2" when all is over, for P2C-07
      When the migrator gets the signal TERM
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve2"

  @live @fault @P2C-09
  Rule: The target's process is stopped although its config is elsewhere and locked here

    Scenario: Another process on the target holds the config lock
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" is held at "mirror"
      And another process on "pve2" holds the config lock of guest 100
      When the migrator gets the signal TERM
      Then the migration ends with problems
      And nothing of guest 100 is on "pve2"
      And guest 100 has lost no beat, no page and no record
