Feature: The lock property of a guest's config

  @offline @fault @LOCK-16
  Rule: The property is not set when prepare fails

    Scenario: The guest uses a device of its node
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And guest 100 has "parallel0: /dev/parport0" in its config
      And the config file of guest 100 is remembered
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "uses local devices"
      And nothing has changed on any node
      And the config file of guest 100 has not been written

  @LOCK-18
  Rule: Nothing changes a guest that is locked for a migration

    Scenario: Everything is tried with a stopped and with a running guest
      Given a stopped guest 100 on "pve1" with a 4 MiB qcow2 disk scsi0 on "local"
      And a running guest 101 on "pve1"
      And "qm snapshot 100 before" was run on "pve1"
      And guests 100 and 101 are locked by "migrate"
      When these commands are run on "pve1":
        | command                       | because                |
        | qm migrate 100 pve2           | VM is locked (migrate) |
        | qm migrate 100 pve2 --force   | VM is locked (migrate) |
        | qm start 100                  | VM is locked (migrate) |
        | qm set 100 --onboot 1         | VM is locked (migrate) |
        | qm resize 100 scsi0 +1M       | VM is locked (migrate) |
        | qm template 100               | VM is locked (migrate) |
        | qm rescan --vmid 100          | VM is locked (migrate) |
        | qm snapshot 100 now           | VM is locked (migrate) |
        | qm rollback 100 before        | VM is locked (migrate) |
        | qm delsnapshot 100 before     | VM is locked (migrate) |
        | qm delsnapshot 100 before --force | VM is locked (migrate) |
        | qm destroy 100                | VM is locked (migrate) |
        | qm migrate 101 pve2 --online 1 | VM is locked (migrate) |
        | qm suspend 101                | VM is locked (migrate) |
        | qm resume 101                 | VM is locked (migrate) |
        | qm reset 101                  | VM is locked (migrate) |
        | qm shutdown 101               | VM is locked (migrate) |
        | qm stop 101                   | VM is locked (migrate) |
      Then each is refused in one line for the reason given
      And nothing has changed on any node

  @LOCK-19
  Rule: Root may pass by the property where the operation offers it

    Scenario: A guest is started, paused and ended
      Given a stopped guest 100 on "pve1"
      And guest 100 is locked by "migrate"
      When these commands on "pve1" bring guest 100 into these states:
        | qm set 100 --skiplock 1 --onboot 1                  | stopped |
        | qm resize 100 scsi0 +1M --skiplock                  | stopped |
        | qm start 100 --skiplock                             | running |
        | qm suspend 100 --skiplock                           | paused  |
        | qm resume 100 --skiplock                            | running |
        | qm reset 100 --skiplock                             | running |
        | qm shutdown 100 --skiplock --timeout 1 --forceStop  | stopped |
        | qm start 100 --skiplock                             | running |
        | qm stop 100 --skiplock                              | stopped |
      Then each of them has succeeded and did so
      And the config of guest 100 has "onboot: 1"
      And drive scsi0 of guest 100 has the option "size=17M"
      And guest 100 has the lock property "migrate"

    Scenario: The guest is destroyed
      Given a stopped guest 100 on "pve1"
      And guest 100 has "lock: migrate" in its config
      When "qm destroy 100 --skiplock" is run on "pve1"
      Then the command succeeds
      And no node has a config of guest 100
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve1"

    Scenario: A migration offers it to nobody
      Given a stopped guest 100 on "pve1"
      And guest 100 is locked by "migrate"
      When guest 100 is migrated to "pve2" with "--skiplock"
      Then the request is refused because of "skiplock"
      And nothing has changed on any node

  @LOCK-15 @LOCK-20 @API-13 @CLI-11
  Rule: A guest that is locked, by its backup or whatever else, is not migrated, forced or not

    Scenario: Every operation that locks a guest
      Given a stopped guest 100 on "pve1"
      When guest 100 is migrated from "pve1" to "pve2" with each of these lines:
        | file                            | line                  | words            | because                        |
        | nodes/pve1/qemu-server/100.conf | lock: backup          |                  | VM is locked (backup)          |
        | nodes/pve1/qemu-server/100.conf | lock: clone           | 100 pve2 --force | VM is locked (clone)           |
        | nodes/pve1/qemu-server/100.conf | lock: create          | 100 pve2 --force | VM is locked (create)          |
        | nodes/pve1/qemu-server/100.conf | lock: migrate         |                  | VM is locked (migrate)         |
        | nodes/pve1/qemu-server/100.conf | lock: rollback        |                  | VM is locked (rollback)        |
        | nodes/pve1/qemu-server/100.conf | lock: snapshot        | 100 pve2 --force | VM is locked (snapshot)        |
        | nodes/pve1/qemu-server/100.conf | lock: snapshot-delete |                  | VM is locked (snapshot-delete) |
        | nodes/pve1/qemu-server/100.conf | lock: suspending      |                  | VM is locked (suspending)      |
        | nodes/pve1/qemu-server/100.conf | lock: suspended       |                  | VM is locked (suspended)       |
        | nodes/pve1/qemu-server/100.conf | lock: restore         |                  | lock: 'restore' is not valid   |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @offline @LOCK-15 @LOCK-02
  Rule: Work on snapshots locks the guest while it goes on, and nobody migrates it meanwhile

    Scenario Outline: "qm <operation>" is at its first image
      Given a stopped guest 100 on "pve1" with a 4 MiB qcow2 disk scsi0 on "local"
      And "qm snapshot 100 before" was run on "pve1"
      And "qemu-img snapshot" stands still on "pve1"
      And "qm <operation>" on "pve1" has come to "qemu-img snapshot"
      When guest 100 is migrated to "pve2"
      Then the request is refused because of "VM is locked (<lock>)"
      And the command that waited succeeds once "qemu-img snapshot" goes on
      And guest 100 has no lock property

      Examples:
        | operation              | lock            |
        | snapshot 100 now       | snapshot        |
        | rollback 100 before    | rollback        |
        | delsnapshot 100 before | snapshot-delete |

  @LOCK-15
  Rule: A running guest's disks are remembered without stopping it, and unlocked when that is done

    Scenario: A snapshot is made and deleted while the guest writes
      Given a running guest 100 on "pve1" with a 4 MiB qcow2 disk scsi0 on "local"
      When "qm snapshot 100 now" is run on "pve1"
      Then guest 100 has lost no beat, no page and no record
      And guest 100 has the snapshot "now" in its config and in its disks
      And guest 100 has no lock property
      And "qm delsnapshot 100 now" succeeds on "pve1"
      And guest 100 has no snapshot
      And guest 100 is running on "pve1"
