Feature: The other commands that a migration's ends use

  @CLI-17
  Rule: Unlocking takes away the lock property, the pending one too, and minds nothing else

    Scenario: The guest is locked, now and at its next start
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And the config of guest 100 goes on with:
        """
        lock: migrate

        [PENDING]
        lock: backup
        memory: 64
        """
      When "qm unlock 100" is run on "pve1"
      Then the command succeeds
      And the config of guest 100 has lost every "lock" and nothing else

    Scenario: It is not locked
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      When "qm unlock 100" is run on "pve1"
      Then the command succeeds
      And nothing has changed on any node

    Scenario: It is on another node
      Given guest 100 on "pve3" without disks and with 32 MiB of memory
      And guest 100 has "lock: migrate" in its config
      And the lock property "migrate" of guest 100 is to stay
      When "qm unlock 100" is run on "pve1"
      Then the command fails because of "nodes/pve1/qemu-server/100.conf' does not exist"
      And nothing has changed on any node

  @CLI-17
  Rule: Unlocking waits for the config lock

    Scenario: Another process changes the config
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And guest 100 has "lock: migrate" in its config
      And another process on "pve1" holds the config lock of guest 100
      And "qm unlock 100" on "pve1" waits for the config lock of guest 100
      When the other process gives its locks back
      Then the command that waited succeeds and the config of guest 100 has "memory: 32"
      And guest 100 has no lock property

  @CLI-18
  Rule: A guest's NBD server can be stopped by command; where that fails there is only a warning

    Scenario: The target of a migration serves a disk
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve2" has been asked to receive guest 100 with "--stateuri unix --targetstorage 1"
      When "qm nbdstop 100" is run on "pve2"
      Then the command succeeds
      And guest 100 on "pve2" serves no drive to anybody
      And guest 100 waits for its state on "pve2"

    Scenario: The guest does not run
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      When "qm nbdstop 100" is run on "pve1"
      Then the command succeeds
      And the command prints "WARN: "
      And nothing has changed on any node

  @API-30 @CLI-09
  Rule: A start takes target storages only of a guest that comes from elsewhere, and only as a legal map

    Scenario: Nobody sends the guest, or the map is none
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      When these commands are run on "pve1":
        | command                                                                   | on             | names            | because                   |
        | qm start 100 --targetstorage alt                                          | targetstorage: | migratedfrom     | can only be used with     |
        | qm start 100 --targetstorage 1a                                           | targetstorage: | '1a'             | illegal                   |
        | qm start 100 --migratedfrom pve2 --stateuri unix --targetstorage alt,isos | targetstorage: | 'alt' and 'isos' | can only be provided once |
      Then each is refused in one line for the reason given
      And each refusal is a 400, and ends with the usage
      And nothing has changed on any node

  @CLI-11
  Rule: Force does not pass over a storage that cannot be used

    Scenario: A forced migration of a stopped guest
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When these migrations are asked for on "pve1":
        | file                            | line                             | words                                | names    | because      |
        | nodes/pve1/qemu-server/100.conf | scsi1: off:100/vm-100-disk-1.raw | 100 pve2 --force                     | 'off'    | is disabled  |
        |                                 |                                  | 100 pve2 --force --targetstorage off | 'off'    | is disabled  |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @CLI-16
  Rule: Completion offers the other nodes as targets, and as target storages those for disks that the chosen node has

    Scenario: Lines that are not at their end
      When these lines are completed on "pve1":
        | line                                         | offers                               |
        | qm migr<cursor>                              | migrate                              |
        | qm migrate 100 <cursor>                      | pve2 pve3                            |
        | qm migrate 100 p<cursor>                     | pve2 pve3                            |
        | qm migrate 100 pve2 --targetstorage <cursor> | alt local shared small               |
        | qm migrate 100 pve2 --mig<cursor>            | --migration_network --migration_type |
        | qm migrate 100 pve2 <cursor>                 |                                      |
      Then each offers exactly the words given
