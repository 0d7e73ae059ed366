Feature: The link to the target is cut
  The migrator notices by its own means; what it cannot reach it cannot clean.

  Background:
    Given the lab can do "partition"
    And a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"

  @live @fault @P2C-01 @P2C-03
  Rule: A guest whose target is out of reach stays where it is, whole and unlocked

    Scenario Outline: The link is cut at "<phase>", <type>
      Given volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": it was out of reach
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" is held at "<phase>"
      And the link between "pve1" and "pve2" was cut until that migration had ended
      When "qm stop 100 --skiplock --migratedfrom pve1" is run on "pve2"
      Then the migration ends with problems
      And guest 100 was never silent for more than 3000 ms
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record

      Examples:
        | phase  | type     |
        | mirror | secure   |
        | memory | insecure |
