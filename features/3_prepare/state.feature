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
