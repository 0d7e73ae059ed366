Feature: The two lock files of a guest

  @offline @LOCK-01 @LOCK-03 @LOCK-04
  Rule: A migration holds the guest's migration lock and its config lock from before its first act to its last

    Scenario Outline: A <state> guest's migration has come to "<command>" on the target
      Given a <state> guest 100 on "pve1"
      And "<command>" stands still on "pve2"
      When a migration of guest 100 to "pve2" with "--online --with-local-disks" has come to "<command>" there
      Then the migration holds the migration lock of guest 100
      And the migration holds the config lock of guest 100
      And the migration finishes successfully once "<command>" goes on
      And nobody holds a lock of guest 100 on "pve1"

      Examples:
        | state   | command      |
        | stopped | pvesm import |
        | stopped | qm unlock    |
        | running | qm start     |

  @offline @LOCK-04
  Rule: The migration lock comes first, then the config lock

    Scenario: Somebody changes the config at the moment
      Given a stopped guest 100 on "pve1"
      And another process on "pve1" holds the config lock of guest 100
      When a migration of guest 100 to "pve2" is begun with "--bwlimit 0"
      Then the migration waits for the config lock of guest 100
      And the migration holds the migration lock of guest 100
      And the migration finishes successfully once the locks are given back

  @offline @LOCK-06 @LOCK-02
  Rule: A migration waits for who holds one of its locks and goes on when the lock is given back

    Scenario Outline: Another process has the <which> lock
      Given a stopped guest 100 on "pve1"
      And another process on "pve1" holds the <which> lock of guest 100
      And a migration of guest 100 to "pve2" waits for its <which> lock
      When the other process gives its locks back
      Then the migration finishes successfully
      And the config of guest 100 is on "pve2" only
      And nobody holds a lock of guest 100 on "pve1"

      Examples:
        | which     |
        | migration |
        | config    |

  @offline @LOCK-08
  Rule: A lock that several share is free when the last of them has given it back

    Scenario: Two processes share the config lock
      Given a stopped guest 100 on "pve1"
      And two other processes on "pve1" share the config lock of guest 100
      And a migration of guest 100 to "pve2" waits for its config lock
      And one of them has given its lock back
      And the migration still waits for the config lock
      When the other process gives its locks back
      Then the migration finishes successfully

  @slow @LOCK-02 @LOCK-03 @LOCK-07 @LOCK-12 @LOCK-21 @TASK-07
  Rule: Who does not get a lock within its time gives up before anything is changed

    Scenario: A replication run and a migration go on and on
      Given stopped guests 100 and 101 on "pve1"
      And a replication run of guest 100 to "pve3" has the migration lock on "pve1" and stands still
      And "pvesm import" stands still on "pve2"
      And a migration of guest 101 to "pve2" with "--bwlimit 0" has come to "pvesm import" there
      When these commands on "pve1" have waited for their locks to the end:
        | command                    | lock      | guest | seconds |
        | qm migrate 100 pve2        | migration | 100   | 10      |
        | qm rollback 100 before     | migration | 100   | 10      |
        | qm delsnapshot 100 before  | migration | 100   | 10      |
        | qm set 101 --onboot 1      | config    | 101   | 10      |
        | qm shutdown 101            | config    | 101   | 10      |
        | qm create 101 --memory 32  | config    | 101   | 5       |
      Then each of them has given up after its time because of its lock file
      And the configs of guests 100 and 101 are as they were
      And the "qmigrate" task of guest 100 on "pve1" ended with "TASK ERROR: migration aborted"
      And the migration finishes successfully once "pvesm import" goes on

  @LOCK-03 @LOCK-04
  Rule: Who got the config lock acts on the cluster as it is then, not as it was when it began to wait

    Scenario: The guest moves away from under a waiting change
      Given a stopped guest 100 on "pve1"
      And "pvesm import" stands still on "pve2"
      And a migration of guest 100 to "pve2" with "--bwlimit 0" has come to "pvesm import" there
      And "qm set 100 --onboot 1" on "pve1" waits for the config lock of guest 100
      When "pvesm import" goes on
      Then the migration finishes successfully
      And the command that waited fails because of "does not exist"
      And the config of guest 100 has no "onboot"

    @live @LOCK-11
    Scenario: A guest's migration fails while a change waits
      Given a running guest 100 on "pve1"
      And "qm start" fails on "pve2" and says "no"
      And "qm start" stands still on "pve2"
      And a migration of guest 100 to "pve2" with "--online --with-local-disks" has come to "qm start" there
      And "qm set 100 --onboot 1" on "pve1" waits for the config lock of guest 100
      When "qm start" goes on
      Then the migration ends with problems
      And the command that waited succeeds and the config of guest 100 has "onboot: 1"

  @offline @LOCK-05
  Rule: The lock files are made where they are missing, and never emptied, replaced or removed

    Scenario: Nothing was locked on the node before
      Given a stopped guest 100 on "pve1"
      And "pve1" has no folder of lock files
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And both lock files of guest 100 are there on "pve1"

    Scenario: The files have been there for long
      Given a stopped guest 100 on "pve1"
      And the lock files of guest 100 on "pve1" have been there for long
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the lock files of guest 100 on "pve1" are the same files with the same content

  @offline @fault @LOCK-10
  Rule: A migration that fails gives its locks back and says why it failed

    Scenario: The copy of a disk fails
      Given a stopped guest 100 on "pve1"
      And "pvesm import" fails on "pve2" and says "no room for it"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "no room for it"
      And nobody holds a lock of guest 100 on "pve1"
      And nobody holds a lock of guest 100 on "pve2"

  @offline @LOCK-11
  Rule: Both locks are a node's own and stop nothing on the others

    Scenario Outline: The <which> lock is held on "<node>"
      Given a stopped guest 100 on "pve1"
      And another process on "<node>" holds the <which> lock of guest 100
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the log does not say "lock file"

      Examples:
        | which     | node |
        | migration | pve2 |
        | config    | pve3 |

  @offline @LOCK-09 @LOCK-14
  Rule: What a migration does under the lock it holds already neither waits for it nor gives it back

    Scenario: The guest's replication runs inside its migration
      Given a stopped guest 100 on "pve1"
      And guest 100 is replicated to "pve2", but none of its disks
      And "pvesm import" stands still on "pve2"
      When a migration of guest 100 to "pve2" with "--bwlimit 0" has come to "pvesm import" there
      Then the replication of guest 100 to "pve2" has succeeded
      And the migration holds the migration lock of guest 100
      And the migration finishes successfully once "pvesm import" goes on

  @offline @LOCK-13
  Rule: A replication run that finds its guest migrating gives up after 2 seconds and counts no failure

    Scenario: The scheduler's run comes during a migration
      Given a stopped guest 100 on "pve1"
      And guest 100 is replicated to "pve3", but none of its disks, and that has failed 2 times
      And "pvesm import" stands still on "pve2"
      And a migration of guest 100 to "pve2" with "--bwlimit 0" has come to "pvesm import" there
      When "pvesr run --id 100-0" has waited for the migration lock of guest 100 on "pve1" to the end
      Then the command that waited fails after about 2 seconds because of "can't lock file '/var/lock/pve-manager/pve-migrate-100' - got timeout"
      And the replication of guest 100 to "pve3" has failed 2 times
      And the migration finishes successfully once "pvesm import" goes on
