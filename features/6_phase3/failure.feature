@fault
Feature: A hand-over that goes wrong

  @P3-06
  Rule: A config that cannot be moved ends the hand-over, and the source still owns the guest

    @live
    Scenario Outline: A running guest, <type>, whose config cannot be moved
      Given a running guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And the config of guest 100 cannot be moved to "pve2"
      And the lock property "migrate" of guest 100 is to stay
      And volume "local:100/vm-100-disk-0.raw" is to stay on "pve2" because "P3-06: no later step is done"
      And guest 100 is ended on "pve2" when all is over, for P3-06
      When guest 100 is live-migrated to "pve2" with "--migration_type <type>"
      Then the migration ends with problems
      And the config of guest 100 is on "pve1" only
      And guest 100 has the lock property "migrate"
      And volume "local:100/vm-100-disk-0.raw" exists on "pve1"
      And the processes of guest 100 are:
        | pve1 | postmigrate |
        | pve2 | paused      |

      @secure
      Examples:
        | type   |
        | secure |

      @insecure
      Examples:
        | type     |
        | insecure |

    @offline @P3-02
    Scenario: A stopped guest, whose config tells the new volumes already
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And the config of guest 100 cannot be moved to "pve2"
      And the lock property "migrate" of guest 100 is to stay
      And these volumes are to stay on these nodes because of P3-06:
        | pve1 | local:100/vm-100-disk-0.raw |
        | pve1 | alt:100/vm-100-disk-0.raw   |
        | pve2 | alt:100/vm-100-disk-0.raw   |
      When guest 100 is migrated to "pve2" with target storage "local:alt"
      Then the migration ends with problems
      And guest 100 is stopped on "pve1"
      And guest 100 has the lock property "migrate"
      And drive scsi0 of guest 100 is volume "alt:100/vm-100-disk-0.raw"
      And volume "local:100/vm-100-disk-0.raw" on "pve1" has not been touched

  @P3-18 @P3-19
  Rule: A volume that cannot be removed stays on the source as well, and all else is done

    @live @secure
    Scenario: A running guest, one of whose volumes cannot be removed
      Given a stopped guest 100 on "pve1" with disks "scsi0 raw, scsi1 raw on alt"
      And guest 100 is running
      And volume "alt:100/vm-100-disk-1.raw" on "pve1" cannot be removed
      And volume "alt:100/vm-100-disk-1.raw" is to stay on "pve1" because "P3-19"
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And guest 100 has lost no beat, no page and no record
      And guest 100 is running on "pve2"
      And guest 100 has no lock property
      And volume "alt:100/vm-100-disk-1.raw" exists on "pve1"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve1"

    @offline
    Scenario: A stopped guest, one of whose volumes cannot be removed
      Given a stopped guest 100 on "pve1" with disks "scsi0 raw, scsi1 raw on alt"
      And volume "alt:100/vm-100-disk-1.raw" on "pve1" cannot be removed
      And volume "alt:100/vm-100-disk-1.raw" is to stay on "pve1" because "P3-19"
      When guest 100 is migrated to "pve2"
      Then the migration ends with problems
      And guest 100 is stopped on "pve2"
      And guest 100 has no lock property
      And volume "alt:100/vm-100-disk-1.raw" exists on "pve1"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve1"

  @live @P3-18 @TASK-13 @TASK-15
  Rule: A signal while volumes are removed comes too late, and the others are removed as well

    Scenario Outline: The first of two volumes waits for its storage's lock, <type>, and the migrator gets <signal>
      Given a running guest 100 on "pve1" with disks "scsi0 raw on alt, scsi1 raw"
      And another process on "pve1" holds the lock of storage "alt"
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" waits for the lock of storage "alt"
      And the migrator has noted the signal <signal>
      When the other process gives its locks back
      Then the migration finishes successfully
      And guest 100 is running on "pve2"
      And no volume of guest 100 is on "pve1"
      And guest 100 has no lock property
      And guest 100 has lost no beat, no page and no record

      @secure
      Examples:
        | type   | signal |
        | secure | TERM   |

      @insecure
      Examples:
        | type     | signal |
        | insecure | INT    |

  @P3-22
  Rule: A lock that cannot be removed stays, with the reason told, and all else is done

    @live @secure
    Scenario: A running guest that cannot be unlocked
      Given a running guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And on "pve2" the command "/usr/sbin/qm unlock" fails
      And the lock property "migrate" of guest 100 is to stay
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record
      And guest 100 has the lock property "migrate"
      And no volume of guest 100 is on "pve1"
      And the log says "broken on purpose"

    @offline
    Scenario: A stopped guest that cannot be unlocked
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And on "pve2" the command "/usr/sbin/qm unlock" fails
      And the lock property "migrate" of guest 100 is to stay
      When guest 100 is migrated to "pve2"
      Then the migration ends with problems
      And guest 100 is stopped on "pve2"
      And guest 100 has the lock property "migrate"
      And no volume of guest 100 is on "pve1"
      And the log says "broken on purpose"

  @live @P3-24
  Rule: A guest whose process has died on the target is stopped there, and gone from the source

    Scenario Outline: The target's process dies just before it is resumed, <type>
      Given a running guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And "pve2" stands still before it resumes guest 100
      And a live migration of guest 100 to "pve2" with "--migration_type <type>" has come to that point
      When the QEMU of guest 100 on "pve2" is killed
      Then the migration ends with problems once the target goes on
      And guest 100 is stopped on "pve2"
      And guest 100 has no lock property
      And no volume of guest 100 is on "pve1"
      And "qm start 100" succeeds on "pve2"

      @secure
      Examples:
        | type   |
        | secure |

      @insecure
      Examples:
        | type     |
        | insecure |

  @live @secure @P3-10
  Rule: A resume that fails is a problem, and the hand-over goes on

    Scenario: The target answers the resume with an error
      Given a running guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And "pve2" answers with an error when it is to resume guest 100
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And guest 100 is paused on "pve2"
      And guest 100 has lost no beat, no page and no record
      And guest 100 has no lock property
      And no volume of guest 100 is on "pve1"
      And the log says "broken on purpose"
