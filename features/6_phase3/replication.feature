Feature: The hand-over of a replicated guest

  @REPL-09 @P3-04 @P3-07
  Rule: The replication turns round: its state comes to the target, and its job points back

    @offline
    Scenario: A stopped guest moves to one of the nodes it is replicated to
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has these replication jobs, but none of its disks is replicated:
        | 100-0 | pve2 |
        | 100-1 | pve3 |
      And the replication of guest 100 stands on "pve1" at:
        | pve2 | last_sync 1000 | fail_count 2 |
        | pve3 | last_sync 2000 | fail_count 3 |
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the replication of guest 100 stands on "pve2" at:
        | pve1 | last_sync now  | fail_count 0 |
        | pve3 | last_sync 2000 | fail_count 3 |
      And guest 100 has the replication jobs:
        | 100-0 | from pve2 | to pve1 |
        | 100-1 | from pve2 | to pve3 |

    @live @secure
    Scenario: A running guest moves to one of the nodes it is replicated to
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has these replication jobs, but none of its disks is replicated:
        | 100-0 | pve3 |
        | 100-1 | pve2 |
      And guest 100 is running
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the replication of guest 100 stands on "pve2" at:
        | pve1 | last_sync now | fail_count 0 |
      And guest 100 has the replication jobs:
        | 100-0 | from pve2 | to pve3 |
        | 100-1 | from pve2 | to pve1 |
      And guest 100 has lost no beat, no page and no record

    @offline
    Scenario: The state is there before the guest, and the jobs turn after it has come
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has these replication jobs, but none of its disks is replicated:
        | 100-0 | pve2 |
      And what happens to guest 100 is seen on "pve2"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And this and no more was seen on "pve2", in this order:
        """
        its config is written on pve1
        the replication state is written
        its config goes from pve1 to pve2
        the replication jobs are written
        its config is written on pve2
        """

  @REPL-10
  Rule: State and jobs follow the guest also to a node it is not replicated to

    @offline
    Scenario: A stopped guest that is replicated elsewhere
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has these replication jobs, but none of its disks is replicated:
        | 100-0 | pve3 |
      And the replication of guest 100 stands on "pve1" at:
        | pve3 | last_sync 2000 | fail_count 3 |
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the replication of guest 100 stands on "pve2" at:
        | pve3 | last_sync 2000 | fail_count 3 |
      And guest 100 has the replication jobs:
        | 100-0 | from pve2 | to pve3 |

  @REPL-09 @fault
  Rule: A replication that cannot be turned round is a problem, and the guest moves all the same

    @offline @P3-04
    Scenario: The target does not take the state
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has these replication jobs, but none of its disks is replicated:
        | 100-0 | pve2 |
      And "pvesr set-state" fails on "pve2" and says "no room for that"
      When guest 100 is migrated to "pve2"
      Then the migration ends with problems
      And the log says "no room for that"
      And guest 100 is stopped on "pve2"
      And guest 100 has no lock property
      And guest 100 has the replication jobs:
        | 100-0 | from pve2 | to pve1 |

    @offline @P3-07
    Scenario: The jobs cannot be read when they are to be turned
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has these replication jobs, but none of its disks is replicated:
        | 100-0 | pve2 |
      And "pvesr set-state" stands still on "pve2"
      And a migration of guest 100 to "pve2" with "" has come to "pvesr set-state" there
      When somebody damages the cluster file "replication.cfg"
      Then the migration ends with problems once "pvesr set-state" goes on
      And guest 100 is stopped on "pve2"
      And guest 100 has no lock property
      And no volume of guest 100 is on "pve1"
