Feature: The target does not start the guest
  The source has not learned of what the target made before it failed, so it cannot free it.

  @live @fault @P2C-08 @P2-16
  Rule: When the start on the target fails only what was copied before is freed

    Scenario: QEMU does not start, after a volume was allocated and another one copied
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 has an unused volume of 1 MiB on "local"
      And no QEMU starts on "pve2"
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": no drive was announced (P2C-08)
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log says "remote command failed with exit code"
      And guest 100 has lost no beat, no page and no record
      And on "pve2" guest 100 has only the volume "local:100/vm-100-disk-0.raw"

  @live @fault @P2-11
  Rule: Volumes allocated before an allocation that fails stay on the target

    Scenario: The storage of the second disk is not there on the target
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      And guest 100 is running
      And storage "away" is defined, but its directory is on no node
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2": the source has not learned of it (P2-11)
      When guest 100 is live-migrated to "pve2" with target storage "alt:away,local:local"
      Then the migration ends with problems
      And guest 100 has lost no beat, no page and no record
      And on "pve2" guest 100 has only the volume "local:100/vm-100-disk-0.raw"
