Feature: Disks of a running guest are mirrored

  @live @secure @P2-24
  Rule: The next drive is mirrored only when all drives so far are ready, and they stay ready

    Scenario: The first of two disks is slow
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi1 on "alt"
      And guest 100 has a 1 MiB raw disk scsi0 full of data on "local"
      And guest 100 is running
      And storage "local" has "bwlimit migration=1024"
      When a live migration of guest 100 to "pve2" is halted before the second disk is mirrored
      Then the mirrors of guest 100 on "pve1" are exactly:
        | scsi0 | ready |
      And the migration finishes successfully

    Scenario: Both disks are ready while memory is still to come
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB qcow2 disk scsi1 full of data on "alt"
      And guest 100 is running
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then the mirrors of guest 100 on "pve1" are exactly:
        | scsi0 | ready |
        | scsi1 | ready |
      And the migration finishes successfully

  @live @secure @versions @P2-25
  Rule: The machine version of the guest decides how a drive is mirrored

    Scenario: The machine is older than 10.0
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "machine: pc-i440fx-6.2" in its config
      And guest 100 is running
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then guest 100 on "pve1" has exactly the mirror job "drive-scsi0"
      And guest 100 on "pve1" mirrors to the export "drive-scsi0" of "/run/qemu-server/100_nbd.migrate"
      And the migration finishes successfully

    Scenario: The machine is as new as 10.0
      Given QEMU is version 10.0 or newer
      And a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "machine: pc-i440fx-10.0" in its config
      And guest 100 is running
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then guest 100 on "pve1" has exactly the mirror job "mirror-scsi0"
      And the mirror of drive scsi0 of guest 100 on "pve1" is to replace the node that holds its image
      And guest 100 on "pve1" mirrors to the export "drive-scsi0" of "/run/qemu-server/100_nbd.migrate"
      And the migration finishes successfully

  @live @P2-26
  Rule: A mirror copies everything, stays when it is done, and is limited only if a limit is set

    Scenario Outline: The mirror is limited by <limited by>
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And storage "local" has "bwlimit migration=<storage>"
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then the mirror of drive scsi0 of guest 100 on "pve1" goes at <speed> bytes per second
      And the mirror of drive scsi0 of guest 100 on "pve1" waits to be dismissed at its end
      And the migration finishes successfully

      Examples:
        | limited by  | storage | speed   |
        | nothing     | 0       | 0       |
        | its storage | 2048    | 2097152 |

    Scenario: What the guest never touched arrives too
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 full of data on "alt"
      And guest 100 is running
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And volume "alt:100/vm-100-disk-0.raw" on "pve2" has the content that "alt:100/vm-100-disk-1.raw" on "pve1" had

  @live @P2-27 @P2-52
  Rule: The log tells how far a mirror is

    Scenario: A small disk is mirrored
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the log has a line like "scsi0: transferred 1\.0 MiB of 1\.0 MiB \(100\.00%\) in \d+s"

  @live @secure @fault @P2-28
  Rule: A mirror that ends before its time is the end of phase 2 and of all mirrors

    Scenario Outline: <What happens> while a drive is mirrored
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi1 on "alt"
      And guest 100 has a 4 MiB raw disk scsi0 full of data on "local"
      And guest 100 is running
      And storage "local" has "bwlimit migration=1024"
      And a live migration of guest 100 to "pve2" that is halted while disks are mirrored
      When <what happens> behind the migrator's back
      Then the migration ends with problems
      And guest 100 has no mirror on "pve1"
      And guest 100 is running on "pve1"

      Examples:
        | What happens         | what happens                                     |
        | The mirror vanishes  | the mirror of drive scsi0 of guest 100 vanishes  |
        | The receiver is gone | the NBD server of guest 100 on "pve2" is stopped |

  @live @versions @P2-29
  Rule: Once all mirrors are ready each write of the guest waits for the target, if QEMU can do that

    Scenario: QEMU can
      Given QEMU is version 8.2 or newer
      And a running guest 100 on "pve1"
      When a live migration of guest 100 to "pve2" is halted before memory moves
      Then the mirrors of guest 100 on "pve1" are actively synced
      And the migration finishes successfully

    @fault
    Scenario: A mirror vanishes before that
      Given QEMU is version 8.2 or newer
      And a running guest 100 on "pve1"
      And a live migration of guest 100 to "pve2" that is halted before writes wait for the target
      When the mirror of drive scsi0 of guest 100 vanishes behind the migrator's back
      Then the migration ends with problems
      And guest 100 has no mirror on "pve1"
      And guest 100 is running on "pve1"

    Scenario: QEMU can not
      Given QEMU is older than version 8.2
      And a running guest 100 on "pve1"
      And what is said to the monitor of guest 100 is recorded
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the monitor of guest 100 refused nothing

  @live @secure @versions @P2-50
  Rule: After the memory the mirrors are finished without switching the source over to the target's disks

    Scenario: Memory has moved and the mirrors are about to end
      Given a running guest 100 on "pve1"
      When a live migration of guest 100 to "pve2" is halted before the mirrors end
      Then the mirror of drive scsi0 of guest 100 was asked to finish gracefully
      And the process of guest 100 on "pve1" is postmigrate
      And the process of guest 100 on "pve2" is paused
      And the config of guest 100 is on "pve1" only
      And the migration finishes successfully

    @fault
    Scenario: A mirror has failed while memory moved
      Given a running guest 100 on "pve1"
      And a live migration of guest 100 to "pve2" that is halted before memory moves
      When the mirror of drive scsi0 of guest 100 to "pve2" fails behind the migrator's back
      Then the migration ends with problems
      And the log says "migration completed, transferred"
      And guest 100 has no mirror on "pve1"
      And guest 100 is running on "pve1"
      And guest 100 has lost no beat, no page and no record
