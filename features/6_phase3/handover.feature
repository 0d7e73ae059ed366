Feature: Hand-over of a guest to the target node

  @live @secure @P3-05 @P3-18 @P3-22
  Rule: A running guest with a local disk belongs to the target when it is over

    Scenario: A guest with one raw disk moves
      Given a running guest 100 on "pve1" with a 16 MiB raw disk scsi0 on "local"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record
      And guest 100 has no lock property
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve1"
      And volume "local:100/vm-100-disk-0.raw" exists on "pve2"
      And guest 100 is running on "pve2"

  @live @secure @XT-02
  Rule: The guest stands still for a fraction of a second only

    Scenario: An everyday guest moves
      Given a running guest 100 on "pve1"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the pause that guest 100 saw is at most 1000 ms
      And guest 100 never ran on two nodes at once

  @offline @P3-25
  Rule: A stopped guest is handed over without a process on any node

    Scenario: A stopped guest with one raw disk moves
      Given a stopped guest 100 on "pve1" with a 16 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is stopped on "pve2"
      And guest 100 has no lock property
      And volume "local:100/vm-100-disk-0.raw" on "pve2" has the content that "local:100/vm-100-disk-0.raw" on "pve1" had
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve1"
