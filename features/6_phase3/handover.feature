Feature: Hand-over of a guest to the target node

  @live @secure @versions @P3-05 @P3-18 @P3-22
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

  @live @P3-18
  Rule: Every local disk moves whole, whatever its bus and format, and none stays behind

    Scenario Outline: A guest that writes to <boot> with disks on all buses moves
      Given a running guest 100 on "pve1" with disks "<drives>"
      When guest 100 is live-migrated to "pve2" with "--migration_type <type>"
      Then the migration finishes successfully
      And guest 100 has lost no beat, no page and no record
      And the other disks of guest 100 hold on "pve2" what they held
      And no volume of guest 100 is on "pve1"

      @secure
      Examples: through the tunnel
        | boot             | type   | drives                                    |
        | qcow2 on virtio0 | secure | virtio0 qcow2, scsi1 raw, ide0 raw        |
        | raw on ide0      | secure | ide0 raw, sata0 qcow2, virtio1 raw        |

      @insecure
      Examples: over plain TCP
        | boot             | type     | drives                                  |
        | raw on sata0     | insecure | sata0 raw, virtio0 raw, scsi0 qcow2     |
        | qcow2 on scsi0   | insecure | scsi0 qcow2, scsi1 raw, ide0 qcow2      |

  @live @secure @versions @P3-05 @P3-17
  Rule: A guest that came can go on to a third node, and back to where it was

    Scenario: A guest goes round all nodes
      Given a running guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has been live-migrated to "pve2"
      And guest 100 has been live-migrated to "pve3"
      When guest 100 is live-migrated to "pve1"
      Then the migration finishes successfully
      And guest 100 is running on "pve1"
      And guest 100 has lost no beat, no page and no record

  @live @XT-02
  Rule: The guest stands still for a fraction of a second only

    Scenario Outline: An everyday guest moves, <type>
      Given a running guest 100 on "pve1"
      When guest 100 is live-migrated to "pve2" with "--migration_type <type>"
      Then the migration finishes successfully
      And the pause that guest 100 saw is at most 1000 ms
      And guest 100 never ran on two nodes at once

      @secure
      Examples:
        | type   |
        | secure |

      @insecure
      Examples:
        | type     |
        | insecure |

    @secure @versions
    Scenario: A guest that dirties its memory and has three disks moves
      Given a running guest 100 on "pve1" with disks "scsi0 raw, virtio0 qcow2, ide0 raw"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the pause that guest 100 saw is at most 1000 ms
      And guest 100 never ran on two nodes at once

  @live @P3-11
  Rule: A guest that was paused stays paused

    Scenario Outline: A paused guest moves, <type>, with its memory as it was
      Given a paused guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And the memory of guest 100 is remembered
      When guest 100 is live-migrated to "pve2" with "--migration_type <type>"
      Then the migration finishes successfully
      And guest 100 is paused on "pve2"
      And the memory of guest 100 on "pve2" is byte for byte what it was
      And guest 100 has lost no beat, no page and no record
      And guest 100 has no lock property

      @secure
      Examples:
        | type   |
        | secure |

      @insecure
      Examples:
        | type     |
        | insecure |

    @secure @versions
    Scenario: A paused guest that has moved goes on where it stood
      Given a paused guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has been live-migrated to "pve2"
      When "qm resume 100" is run on "pve2"
      Then the command succeeds
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record

  @live @secure @P3-10
  Rule: A resume without checks works before the config is seen to be there

    Scenario: A paused guest is resumed on the node that does not own it yet
      Given a paused guest 100 on "pve1"
      And the config of guest 100 lies on "pve2" for a while
      When "qm resume 100 --skiplock --nocheck" is run on "pve1"
      Then the command succeeds
      And the processes of guest 100 are:
        | pve1 | running |

    Scenario: With checks it is refused
      Given a paused guest 100 on "pve1"
      And the config of guest 100 lies on "pve2" for a while
      When "qm resume 100 --skiplock" is run on "pve1"
      Then the command fails because of "does not exist"
      And the processes of guest 100 are:
        | pve1 | paused |

    Scenario: A guest that runs already goes on
      Given a running guest 100 on "pve1"
      When "qm resume 100 --skiplock --nocheck" is run on "pve1"
      Then the command succeeds
      And guest 100 has lost no beat, no page and no record

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

  @P3-21
  Rule: Shared volumes, and those that no config names, are not touched

    @live @secure
    Scenario: A running guest has a shared disk beside its own
      Given a stopped guest 100 on "pve1" with disks "scsi0 raw, scsi1 raw on shared"
      And volume "local:100/vm-100-disk-7.raw" of 1 MiB exists on "pve1"
      And guest 100 is running
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And volume "shared:100/vm-100-disk-1.raw" on "pve1" has not been touched
      And volume "local:100/vm-100-disk-7.raw" on "pve1" has not been touched
      And volume "local:100/vm-100-disk-7.raw" does not exist on "pve2"

    @offline
    Scenario: A stopped guest has a shared disk beside its own
      Given a stopped guest 100 on "pve1" with disks "scsi0 raw, scsi1 raw on shared"
      And volume "local:100/vm-100-disk-7.raw" of 1 MiB exists on "pve1"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And volume "shared:100/vm-100-disk-1.raw" on "pve1" has not been touched
      And volume "local:100/vm-100-disk-7.raw" on "pve1" has not been touched
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve1"
