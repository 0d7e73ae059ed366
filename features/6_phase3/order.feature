Feature: The order of the hand-over
  A node's kernel tells in one queue what happened to its files and sockets, so the order that one
  node saw is exact. To put two nodes side by side takes one clock: the local lab's nodes share the
  machine's, in any other lab it is measured how far they are apart. Where /etc/pve comes over a
  network, a kernel tells only of what its own node does there: then each node adds what it saw.

  @P3-01 @P3-05 @P3-18 @P3-20 @P3-22
  Rule: The config goes over in one rename, then the source is cleared, then the lock is removed

    @live @secure @versions @P3-08 @P3-10 @P3-14 @P3-16
    Scenario: Seen from both ends of a running guest, with its first beat over there
      Given a running guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And what happens to guest 100 is seen on "pve1"
      And what happens to guest 100 is seen on "pve2"
      And "pve2" keeps the tunnel open until guest 100 has beaten there
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And by the clock of "pve1" and "pve2" this and no more happened to guest 100, in this order:
        """
        its config is written on pve1
        its QEMU starts on pve2
        its config is written on pve1
        its config goes from pve1 to pve2
        its NBD socket goes on pve2
        it beats on pve2
        its NBD socket goes on pve1
        its QEMU ends on pve1
        volume local:100/vm-100-disk-0.raw is removed on pve1
        its config is written on pve2
        """

    @live @secure @P3-08 @P3-11 @P3-16
    Scenario: Seen from both ends of a paused guest
      Given a paused guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And what happens to guest 100 is seen on "pve1"
      And what happens to guest 100 is seen on "pve2"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And this and no more was seen on "pve2", in this order:
        """
        its config is written on pve1
        its QEMU starts
        its config is written on pve1
        its config goes from pve1 to pve2
        its NBD socket goes
        its config is written on pve2
        """
      And this and no more was seen on "pve1", in this order:
        """
        its config is written on pve1
        its config goes from pve1 to pve2
        its NBD socket goes
        its QEMU ends
        volume local:100/vm-100-disk-0.raw is removed
        its config is written on pve2
        """

    @offline @P3-25
    Scenario: Seen from the source of a stopped guest
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And what happens to guest 100 is seen on "pve1"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And this and no more was seen on "pve1", in this order:
        """
        its config is written on pve1
        its config goes from pve1 to pve2
        volume local:100/vm-100-disk-0.raw is removed
        its config is written on pve2
        """

    @offline @P3-25
    Scenario: Seen from the target of a stopped guest
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And what happens to guest 100 is seen on "pve2"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And this and no more was seen on "pve2", in this order:
        """
        its config is written on pve1
        its config goes from pve1 to pve2
        its config is written on pve2
        """

  @live @P3-05 @P3-08 @P3-10
  Rule: The target owns the guest, and no longer offers its disks to the source, when it is resumed

    Scenario Outline: The target stands still before the resume, <type>
      Given a running guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And "pve2" stands still before it resumes guest 100
      When a live migration of guest 100 to "pve2" with "--migration_type <type>" has come to that point
      Then the config of guest 100 is on "pve2" only
      And guest 100 has the lock property "migrate"
      And "pve2" offers no drive of guest 100 to anybody
      And the migration finishes successfully once the target goes on
      And guest 100 has lost no beat, no page and no record

      @secure
      Examples:
        | type   |
        | secure |

      @insecure
      Examples:
        | type     |
        | insecure |

  @live @secure @P3-16 @P3-20
  Rule: The source keeps the guest's process and volumes until the target was told to resume

    Scenario: The target stands still before the resume
      Given a running guest 100 on "pve1" with disks "scsi0 raw, virtio0 qcow2"
      And "pve2" stands still before it resumes guest 100
      When a live migration of guest 100 to "pve2" with "" has come to that point
      Then the processes of guest 100 are:
        | pve1 | postmigrate |
        | pve2 | paused      |
      And volume "local:100/vm-100-disk-0.raw" exists on "pve1"
      And volume "local:100/vm-100-disk-1.qcow2" exists on "pve1"
      And the migration finishes successfully once the target goes on
      And no volume of guest 100 is on "pve1"

  @P3-22
  Rule: The lock is removed when nothing of the guest is left on the source

    @live @P3-14 @P3-16 @P3-17 @P3-18
    Scenario Outline: A running guest, <type>, whose target stands still before the unlock
      Given a running guest 100 on "pve1" with disks "scsi0 raw, virtio0 qcow2"
      And "pve2" stands still before it unlocks guest 100
      When a live migration of guest 100 to "pve2" with "--migration_type <type>" has come to that point
      Then guest 100 has the lock property "migrate"
      And no process, socket or file of the running guest 100 is on "pve1"
      And no volume of guest 100 is on "pve1"
      And no tunnel leads from "pve1" to "pve2"
      And the migration finishes successfully once the target goes on

      @secure
      Examples:
        | type   |
        | secure |

      @insecure
      Examples:
        | type     |
        | insecure |

    @offline @P3-18 @P3-25
    Scenario: A stopped guest whose target stands still before the unlock
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And "pve2" stands still before it unlocks guest 100
      When a migration of guest 100 to "pve2" with "" has come to that point
      Then guest 100 has the lock property "migrate"
      And the config of guest 100 is on "pve2" only
      And no volume of guest 100 is on "pve1"
      And the migration finishes successfully once the target goes on
      And guest 100 has no lock property
