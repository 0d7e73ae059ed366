Feature: The migrator is killed

  @live @fault @P2C-03
  Rule: A migrator that is killed leaves a guest that runs on and can be freed and migrated by hand

    Scenario Outline: The migrator is killed at "<phase>"
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" is held at "<phase>"
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": nobody was left to free it
      And the migrator was killed
      And "qm stop 100 --skiplock --migratedfrom pve1" was run on "pve2"
      And "qm unlock 100" was run on "pve1"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record

      Examples:
        | phase  |
        | mirror |
        | memory |
