Feature: The two lock files of a guest

  @offline @LOCK-01 @LOCK-03 @LOCK-04 @LOCK-16 @LOCK-17
  Rule: A migration holds both locks and marks the config from before its first copy to its last act

    Scenario Outline: A stopped guest's migration has come to "<command>" on the target
      Given a stopped guest 100 on "pve1"
      And "<command>" stands still on "pve2"
      When a migration of guest 100 to "pve2" with "--bwlimit 0" has come to "<command>" there
      Then the migration holds the migration lock of guest 100
      And the migration holds the config lock of guest 100
      And the config of guest 100 is on "<node>" only
      And guest 100 has the lock property "migrate"
      And the migration finishes successfully once "<command>" goes on
      And guest 100 has no lock property
      And nobody holds a lock of guest 100 on "pve1"

      Examples:
        | command      | node |
        | pvesm import | pve1 |
        | qm unlock    | pve2 |

  @offline @LOCK-06 @LOCK-02
  Rule: A migration waits for who holds its lock and goes on when the lock is given back

    Scenario: Another migration of the guest goes on
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And another process on "pve1" holds the migration lock of guest 100
      And a migration of guest 100 to "pve2" waits for its migration lock
      When the other process gives its locks back
      Then the migration finishes successfully
      And the config of guest 100 is on "pve2" only
      And nobody holds a lock of guest 100 on "pve1"

  @offline @LOCK-04 @LOCK-06 @LOCK-08
  Rule: The config lock comes second, and one that several share is free when the last has given it back

    Scenario: Two processes share the config lock
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And two other processes on "pve1" share the config lock of guest 100
      When a migration of guest 100 to "pve2" is begun with "--bwlimit 0"
      Then the migration waits for the config lock of guest 100
      And the migration holds the migration lock of guest 100
      And one of them has given its lock back
      And the migration waits for the config lock of guest 100
      And the migration finishes successfully once the locks are given back

  @slow @LOCK-02 @LOCK-03 @LOCK-07 @LOCK-12 @LOCK-13 @LOCK-21
  Rule: Who does not get a lock within its time gives up before anything is changed

    Scenario: A replication run and a migration go on and on
      Given stopped guests 100 and 101 on "pve1"
      And guest 101 is replicated to "pve3", but none of its disks, and that has failed 2 times
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
        | pvesr run --id 101-0       | migration | 101   | 2       |
      Then each of them has given up after its time because of its lock file
      And the configs of guests 100 and 101 are as they were
      And the replication of guest 101 to "pve3" has failed 2 times
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

    @live @fault @LOCK-04 @LOCK-17
    Scenario: A running guest's migration fails while a change waits
      Given a running guest 100 on "pve1"
      And "qm start" fails on "pve2" and says "no"
      And "qm start" stands still on "pve2"
      And a migration of guest 100 to "pve2" with "--online --with-local-disks" has come to "qm start" there
      And "qm set 100 --onboot 1" on "pve1" waits for the config lock of guest 100
      When "qm start" goes on
      Then the migration ends with problems
      And the command that waited succeeds and the config of guest 100 has "onboot: 1"
      And guest 100 has no lock property
      And guest 100 is running on "pve1"

  @offline @LOCK-01 @LOCK-05
  Rule: The lock files are made where they are missing, and never emptied, replaced or removed

    Scenario: Nothing was locked on the node before
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And "pve1" has no folder of lock files
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And both lock files of guest 100 are there on "pve1"

    Scenario: The files have been there for long
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And the lock files of guest 100 on "pve1" have been there for long
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the lock files of guest 100 on "pve1" are the same files with the same content

  @offline @fault @LOCK-10 @LOCK-17
  Rule: A migration that fails gives its locks back, marks the config no more and says why it failed

    Scenario: The copy of a disk fails
      Given a stopped guest 100 on "pve1"
      And "pvesm import" fails on "pve2" and says "no room for it"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "no room for it"
      And guest 100 has no lock property
      And guest 100 is stopped on "pve1"
      And nobody holds a lock of guest 100 on "pve1"
      And nobody holds a lock of guest 100 on "pve2"

  @offline @LOCK-11
  Rule: Both locks are a node's own and stop nothing on the others

    Scenario: They are held on the other nodes
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And another process on "pve2" holds the migration lock of guest 100
      And another process on "pve3" holds the config lock of guest 100
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the log does not say "lock file"

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
