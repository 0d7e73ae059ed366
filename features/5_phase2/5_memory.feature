Feature: Memory of a running guest is moved

  @live @secure @versions @P2-31 @P2-19
  Rule: On both sides every capability is set, and on are only auto-converge and xbzrle

    Scenario: Another capability was on
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the migration capability "events" of guest 100 is on
      And the migration capability "xbzrle" of guest 100 is off
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then the migration capabilities of guest 100 on "pve1" are exactly "auto-converge, xbzrle"
      And the migration capabilities of guest 100 on "pve2" are exactly "auto-converge, xbzrle"
      And the migration finishes successfully

  @live @secure @P2-32 @BW-09
  Rule: The stream of memory has an explicit limit of speed

    Scenario Outline: The speed is limited by <limited by>
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "migrate_speed: <megabytes>" in its config
      When a live migration of guest 100 to "pve2" with "<options>" is halted before memory moves
      Then the parameter "max-bandwidth" of guest 100 on "pve1" is <bytes>
      And the migration finishes successfully
      And the log names these speed limits: "<shown>"

      Examples:
        | limited by           | megabytes | options        | bytes       | shown      |
        | nothing              | 0         |                | 17179869184 |            |
        | the guest's config   | 8         | --bwlimit 9216 | 8388608     | 8.0 MiB    |
        | the request          | 16        | --bwlimit 9216 | 9437184     | 9.0 MiB    |

  @live @secure @P2-33
  Rule: The guest's pause is limited to what its config says, a tenth of a second, or 2000 seconds

    Scenario Outline: The config allows <seconds> s
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "<key>: <seconds>" in its config
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then the parameter "downtime-limit" of guest 100 on "pve1" is <ms>
      And the migration finishes successfully
      And the log tells of a capped downtime <capped> times

      Examples:
        | key              | seconds | ms      | capped |
        | migrate_downtime | 0.45    | 450     | 0      |
        | description      | 0.45    | 100     | 0      |
        | migrate_downtime | 2001.5  | 2000000 | 1      |

  @live @secure @P2-34
  Rule: The cache for deltas is the power of two at or above a tenth of the memory

    Scenario Outline: The guest has <mib> MiB of memory
      Given guest 100 on "pve1" without disks and with <mib> MiB of memory
      And guest 100 has a 1 MiB raw disk scsi0 on "local"
      And guest 100 is running
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then the parameter "xbzrle-cache-size" of guest 100 on "pve1" is <bytes>
      And the migration finishes successfully

      Examples:
        | mib  | bytes     |
        | 32   | 4194304   |
        | 1024 | 134217728 |

  @live @secure @P2-35
  Rule: The three parameters are set at once, and an error of that is no obstacle

    Scenario: They are set
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then guest 100 got "downtime-limit, max-bandwidth, xbzrle-cache-size" in one command
      And the migration finishes successfully

    Scenario: QEMU does not take them
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the monitor of guest 100 refuses "migrate-set-parameters" 1 times
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is running on "pve2"
      And the log says "migrate-set-parameters error"

  @live @P2-37
  Rule: Memory goes to where the target listens

    Scenario Outline: The guest moves in <type> mode
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When a live migration of guest 100 to "pve2" with "--migration_type <type>" is halted before memory moves
      Then guest 100 is asked to send its memory to "<place>"
      And the memory of guest 100 would arrive at a socket that "pve2" listens on
      And the migration finishes successfully

      Examples:
        | type     | place                             |
        | secure   | unix:/run/qemu-server/100.migrate |
        | insecure | tcp:<address of pve2>:<port>      |

  @live @secure @P2-37 @P2-40
  Rule: A guest that does not even begin to migrate goes on where it is

    Scenario: One of the guest's devices cannot migrate
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a device that cannot migrate
      And guest 100 is running
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log has a line like "online migrate failure - .*vvfat"
      And guest 100 is running on "pve1"

  @live @secure @fault @P2-38
  Rule: A failing question for the progress is asked again, up to the sixth time

    Scenario: The monitor recovers
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the monitor of guest 100 refuses "query-migrate" 2 times
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the log has the error "query migrate failed" 2 times, a second or more apart

    Scenario: The monitor does not recover
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the monitor of guest 100 refuses "query-migrate" 99 times
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log has the error "query migrate failed" 6 times, a second or more apart
      And guest 100 is running on "pve1"

  @live @secure @fault @P2-41
  Rule: A transfer that fails or is cancelled ends phase 2 with QEMU's own reason

    Scenario Outline: <Case>
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "migrate_speed: 1" in its config
      And a live migration of guest 100 to "pve2" that is halted while memory moves
      When <what happens> behind the migrator's back
      Then the migration ends with problems
      And the log has a line like "migration status error: <status>"
      And the log says "online migrate failure - aborting"
      And guest 100 is running on "pve1"

      Examples:
        | Case                        | what happens                               | status    |
        | Somebody cancels it         | the transfer of guest 100 is cancelled     | cancelled |
        | The target's QEMU is killed | the QEMU of guest 100 on "pve2" is killed  | failed - \S |

  @live @secure @P2-42
  Rule: A completed transfer is summed up with QEMU's own numbers

    Scenario: A guest moved
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And what is said to the monitor of guest 100 is recorded
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the log sums up the transfer as the monitor of guest 100 reported it

  @live @secure @versions @P2-44 @P2-46 @PRECOPY-03
  Rule: Pages that the guest changes again and again are sent as deltas, and the log says so

    Scenario: The guest changes the same memory faster than it can be sent whole
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "migrate_speed: 4" in its config
      And guest 100 changes the same 3 MiB of memory over and over, 24 MiB a second
      And guest 100 is running
      And what is said to the monitor of guest 100 is recorded
      When guest 100 is live-migrated to "pve2"
      Then memory of guest 100 was sent in several passes, the later ones as deltas
      And the log counts the deltas of guest 100 as its monitor reported them
      And the log has a line like "migration active, transferred .* of .* VM-state, .*/s"
