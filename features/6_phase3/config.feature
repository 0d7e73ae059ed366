Feature: The config that the target gets

  @live @secure @P3-03
  Rule: A mirrored drive is described as the target has it, with its format and its real size

    Scenario Outline: A <fmt> disk whose size is not what the config says
      Given a stopped guest 100 on "pve1" with a 4 MiB <fmt> disk scsi0 on "local"
      And drive scsi0 of guest 100 is described with "<options>"
      And guest 100 is running
      When guest 100 is live-migrated to "pve2" with target storage "local:alt"
      Then the migration finishes successfully
      And drive scsi0 of guest 100 is volume "alt:100/vm-100-disk-0.<fmt>"
      And drive scsi0 of guest 100 has the option "format=<fmt>"
      And drive scsi0 of guest 100 has the option "size=4M"
      And drive scsi0 of guest 100 has the option "discard=on"

      Examples:
        | fmt   | options                |
        | raw   | discard=on,size=3M     |
        | qcow2 | discard=on,backup=0    |

  @offline @P3-03
  Rule: A drive that is copied keeps its options, also a format that is not its own

    Scenario: A qcow2 disk whose config says raw
      Given a stopped guest 100 on "pve1" with a 4 MiB qcow2 disk scsi0 on "local"
      And drive scsi0 of guest 100 is described with "format=raw,discard=on,size=4M"
      When guest 100 is migrated to "pve2" with target storage "local:alt"
      Then the migration finishes successfully
      And drive scsi0 of guest 100 is volume "alt:100/vm-100-disk-0.qcow2"
      And drive scsi0 of guest 100 has the option "format=raw"
      And drive scsi0 of guest 100 has the option "discard=on"

    Scenario: A disk whose config says no format
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And drive scsi0 of guest 100 is described with "size=4M,ssd=1"
      When guest 100 is migrated to "pve2" with target storage "local:alt"
      Then the migration finishes successfully
      And drive scsi0 of guest 100 is volume "alt:100/vm-100-disk-0.raw"
      And drive scsi0 of guest 100 has the option "ssd=1"
      And drive scsi0 of guest 100 has no option "format"

  @P3-02
  Rule: A volume that got another id has it in every place of the config

    @offline
    Scenario: A stopped guest with a snapshot, a saved state, a pending change and an unused disk
      Given a stopped guest 100 on "pve1" with a 1 MiB qcow2 disk scsi0 on "local"
      And guest 100 owns these volumes of 256 KiB:
        """
        local:100/vm-100-disk-1.raw
        local:100/vm-100-disk-2.raw
        local:100/vm-100-state-before.raw
        """
      And volume "local:100/vm-100-disk-0.qcow2" has the snapshot "before" on "pve1"
      And the config of guest 100 goes on with:
        """
        parent: before
        unused0: local:100/vm-100-disk-1.raw

        [PENDING]
        scsi1: local:100/vm-100-disk-2.raw,size=256K

        [before]
        memory: 32
        scsi0: local:100/vm-100-disk-0.qcow2,size=1M
        snaptime: 1700000000
        vmstate: local:100/vm-100-state-before.raw
        """
      When guest 100 is migrated to "pve2" with target storage "local:alt"
      Then the migration finishes successfully
      And the config of guest 100 names in its sections:
        | now     | scsi0   | alt:100/vm-100-disk-0.qcow2     |
        | now     | unused0 | alt:100/vm-100-disk-1.raw       |
        | PENDING | scsi1   | alt:100/vm-100-disk-2.raw       |
        | before  | scsi0   | alt:100/vm-100-disk-0.qcow2     |
        | before  | vmstate | alt:100/vm-100-state-before.raw |
      And no volume of guest 100 is on "pve1"

    @live @secure @P3-18
    Scenario: A running guest with a mirrored disk, an unused one and a pending one, whose names are taken
      Given a running guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 owns these volumes of 256 KiB:
        """
        local:100/vm-100-disk-1.raw
        local:100/vm-100-disk-2.raw
        """
      And the config of guest 100 goes on with:
        """
        unused0: local:100/vm-100-disk-1.raw

        [PENDING]
        scsi1: local:100/vm-100-disk-2.raw,size=256K
        """
      And volume "local:100/vm-100-disk-1.raw" of 1 MiB exists on "pve2"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the config of guest 100 names in its sections:
        | now     | scsi0   | local:100/vm-100-disk-3.raw |
        | now     | unused0 | local:100/vm-100-disk-0.raw |
        | PENDING | scsi1   | local:100/vm-100-disk-2.raw |
      And no volume of guest 100 is on "pve1"
