Feature: A migrator that is interrupted

  @offline @TASK-13
  Rule: A signal outside every phase is noted and ends the next phase before it does anything

    Scenario Outline: The migrator waits for its lock and gets <signal>
      Given a stopped guest 100 on "pve1"
      And another process on "pve1" holds the config lock of guest 100
      And a migration of guest 100 to "pve2" waits for its config lock
      And the migrator has noted the signal <signal>
      When the other process gives its locks back
      Then the migration is aborted because of "interrupted by signal"
      And nothing has changed on any node

      Examples:
        | signal |
        | INT    |
        | TERM   |
        | QUIT   |
        | HUP    |
        | PIPE   |

  @offline @fault @TASK-14
  Rule: A signal in prepare ends it at once with nothing done

    Scenario: The target lets nobody in
      Given a stopped guest 100 on "pve1"
      And "pve2" takes no new login
      And a migration of guest 100 to "pve2" has come to its first login there
      When the migrator gets the signal TERM
      Then the migration is aborted because of "interrupted by signal"
      And nothing has changed on any node

  @offline @TASK-14
  Rule: A signal in phase 1 ends the copy at once, and what had arrived is removed

    Scenario Outline: A disk is half copied and the migrator gets <signal>
      Given a stopped guest 100 on "pve1"
      And a migration of guest 100 to "pve2" has copied a part of volume "local:100/vm-100-disk-0.raw"
      When the migrator gets the signal <signal>
      Then the migration is aborted because of "interrupted by signal"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve2"
      And guest 100 has no lock property
      And guest 100 is stopped on "pve1"

      Examples:
        | signal |
        | TERM   |
        | HUP    |
        | PIPE   |

    Scenario: A disk is half copied and the terminal interrupts every process
      Given a stopped guest 100 on "pve1"
      And a migration of guest 100 to "pve2" has copied a part of volume "local:100/vm-100-disk-0.raw"
      When somebody at the terminal interrupts the migration
      Then the migration is aborted because of "interrupted by signal"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve2"
      And guest 100 has no lock property

  @live @fault @TASK-14 @P2C-03
  Rule: A signal in phase 2 ends the migration at once, and everything is taken back

    Scenario Outline: <signal>, when the target is asked for "<command>"
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And "<command>" stands still on "pve2"
      And a migration of guest 100 to "pve2" with "--online --with-local-disks" has come to "<command>" there
      When the migrator gets the signal <signal>
      Then the migration ends with problems once "<command>" goes on
      And the log says "online migrate failure - interrupted by signal"
      And nothing of guest 100 is on "pve2"
      And guest 100 has lost no beat, no page and no record

      Examples:
        | signal | command    |
        | TERM   | qm start   |
        | INT    | qm mtunnel |

    Scenario Outline: <signal> <moment>, <type>
      Given a running guest 100 on "pve1" with disks "scsi0 raw, scsi1 raw on alt"
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" that is halted <moment>
      When the migrator gets the signal <signal>
      Then the migration ends with problems
      And the log says "online migrate failure - interrupted by signal"
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"

      Examples:
        | signal | moment                             | type     |
        | INT    | before the second disk is mirrored | secure   |
        | TERM   | while disks are mirrored           | insecure |
        | HUP    | before memory moves                | secure   |
        | TERM   | before the mirrors end             | insecure |

    Scenario: The guest's memory is under way
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" is held at "memory"
      When the migrator gets the signal HUP
      Then the migration ends with problems
      And the log says "online migrate failure - interrupted by signal"
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"

  @offline @fault @TASK-15
  Rule: A signal during the cleanup of phase 1 leaves nothing undone

    Scenario: What had arrived is being removed
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 16 MiB raw disk scsi1 on "local"
      And "pvesm free" stands still on "pve2"
      And a migration of guest 100 to "pve2" has copied a part of volume "local:100/vm-100-disk-1.raw"
      And the migrator has got the signal TERM, has come to "pvesm free" and has noted another
      When "pvesm free" goes on
      Then the migration is aborted because of "interrupted by signal"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve2"

  @live @fault @TASK-13 @TASK-15
  Rule: A signal during the cleanup of phase 2 leaves nothing undone and is an error of phase 3

    Scenario: The guest's process on the target is being ended
      Given a running guest 100 on "pve1"
      And "qm stop" stands still on "pve2"
      And a live migration of guest 100 to "pve2" with "--bwlimit 1024" has come to "mirror"
      And the migrator has got the signal TERM, has come to "qm stop" and has noted another
      When "qm stop" goes on
      Then the migration ends with problems
      And the error "received interrupt - delayed" comes before "ERROR: interrupted by signal"
      And guest 100 is running on "pve1"

  @offline @TASK-13 @TASK-15
  Rule: A signal during the hand-over comes too late to stop it

    Scenario: The guest is being unlocked on the target
      Given a stopped guest 100 on "pve1"
      And "qm unlock" stands still on "pve2"
      And a migration of guest 100 to "pve2" with "--bwlimit 0" has come to "qm unlock" there
      And the migrator has noted the signal TERM
      When "qm unlock" goes on
      Then the migration finishes successfully
      And guest 100 is stopped on "pve2"
      And guest 100 has no lock property

  @live @fault @TASK-13 @TASK-15 @P3-18
  Rule: Nor does it keep a running guest from its target, or anything from being done that is still to do

    Scenario: The guest is about to be resumed
      Given a running guest 100 on "pve1" with disks "scsi0 raw, virtio0 raw"
      And "pve2" stands still before it resumes guest 100
      And a live migration of guest 100 to "pve2" with "" has come to that point
      When the migrator has noted the signal TERM
      Then the migration finishes successfully once the target goes on
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record
      And no volume of guest 100 is on "pve1"
