Feature: The target of a live migration starts the guest

  @secure @P2-07
  Rule: The target reads the config where the guest still is

    Scenario: The guest's own node keeps the config
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage 1"
      Then the command succeeds
      And guest 100 waits for its state on "pve2"
      And the config of guest 100 is on "pve1" only

  @secure @P2-07
  Rule: The target holds its own config lock while it starts the guest

    Scenario: Somebody else changes the guest on the target
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And another process on "pve2" holds the config lock of guest 100
      When "pve2" is asked to receive guest 100 with "--stateuri unix" and has to wait
      Then something on "pve2" waits for the config lock of guest 100
      And guest 100 has no process on any node
      And guest 100 waits for its state on "pve2" once the lock is free

    Scenario: The lock of the source's node is of no concern
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And another process on "pve1" holds the config lock of guest 100
      When "pve2" is asked to receive guest 100 with "--stateuri unix"
      Then the command succeeds
      And guest 100 waits for its state on "pve2"

  @P2-08
  Rule: A template is not started, nor a guest that runs already

    Scenario: The guest is a template
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "template: 1" in its config
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage 1"
      Then the command fails because of "template"
      And nothing has changed on any node

    Scenario: The guest waits there already
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve2" has been asked to receive guest 100 with "--stateuri unix --targetstorage 1"
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage 1"
      Then the command fails because of "already running"
      And nothing has changed on any node

  @secure @P2-09 @P2-14
  Rule: The target receives the local disks, but not CDs, TPM state, shared or unused disks

    Scenario: A guest has drives of every sort
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk virtio1 on "shared"
      And guest 100 has a 1 MiB raw disk tpmstate0 on "local"
      And guest 100 owns volume "local:100/vm-100-disk-9.raw" of 256 KiB
      And the config of guest 100 goes on with:
        """
        ide2: none,media=cdrom
        unused0: local:100/vm-100-disk-9.raw
        """
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage 1"
      Then the target announces exactly:
        """
        migration listens on unix:/run/qemu-server/100.migrate
        storage migration listens on nbd:localhost:<port>:exportname=drive-scsi0 volume:local:100/vm-100-disk-0.raw,format=raw,size=1M
        """
      And only these volumes are new on "pve2": "local:100/vm-100-disk-0.raw"

  @secure @P2-09 @P2-14
  Rule: A replicated disk is received where its replica is

    Scenario: One of two disks is replicated
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "local"
      And volume "local:100/vm-100-disk-1.raw" of 1 MiB exists on "pve2"
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage 1" and told:
        """
        nbd_protocol_version: 1
        replicated_volume: local:100/vm-100-disk-1.raw
        """
      Then the target announces exactly:
        """
        re-using replicated volume: scsi1 - local:100/vm-100-disk-1.raw
        migration listens on unix:/run/qemu-server/100.migrate
        storage migration listens on nbd:unix:/run/qemu-server/100_nbd.migrate:exportname=drive-scsi0 volume:local:100/vm-100-disk-0.raw,format=raw,size=1M
        storage migration listens on nbd:unix:/run/qemu-server/100_nbd.migrate:exportname=drive-scsi1 volume:local:100/vm-100-disk-1.raw,size=1M
        """
      And only these volumes are new on "pve2": "local:100/vm-100-disk-0.raw"

  @P2-10
  Rule: Volumes are made in string order of the drives, under the next free name, with size and format kept if they can be

    Scenario: Numbers of drives are no numbers to this order
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi1 on "local"
      And guest 100 has a 3 MiB raw disk scsi10 on "local"
      And guest 100 has a 2 MiB qcow2 disk scsi2 on "local"
      And guest 100 has "scsi2: local:100/vm-100-disk-2.qcow2,discard=on,size=2M" in its config
      And volume "alt:100/vm-100-disk-0.raw" of 1 MiB exists on "pve2"
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage local:alt"
      Then these drives are received:
        | scsi1  | alt:100/vm-100-disk-1.raw,format=raw,size=1M                 |
        | scsi10 | alt:100/vm-100-disk-2.raw,format=raw,size=3M                 |
        | scsi2  | alt:100/vm-100-disk-3.qcow2,discard=on,format=qcow2,size=2M  |
      And the volumes that are received have those sizes and formats on "pve2"

  @P2-11
  Rule: What was allocated before an allocation failed stays on the target

    Scenario: The second storage is not to be had
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage local:local,alt:only1"
      Then the command fails because of "storage 'only1' is not available on node 'pve2'"
      And guest 100 has no process on any node
      And only these volumes are new on "pve2": "local:100/vm-100-disk-0.raw"

  @P2-12
  Rule: The guest starts as it runs on the source

    Scenario: Changes are pending and a drive was copied beforehand
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And guest 100 has a cloud-init drive ide2 and TPM state on "local"
      And volume "alt:100/vm-100-cloudinit.raw" of 1 MiB exists on "pve2"
      And the config of guest 100 goes on with:
        """
        [PENDING]
        memory: 64
        """
      When "pve2" is asked to receive guest 100 with "--stateuri unix" and told:
        """
        nbd_protocol_version: 1
        offline_volume: ide2: alt:100/vm-100-cloudinit.raw
        """
      Then the command line of guest 100 on "pve2" has "-m 32"
      And guest 100 on "pve2" has the file "/var/lib/alt/images/100/vm-100-cloudinit.raw" open
      And volume "alt:100/vm-100-cloudinit.raw" on "pve2" is as it was

    Scenario: The guest's process knows where it comes from
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      When "pve2" is asked to receive guest 100 with "--stateuri unix"
      Then the environment of guest 100 on "pve2" has "PVE_MIGRATED_FROM=pve1"

    Scenario: The guest's hook script is against it
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And the hook script of guest 100 writes down its arguments and ends with exit code 1
      When "pve2" is asked to receive guest 100 with "--stateuri unix"
      Then the command fails because of "hook"
      And the hook script ran on "pve2" with "100 pre-start" for a guest from "pve1"
      And guest 100 has no process on any node

  @P2-13 @P2-17
  Rule: QEMU waits paused, on a socket of its own or on a free port of the node

    Scenario: The state comes through the tunnel
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      When "pve2" is asked to receive guest 100 with "--migration_type secure --stateuri unix"
      Then the command line of guest 100 on "pve2" has "-S"
      And the command line of guest 100 on "pve2" has "-incoming unix:/run/qemu-server/100.migrate"
      And something on "pve2" listens on "/run/qemu-server/100.migrate"
      And the target announces exactly:
        """
        migration listens on unix:/run/qemu-server/100.migrate
        """

    Scenario: The state comes over plain TCP
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When "pve2" is asked to receive guest 100 with "--migration_type insecure --stateuri tcp --targetstorage 1"
      Then the command line of guest 100 on "pve2" has "-S"
      And the command line of guest 100 on "pve2" has "-incoming defer"
      And the target announces exactly:
        """
        migration listens on tcp:<address of pve2>:<port>
        storage migration listens on nbd:<address of pve2>:<port>:exportname=drive-scsi0 volume:local:100/vm-100-disk-0.raw,format=raw,size=1M
        """
      And "pve2" listens on the ports that were announced

    Scenario: QEMU has something to say
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And guest 100 has "cpu: qemu64,flags=+avx512f" in its config
      When "pve2" is asked to receive guest 100 with "--stateuri unix"
      Then the command succeeds
      And the command prints "QEMU: "

  @P2-17
  Rule: Every drive can be written over NBD under its own name

    Scenario Outline: A <type> source that <speaks> writes to a drive
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When "pve2" is asked to receive guest 100 with "--migration_type <type> --stateuri <transport> --targetstorage 1" and told:
        """
        nbd_protocol_version: <version>
        """
      Then drive scsi0 is offered as "drive-scsi0" at "<place>"
      And what is written to drive scsi0 over NBD is in volume "local:100/vm-100-disk-0.raw" on "pve2"

      Examples:
        | type     | transport | version | speaks              | place                                   |
        | secure   | unix      | 1       | knows unix sockets  | nbd:unix:/run/qemu-server/100_nbd.migrate |
        | secure   | unix      | 0       | knows only ports    | nbd:localhost:<port>                    |
        | insecure | tcp       | 1       | knows unix sockets  | nbd:<address of pve2>:<port>            |

  @P2-18
  Rule: Without disks to receive nothing is served

    Scenario: The only disk is shared
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage 1" and told:
        """
        nbd_protocol_version: 1
        """
      Then guest 100 waits for its state on "pve2"
      And guest 100 on "pve2" serves no drive to anybody
      And nothing on "pve2" listens on "/run/qemu-server/100_nbd.migrate"

  @secure @API-31
  Rule: What the source says on standard input is read to its end; the first line that is none of the known is the SPICE ticket, others are warned of

    Scenario: Every line there is, and two more
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0     | raw | local |
        | scsi1     | raw | local |
        | scsi2     | raw | local |
        | tpmstate0 | raw | local |
      And volume "local:100/vm-100-disk-1.raw" of 1 MiB exists on "pve2"
      And volume "alt:100/vm-100-disk-2.raw" of 1 MiB exists on "pve2"
      When "pve2" is asked to receive guest 100 with "--stateuri unix --targetstorage 1" and told:
        """
        the ticket of an old source
        nbd_protocol_version: 1
        offline_volume: scsi2: alt:100/vm-100-disk-2.raw
        tpmstate0: alt:100/vm-100-disk-3.raw
        one line too many
        replicated_volume: local:100/vm-100-disk-1.raw
        """
      Then these drives are received:
        | scsi0 | local:100/vm-100-disk-0.raw,format=raw,size=1M |
        | scsi1 | local:100/vm-100-disk-1.raw,size=1M            |
      And drive scsi0 is offered as "drive-scsi0" at "nbd:unix:/run/qemu-server/100_nbd.migrate"
      And guest 100 on "pve2" has the file "/var/lib/alt/images/100/vm-100-disk-2.raw" open
      And the command warns of "one line too many" and of no other line

  @API-31
  Rule: A start that is no migration reads nothing of standard input

    Scenario: The lines are for the next who reads
      Given a stopped guest 100 on "pve1"
      And guest 100 has "template: 1" in its config
      When "echo 'nbd_protocol_version: 1' | (qm start 100; cat)" is run on "pve1"
      Then the command prints "you can't start VM 100"
      And the command prints "nbd_protocol_version: 1"
      And nothing has changed on any node

  @secure @P2-14 @P2-19
  Rule: A display for SPICE clients is announced, and lets them in with the ticket that the source told

    Scenario: The ticket comes on standard input
      Given every node's QEMU has SPICE
      And a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And guest 100 has "vga: qxl" in its config
      When "pve2" is asked to receive guest 100 with "--stateuri unix" and told:
        """
        nbd_protocol_version: 1
        spice_ticket: let-me-in
        """
      Then the target announces exactly:
        """
        migration listens on unix:/run/qemu-server/100.migrate
        spice listens on port <SPICE port>
        """
      And SPICE on "pve2" lets in who comes with "let-me-in", and not with "let-me-out"
