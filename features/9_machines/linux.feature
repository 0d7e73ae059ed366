Feature: A guest with an operating system of its own
  A Linux kernel with its own page tables, timers and interrupts, and a virtio disk without a BIOS
  between. Its only process beats, changes memory and writes records as the boot-sector guest does.

  @live @needs_linux_guest @MACHINE-01
  Rule: It moves there and back with its timer, its memory and its disk

    Scenario Outline: It comes back, <type>
      Given a running Linux guest 100 on "pve1"
      And guest 100 has been live-migrated to "pve2"
      When guest 100 is live-migrated to "pve1" with "--migration_type <type>"
      Then the migration finishes successfully
      And guest 100 is running on "pve1"
      And guest 100 goes on writing records on "pve1"
      And guest 100 has lost no beat, no page and no record
      And no volume of guest 100 is on "pve2"

      @secure
      Examples:
        | type   |
        | secure |

      @insecure
      Examples:
        | type     |
        | insecure |

    @secure
    Scenario: It changes whole pages as fast as it can
      Given a stopped Linux guest 100 on "pve1"
      And guest 100 fills 4 MiB of its memory with noise, over and over
      And guest 100 is running
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record

  @live @fault @needs_linux_guest @needs_partition @P2C-01 @P2C-03
  Rule: Where its target is out of reach it stays where it is, whole and running

    Scenario Outline: The link is cut at "<phase>", <type>
      Given a running Linux guest 100 on "pve1"
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": it was out of reach
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" is held at "<phase>"
      And the link between "pve1" and "pve2" was cut until that migration had ended
      When "qm stop 100 --skiplock --migratedfrom pve1" is run on "pve2"
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record

      Examples:
        | phase  | type     |
        | mirror | insecure |
        | memory | secure   |
