Feature: A command takes effect, but its answer is lost
  The connection breaks when the command has been done; whoever asked for it cannot know that it was.

  @live @fault @P2C-05 @P2C-08
  Rule: A target that has started without a word of it being heard is stopped

    Scenario Outline: The answer to the start is lost, <type>
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And the answer to "qm start" from "pve2" is lost
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": no drive was announced (P2C-08)
      When guest 100 is live-migrated to "pve2" with "--migration_type <type>"
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And guest 100 moves to "pve2" at the next try

      Examples:
        | type     |
        | secure   |
        | insecure |

  @live @fault @P3-10 @P3-16 @P3-24
  Rule: A guest that was told to resume on the target never runs on at the source, heard or not

    Scenario Outline: The answer to "<order>" is lost
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And the answer to "<order>" from "pve2" is lost
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record
      And guest 100 has no lock property
      And no volume of guest 100 is on "pve1"

      Examples:
        | order     |
        | resume    |
        | quit      |
        | qm unlock |

  @live @fault @P2C-07
  Rule: A step of the way back that was done unheard does not keep the others from being done

    Scenario Outline: The answer to "<command>" is lost
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 has an unused volume of 1 MiB on "alt"
      And the answer to "<command>" from "pve2" is lost
      And a live migration of guest 100 to "pve2" that is halted before memory moves
      When the migrator gets the signal TERM
      Then the migration ends with problems
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"

      Examples:
        | command    |
        | qm stop    |
        | pvesm free |

  @offline @fault @SYNC-17 @P1-06
  Rule: A copy that nobody heard of is no copy to the source, which keeps its own

    Scenario: The answer to the first of two imports is lost
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the answer to "pvesm import" from "pve2" is lost
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": nobody heard of it
      When guest 100 is migrated to "pve2"
      Then the migration is aborted
      And guest 100 is stopped on "pve1"
      And guest 100 has all its volumes unchanged on "pve1"
      And guest 100 has no lock property
