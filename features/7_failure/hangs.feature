Feature: A QEMU hangs
  A process that neither answers nor ends; it may go on later.

  @live @fault @P2-26 @P2C-01
  Rule: A source that does not answer in ten seconds ends the migration, and loses nothing

    Scenario: The source's QEMU hangs while its disk is mirrored, until the migrator gives up
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" that is halted while disks are mirrored
      And the QEMU of guest 100 on "pve1" hangs
      When it goes on, once the log says "got timeout"
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"

  @live @fault @P2-38
  Rule: A source that hangs for a while costs the migration no more than that

    Scenario: The source's QEMU hangs while its memory moves
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" that is halted while memory moves
      And the QEMU of guest 100 on "pve1" hangs
      When it goes on, once it was told what it was not told until then
      Then the migration finishes successfully
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record

  @live @fault @XT-01 @P2C-05 @P2C-09
  Rule: A target that hangs is not waited for without end, and is ended by force

    Scenario: The target's QEMU hangs before it has loaded the state
      Given a running guest 100 on "pve1" with its disk on "shared" fills 0 MiB of its memory and then rests
      And the source says that all memory of guest 100 is on "pve2", which takes nothing more
      When the migration has ended
      Then the migration ends with problems
      And the log has a line like "target did not load the guest's state - .*got timeout"
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record

    Scenario: The target's QEMU hangs while a drive is mirrored
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And a live migration of guest 100 to "pve2" is held at "mirror"
      And the QEMU of guest 100 on "pve2" hangs
      When the migrator gets the signal TERM
      Then the migration ends with problems
      And guest 100 was never silent for more than 3000 ms
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"

  @live @fault @P3-16
  Rule: A source that hangs when it is to end is ended by force, with the guest on the target

    Scenario: The source's QEMU hangs at the hand-over
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And "pve2" stands still before it resumes guest 100
      And a live migration of guest 100 to "pve2" with "" has come to that point
      When the QEMU of guest 100 on "pve1" hangs
      Then the migration finishes successfully once the target goes on
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record
      And no volume of guest 100 is on "pve1"
