Feature: The control tunnel of a live migration

  @TUN-02
  Rule: The target's end greets with its version, or says that it has no quorum

    Scenario: The cluster is well
      Given a stopped guest 100 on "pve1"
      When "pve1" opens the tunnel to "pve2" and says nothing
      Then the tunnel answers exactly "tunnel online / ver 1"

    Scenario: The cluster has no quorum
      Given a stopped guest 100 on "pve1"
      And the cluster has no quorum
      When "pve1" opens the tunnel to "pve2" and says "resume 100 / quit"
      Then the tunnel answers exactly "no quorum"

  @TUN-04 @TUN-05
  Rule: The tunnel resumes a guest that runs there, says why it cannot, and is silent about all else

    Scenario: A guest is resumed, another one is not there
      Given a paused guest 100 on "pve2" with a 1 MiB raw disk scsi0 on "local"
      When "pve1" opens the tunnel to "pve2" and says "hello / resume 100 / resume / resume 999 / help / quit"
      Then the tunnel answers exactly "tunnel online / ver 1 / OK / ERR: ... / OK"
      And guest 100 is running on "pve2"

    Scenario: Neither a lock property nor the place of the config matters
      Given a paused guest 100 on "pve2" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "lock: migrate" in its config
      And the config of guest 100 lies on "pve1" until the end
      When "pve1" opens the tunnel to "pve2" and says "resume 100 / quit"
      Then the tunnel answers exactly "tunnel online / ver 1 / OK / OK"
      And the process of guest 100 on "pve2" is running

  @TUN-11
  Rule: A running guest has one tunnel, opened once the target has started it; a stopped one has none

    Scenario Outline: The target notes what it is asked for by a <state> guest's migration
      Given a <state> guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve2" takes notes of the commands it is given
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And among what "pve2" was asked for were exactly "<commands>"

      @offline
      Examples:
        | state   | commands                |
        | stopped | pvesm import, qm unlock |

      @live
      Examples:
        | state   | commands                        |
        | running | qm start, qm mtunnel, qm unlock |

  @live @secure @TUN-01 @P2-22
  Rule: One ssh carries the control lines and a forward for each unix socket

    Scenario: The guest is about to be moved through the tunnel
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When a live migration of guest 100 to "pve2" is halted before disks are mirrored
      Then an ssh on "pve1" keeps "/usr/sbin/qm mtunnel" open on "pve2"
      And it forwards exactly "/run/qemu-server/100.migrate, /run/qemu-server/100_nbd.migrate"
      And it has the option "ExitOnForwardFailure=yes"
      And the migration finishes successfully

  @live @insecure @TUN-10 @P2-22
  Rule: An insecure migration has a tunnel without forwards, to resume the guest

    Scenario: The guest is about to be moved over plain TCP
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When a live migration of guest 100 to "pve2" with "--migration_type insecure" is halted before disks are mirrored
      Then an ssh on "pve1" keeps "/usr/sbin/qm mtunnel" open on "pve2"
      And it forwards exactly ""
      And the migration finishes successfully

  @live @TUN-07 @TUN-10
  Rule: The tunnel is asked to resume the guest, then to quit, and nothing of it stays

    Scenario Outline: A guest was moved in <type> mode
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And what is said to the tunnel on "pve2" is recorded
      When guest 100 is live-migrated to "pve2" with "--migration_type <type>"
      Then the migration finishes successfully
      And "pve2" was told exactly "resume 100 / quit"
      And no ssh and no socket of a migration is left on "pve1" or "pve2"

      Examples:
        | type     |
        | secure   |
        | insecure |

  @live @fault @TUN-03
  Rule: A tunnel that does not greet as agreed is not opened

    Scenario Outline: The target's end says "<said>"
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the tunnel on "pve2" says "<said>" where it should say "<expected>"
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log has a line like "online migrate failure - can't open tunnel"
      And guest 100 is running on "pve1"

      Examples:
        | said      | expected      |
        | no quorum | tunnel online |
        | ver x     | ver 1         |

  @live @fault @TUN-06
  Rule: Another answer than OK is an error that names the answer and the command

    Scenario: The target's end answers in its own way
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the tunnel on "pve2" says "ERR: not today" where it should say "OK"
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log has a line like "ERR: not today.*resume 100"
      And guest 100 is running on "pve2"

  @live @secure @fault @TUN-08
  Rule: A stale socket in the tunnel's way is removed

    Scenario: An earlier migration was killed
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And a dead process has left "/run/qemu-server/100.migrate" on "pve1"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is running on "pve2"

  @live @secure @fault @TUN-08
  Rule: A socket outside the directory of the guests is not forwarded

    Scenario: The target announces a path that leads elsewhere
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve2" announces "../100.migrate" in place of "100.migrate"
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And nothing on "pve1" listens on "/run/100.migrate"
      And guest 100 is running on "pve1"
