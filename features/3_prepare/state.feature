Feature: What prepare finds is what counts, not what was true at the request

  @offline @PREP-02
  Rule: A guest whose config has gone to another node meanwhile is not migrated

    Scenario: Somebody moves the config while the migration waits for its lock
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And another process on "pve1" holds the migration lock of guest 100
      And a migration of guest 100 to "pve2" waits for its migration lock
      And the config of guest 100 has been moved to "pve3" by hand
      When the other process gives its locks back
      Then the migration is aborted because of "does not exist"
      And the config of guest 100 is on "pve3" only

  @offline @PREP-05
  Rule: A guest that was locked meanwhile is not migrated

    Scenario Outline: Somebody sets the lock <lock> while the migration waits for its lock
      Given a stopped guest 100 on "pve1"
      And another process on "pve1" holds the migration lock of guest 100
      And a migration of guest 100 to "pve2" waits for its migration lock
      And guest 100 has "lock: <lock>" in its config
      And the lock property "<lock>" of guest 100 is to stay
      When the other process gives its locks back
      Then the migration is aborted because of "VM is locked (<lock>)"
      And guest 100 is stopped on "pve1"

      Examples:
        | lock   |
        | backup |

  @live @PREP-06 @PREP-07
  Rule: A guest that was started meanwhile is not migrated, for it was stopped when that was asked for

    Scenario: Somebody starts the guest while the migration waits for its lock
      Given a stopped guest 100 on "pve1"
      And another process on "pve1" holds the migration lock of guest 100
      And a migration of guest 100 to "pve2" with "--online --with-local-disks" waits for its migration lock
      And guest 100 has been started
      When the other process gives its locks back
      Then the migration is aborted because of "can't migrate running VM without --online"
      And guest 100 is running on "pve1"
      And guest 100 has no lock property

  @offline @PREP-07 @PREP-17 @TASK-11
  Rule: A guest that was shut off meanwhile is migrated as a stopped one

    Scenario: Somebody stops the guest while the migration waits for its lock
      Given a running guest 100 on "pve1"
      And another process on "pve1" holds the migration lock of guest 100
      And a migration of guest 100 to "pve2" with "--online" waits for its migration lock
      And guest 100 has been shut off
      When the other process gives its locks back
      Then the migration finishes successfully
      And guest 100 is stopped on "pve2"
      And no QEMU was ever started on "pve2"

  @live @PREP-03 @PREP-04
  Rule: A guest whose job to the target is being removed stays, running or not; a disabled job is one, too

    Scenario: The job to the target is disabled and marked
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has these replication jobs, but none of its disks is replicated:
        | 100-0 | pve2 | disable | remove_job full |
        | 100-1 | pve3 |         |                 |
      When guest 100 is live-migrated to "pve2" with "--force"
      Then the migration is aborted because of "marked for removal"
      And nothing has changed on any node

  @offline @PREP-04 @PREP-08
  Rule: Jobs to other nodes do not keep a stopped guest, marked for removal or not

    Scenario: The only job goes elsewhere and is marked
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has these replication jobs, but none of its disks is replicated:
        | 100-0 | pve3 | remove_job local |
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the log does not say "replication target"
      And guest 100 is stopped on "pve2"

  @live @PREP-03 @PREP-08
  Rule: A running guest stays if its replicas are no longer at the target

    Scenario: Somebody turns the replication elsewhere while the migration waits for its lock
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 is replicated to "pve2", but none of its disks
      And another process on "pve1" holds the migration lock of guest 100
      And a migration of guest 100 to "pve2" with "--online --with-local-disks" waits for its migration lock
      And the replication of guest 100 has been turned to "pve3"
      When the other process gives its locks back
      Then the migration is aborted because of "not a replication target"
      And guest 100 is running on "pve1"

  @live @PREP-10
  Rule: A guest whose processors stand still is not resumed on the target; one that sleeps by its own will is let go

    Scenario: Its processors have never run
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has been started with its processors standing still
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the processors of guest 100 are held on "pve2"

    Scenario: The guest sleeps
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has put itself to sleep
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the processors of guest 100 are let go on "pve2"
