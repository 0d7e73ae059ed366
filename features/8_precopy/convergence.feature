Feature: Memory that changes while it moves
  A round of the migrator is one look at the progress. What is left grows whenever QEMU has gone
  through the memory and finds what the guest has changed meanwhile.

  @live @secure @needs_quick @P2-47 @P2-49
  Rule: The sixth round in which the rest has grown doubles the pause that is allowed, until the rest fits into it

    # 3 MiB at 8 MiB/s take 375 ms, the guest may pause for 200 ms at first.
    Scenario Outline: The guest rewrites 3 MiB of its memory, <rate> MiB a second, of which 8 can move
      Given a running guest 100 on "pve1" that rewrites 3 MiB of its memory, <rate> MiB a second
      And guest 100 has "migrate_downtime: 0.2" in its config
      And what is said to the monitor of guest 100 is recorded
      When guest 100 is live-migrated to "pve2" with "--bwlimit 8192"
      Then the migration finishes successfully
      And the downtime limit of guest 100 was doubled <least> to <most> times, each time in the sixth round that stagnated
      And guest 100 has lost no beat, no page and no record

      Examples:
        | rate | least | most |
        | 2    | 0     | 0    |
        | 8    | 0     | 2    |
        | 64   | 1     | 2    |

  @live @secure @needs_quick @P2-48 @P2-49
  Rule: At 2000 s the limit is neither changed nor logged any more, and the migration goes on without end

    Scenario: A guest that would not even converge then
      Given a running guest 100 on "pve1" that rewrites 1 MiB of its memory, 32 MiB a second
      And guest 100 has "migrate_downtime: 1999" in its config
      And QEMU lets guest 100 pause for 10 ms and no more, whatever it is told
      When guest 100 has not converged on its way to "pve2" in 13 rounds
      Then the migration finishes successfully
      And guest 100 was asked for a limit of 2000000 ms once, and the log says so once

  @live @secure @needs_quick @P2-43
  Rule: A round in which nothing has moved is passed over

    Scenario: The target stands still for a while
      Given a running guest 100 on "pve1" that rewrites 8 MiB of its memory, 2 MiB a second
      And what is said to the monitor of guest 100 is recorded
      When nothing of guest 100, on its way to "pve2" with "--bwlimit 16384", arrives for 2 rounds
      Then the migration finishes successfully
      And the log told of progress in those rounds of guest 100 in which something had moved

  @live @secure @needs_quick @P2-45
  Rule: Once less is left than moves in an average round, rounds take a tenth of a second for good, and every tenth is logged

    Scenario: More is left again later on
      Given a running guest 100 on "pve1" that rewrites 12 MiB of its memory, 32 MiB a second
      And what is said to the monitor of guest 100 is recorded
      When guest 100 has been on its way to "pve2" with "--bwlimit 4096" for 25 rounds
      Then the migration finishes successfully
      And the rounds of guest 100 were shorter once less was left than moved in one, and every tenth of these was logged

  @live @secure @fault @P2-39
  Rule: While the transfer begins, is being cancelled, or waits for a device, that is logged and asked for again a second later

    # The monitor is made to say so: these states last for milliseconds, or need a device that is plugged in.
    Scenario: All three, one after the other
      Given a running guest 100 on "pve1" that rewrites 1 MiB of its memory, 1 MiB a second
      And the monitor of guest 100 says "setup, cancelling, wait-unplug" of the first rounds
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And each of the first 3 rounds of guest 100 was a second or more before the next
      And the log says "status: setup" before "status: cancelling"
      And the log says "status: cancelling" before "status: wait-unplug"

  @live @secure @needs_quick @PRECOPY-05
  Rule: A guest that changes its memory faster than it moves may be slowed down by QEMU

    Scenario: The guest never rests
      Given a running guest 100 on "pve1" that rewrites 2 MiB of its memory, as fast as it can
      And guest 100 has "migrate_downtime: 0.2" in its config
      And what is said to the monitor of guest 100 is recorded
      When guest 100 is live-migrated to "pve2" with "--bwlimit 8192"
      Then the migration finishes successfully
      And the processors of guest 100 were slowed down on the way
