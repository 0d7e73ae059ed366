Feature: The source asks the target to start the guest

  @live @P2-01 @P2-04
  Rule: One command names the source, the type of the migration and how the state travels

    @CPU-03
    Scenario Outline: The target is asked to receive a guest in <type> mode, whose processor is an everyday one
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has in its config "machine: pc-i440fx-6.2 / cpu: qemu64,flags=+aes"
      And guest 100 is running
      And what "pve2" is asked to start is recorded
      When guest 100 is live-migrated to "pve2" with "--migration_type <type> <more>"
      Then the migration finishes successfully
      And "pve2" was asked to start guest 100 with exactly these options:
        | skiplock          |               |
        | migratedfrom      | pve1          |
        | migration_type    | <type>        |
        | stateuri          | <transport>   |
        | machine           | pc-i440fx-6.2 |
        | targetstorage     | <map>         |

      Examples:
        | type     | transport | more                      | map       |
        | secure   | unix      |                           | 1         |
        | insecure | tcp       | --targetstorage local:alt | local:alt |

  @live @P2-04
  Rule: A migration network is passed on to the target

    Scenario: The guest moves over a network that was asked for
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And what "pve2" is asked to start is recorded
      When guest 100 is live-migrated to "pve2" over the network of the cluster
      Then the migration finishes successfully
      And "pve2" was asked to start guest 100 with the network of the cluster

  @live @P2-05
  Rule: Only a guest with disks to mirror has a target storage

    Scenario: The only disk is on a shared storage
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And what "pve2" is asked to start is recorded
      When guest 100 is live-migrated to "pve2" with "--targetstorage alt"
      Then the migration finishes successfully
      And "pve2" was asked to start guest 100 without the option "targetstorage"

  @live @P2-06
  Rule: The target is told on standard input what its command line does not say

    Scenario Outline: A cloud-init drive and TPM state were copied to <where>
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a cloud-init drive ide2 and TPM state on "local"
      And guest 100 is running
      And what "pve2" is asked to start is recorded
      When guest 100 is live-migrated to "pve2" with "<options>"
      Then the migration finishes successfully
      And "pve2" was told exactly "<lines>"

      Examples:
        | where           | options             | lines                                                                                                                                  |
        | the same ids    |                     | nbd_protocol_version: 1                                                                                                                |
        | another storage | --targetstorage alt | nbd_protocol_version: 1 / offline_volume: ide2: alt:100/vm-100-cloudinit.raw / offline_volume: tpmstate0: alt:100/vm-100-disk-1.raw |

  @live @P2-06
  Rule: The ticket of a display for SPICE clients is told on standard input, and never on the command line

    Scenario: The guest has a display for SPICE clients
      Given every node's QEMU has SPICE
      And a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "vga: qxl" in its config
      And guest 100 is running
      And the monitor of guest 100 tells the ticket "let-me-in" of its display, as Proxmox's own QEMU does
      And what "pve2" is asked to start is recorded
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And "pve2" was told exactly "nbd_protocol_version: 1 / spice_ticket: let-me-in"
      And "pve2" was asked to start guest 100 without the word "let-me-in"

  @live @P2-20
  Rule: A drive that the target announces is what the guest has there, and is served no longer than needed

    Scenario: A drive is received on another storage
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is live-migrated to "pve2" with target storage "alt"
      Then the migration finishes successfully
      And the log says "volume 'local:100/vm-100-disk-0.raw' is 'alt:100/vm-100-disk-0.raw' on the target"
      And drive scsi0 of guest 100 is volume "alt:100/vm-100-disk-0.raw"
      And drive scsi0 of guest 100 has the option "format=raw"
      And guest 100 on "pve2" serves no drive to anybody

  @live @fault @P2-14
  Rule: Lines that announce nothing are no part of the answer

    Scenario: The target greets whoever logs in
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve2" says "welcome" and complains of "no coffee" when it starts a guest
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the log says "[pve2] no coffee"
      And the log does not say "welcome"

  @live @fault @P2-23
  Rule: Each disk that is to be mirrored needs a drive on the target

    Scenario: The target leaves one drive out
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      And guest 100 is running
      And "pve2" leaves out drive scsi1 when it announces what it receives
      And volume "alt:100/vm-100-disk-0.raw" is to stay on "pve2" because "P2-11: the source never learned of it"
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And guest 100 is running on "pve1"
      And the log says "online migrate failure - number of local disks (2)"

  @live @fault @P2-15 @XT-03
  Rule: A socket that is not the guest's own is not connected to

    Scenario Outline: The target announces <what>
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve2" announces "<path>" in place of "<own>"
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log has a line like "online migrate failure - .*'/run/qemu-server/<path>'"
      And guest 100 is running on "pve1"
      And nothing has changed on any node

      Examples:
        | what                      | path               | own             |
        | the state of another one  | 999.migrate        | 100.migrate     |
        | the drives of another one | 999_nbd.migrate    | 100_nbd.migrate |

  @live @fault @P2-16
  Rule: Without a started guest and an address there is nothing to send to

    Scenario: The target says nothing of where it listens
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve2" does not announce where it listens
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log says "online migrate failure - unable to detect remote migration address"
      And guest 100 is running on "pve1"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve2"

    Scenario: The start fails on the target
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve2" fails with exit code 42 after it has started the guest
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log says "online migrate failure - remote command failed with exit code 42"
      And guest 100 is running on "pve1"

  @live @CPU-01 @PREP-09
  Rule: The target's machine is that of the running guest, whatever its config says by now

    Scenario Outline: The config was changed to <configured> since the guest was started
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "machine: pc-i440fx-6.2" in its config
      And guest 100 is running
      And guest 100 has "machine: <configured>" in its config
      And what "pve2" is asked to start is recorded
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And "pve2" was asked to start guest 100 with the option "machine" as "<machine>"
      And the command line of guest 100 on "pve2" has "-machine pc-i440fx-6.2"

      Examples:
        | configured        | machine           |
        | q35               | pc-i440fx-6.2     |
        | pc-i440fx-7.0.pxe | pc-i440fx-6.2.pxe |

  @offline @CPU-02
  Rule: A stopped guest leaves its machine behind, and starts as what the target takes its config for

    Scenario: The guest's last machine was an old one that its config does not name
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "machine: pc" in its config
      And "qm start 100 --machine pc-i440fx-6.2" was run on "pve1"
      And "qm stop 100" was run on "pve1"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And "qm start 100" succeeds on "pve2"
      And the machine of guest 100 on "pve2" is what its QEMU takes for "pc"

  @live @CPU-03 @PREP-09
  Rule: A processor that only the cluster or the node can spell out is the one of the running guest

    Scenario Outline: <what>
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "cpu: <cpu>" in its config
      And guest 100 was started when the cluster's model "lab" was "qemu64 with +aes", which is "qemu64 with +avx" now
      And what "pve2" is asked to start is recorded
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And "pve2" was asked for the processor that guest 100 had on "pve1", a "qemu64" with "<flag>"

      Examples:
        | what                                                 | cpu                             | flag |
        | The cluster's model has changed since                | cputype=custom-lab,flags=+pcid  | +aes |
        | The node's vendor has a name of its own for the flag | qemu64,flags=+nested-virt;+pcid | +pcid |
