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

  @live @secure @needs_overcommit @P2-32 @P2-33 @P2-34 @P2-35 @BW-09
  Rule: QEMU is told at once how fast memory may move, how long the guest may pause, and how much is kept for deltas

    # 16 GiB a second if nothing limits it; 0.1 s if the config does not say, and never more than 2000 s;
    # the power of two at or above a tenth of the memory, which is 512 MiB if the config does not say.
    Scenario: Guests of all sizes and limits, none of which goes on to move
      Given a running guest 100 on "pve1" that rewrites 1 MiB of its memory, 1 MiB a second
      And the config of guest 100 says nothing of its memory any more
      And the monitor of guest 100 refuses "migrate" 99 times
      When guest 100 is migrated to "pve2" with "--online" once for each row:
        |                                              |                | 17179869184 100 67108864       |
        | memory: 16 / migrate_speed: 8                | --bwlimit 9216 | 8388608 100 2097152            |
        | memory: 640 / migrate_speed: 16              | --bwlimit 9216 | 9437184 100 67108864           |
        | memory: 641 / migrate_downtime: 0.45         |                | 17179869184 450 134217728      |
        | memory: current=1024 / migrate_downtime: 0   |                | 17179869184 0 134217728        |
        | memory: 2048 / migrate_downtime: 2001.5      |                | 17179869184 2000000 268435456  |
        | memory: 4096 / migrate_speed: 3              |                | 3145728 100 536870912          |
        | memory: 16384                                |                | 17179869184 100 2147483648     |
      Then guest 100 was told the numbers of each row in one command
      And the log of each row names the limits that apply

  @live @secure @P2-35
  Rule: An error about these numbers is no obstacle

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
      Given a running guest 100 on "pve1" with its disk on "local" fills 8 MiB of its memory and then rests
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
