Feature: The target does not do what it is to do

  @live @fault @P2-28 @P2C-06
  Rule: A mirror that ends by itself ends the migration

    Scenario: The target's disk is full before the drive is mirrored
      Given a running guest 100 on "pve1"
      And drive scsi0 of guest 100 holds 8 MiB of data
      And storage "small" on "pve2" has 4 MiB left
      When guest 100 is live-migrated to "pve2" with target storage "small"
      Then the migration ends with problems
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"

  @live @fault @P2-50 @P2C-02
  Rule: A guest whose drives cannot be finished runs on at the source, although its memory had moved

    Scenario: The NBD server on the target is stopped before the mirrors have ended
      Given QEMU is older than version 8.2
      And a running guest 100 on "pve1" with its disk on "local" fills 8 MiB of its memory and then writes to disk
      And all memory of guest 100 has moved to "pve2" and the migrator stands still
      And the NBD server of guest 100 on "pve2" was stopped
      When the migrator goes on
      Then the migration ends with problems
      And guest 100 has lost no beat, no page and no record
      And guest 100 goes on beating on "pve1" and beat nowhere else

  @live @fault @P3-08
  Rule: An NBD server that cannot be stopped at the hand-over is a problem, not the end of it

    Scenario: The NBD server is gone when it is to be stopped
      Given a running guest 100 on "pve1" with its disk on "local" fills 8 MiB of its memory and then rests
      And all memory of guest 100 has moved to "pve2" and the migrator stands still
      And the mirrors of guest 100 were ended and the NBD server on "pve2" was stopped
      When the migrator goes on
      Then the migration ends with problems
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record
