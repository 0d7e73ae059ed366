Feature: The link to the target is bad

  @live @needs_netem @LINK-01
  Rule: Over a link that delays every packet the guest pauses for a few round trips more, and no longer

    Scenario Outline: 100 ms there and back, <type>
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And what "pve1" and "pve2" send takes 50 ms to arrive
      When guest 100 is live-migrated to "pve2" with "--migration_type <type>"
      Then the migration finishes successfully
      And packets of "pve1" and "pve2" were delayed on their way
      And the pause that guest 100 saw is a round trip of 100 ms at least, and at most 20 of them and 1000 ms
      And guest 100 has lost no beat, no page and no record

      Examples:
        | type     |
        | secure   |
        | insecure |

  @live @fault @needs_netem @LINK-02
  Rule: What a link loses is sent again, and the guest has lost nothing

    Scenario Outline: A tenth of all packets is lost at "<phase>", <type>
      Given a running guest 100 on "pve1" with its disk on "local" fills 16 MiB of its memory and then writes to disk
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" is held at "<phase>"
      When 10 % of what "pve1" and "pve2" send is lost from now on
      Then the migration finishes successfully
      And packets of "pve1" were lost on their way and sent again
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record

      Examples:
        | phase  | type     |
        | mirror | secure   |
        | mirror | insecure |
        | memory | secure   |
        | memory | insecure |

  @live @fault @needs_netem @needs_partition @P2C-01 @P2C-03
  Rule: A bad link that is cut leaves the guest where it is, whole and running

    Scenario Outline: Delayed, then cut at "<phase>", <type>
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And what "pve1" and "pve2" send takes 50 ms to arrive
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": it was out of reach
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" is held at "<phase>"
      And the link between "pve1" and "pve2" was cut until that migration had ended
      When "qm stop 100 --skiplock --migratedfrom pve1" is run on "pve2"
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else

      Examples:
        | phase  | type     |
        | mirror | insecure |
        | memory | secure   |
