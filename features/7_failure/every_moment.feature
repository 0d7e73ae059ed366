Feature: The target, or the way to it, is lost at any moment
  The guest beats on the source all the time, nothing of it stays on the target, and what failed once
  does not stand in the way of the next try.

  @live @fault @P2C-01 @P2C-03 @P2C-04 @P2C-06 @P2-28
  Rule: Until the memory has moved the guest has never stopped, and what was made for it is gone

    Scenario Outline: <what> <moment>, <type>
      Given a running guest 100 on "pve1" with disks "scsi0 raw, scsi1 raw on alt"
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" that is halted <moment>
      When it happens that <what>
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"
      And guest 100 moves to "pve2" at the next try

      @secure
      Examples: through the tunnel
        | moment                             | what                                     | type   |
        | before disks are mirrored          | the target's QEMU is killed              | secure |
        | before the second disk is mirrored | the target's NBD server is stopped       | secure |
        | before the second disk is mirrored | every ssh of the source is killed        | secure |
        | while disks are mirrored           | the tunnel's end on the target is killed | secure |
        | before memory moves                | the target's QEMU is killed              | secure |

      @insecure
      Examples: over plain TCP
        | moment                             | what                                     | type     |
        | before disks are mirrored          | the target's NBD server is stopped       | insecure |
        | before the second disk is mirrored | the target's QEMU is killed              | insecure |
        | while disks are mirrored           | the target's QEMU is killed              | insecure |
        | before memory moves                | every ssh of the source is killed        | insecure |

  @live @fault @P2C-01 @P2C-03
  Rule: Nor has it stopped while the memory moves

    Scenario Outline: <what> in the first pass, <type>
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" is held at "memory"
      When it happens that <what>
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"
      And guest 100 moves to "pve2" at the next try

      Examples:
        | what                                     | type     |
        | the target's QEMU is killed              | insecure |
        | the tunnel's end on the target is killed | secure   |

    Scenario: The target crashes in the first pass
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": it was out of reach
      And a live migration of guest 100 to "pve2" is held at "memory"
      When it happens that the target crashes
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And guest 100 moves to "pve3" at the next try

  @live @fault @versions @P2C-02 @P2-50
  Rule: A guest whose memory had moved goes on at the source, if its drives cannot be finished

    Scenario Outline: <what> before the mirrors end, <type>
      Given a running guest 100 on "pve1" with disks "scsi0 raw, scsi1 raw on alt"
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" that is halted before the mirrors end
      When it happens that <what>
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"
      And guest 100 moves to "pve2" at the next try

      Examples:
        | what                                     | type     |
        | the target's QEMU is killed              | insecure |
        | every ssh of the source is killed        | secure   |
