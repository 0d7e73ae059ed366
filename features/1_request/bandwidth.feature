Feature: How fast a migration may go

  @offline @secure @BW-01 @BW-08
  Rule: A limit in KiB per second holds the copy of a stopped guest's volume

    Scenario: The volume is measured on its way
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And what "pve2" receives is measured
      When guest 100 is migrated to "pve2" with "--bwlimit 2048"
      Then the migration finishes successfully
      And "pve2" received the volume at 2048 KiB a second

  @live @secure @needs_quick @BW-08 @BW-09
  Rule: Disks and memory of a running guest keep to their limits, memory to the smaller of two

    Scenario: Both are measured on their way
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And guest 100 has a 48 MiB raw disk scsi1 on "local"
      And drive scsi1 of guest 100 holds 48 MiB of data
      And guest 100 has "migrate_speed: 16" in its config
      And guest 100 has filled 24 MiB of its memory and is paused
      And what "pve2" receives is measured
      When guest 100 is live-migrated to "pve2" with "--bwlimit 32768"
      Then "pve2" received the disks at 32768 KiB a second
      And "pve2" received the memory at 16384 KiB a second

  @live @BW-02 @BW-03 @BW-04 @BW-06 @BW-09
  Rule: Without a limit in the request, those of both storages hold, and the datacenter's where one has none

    Scenario: Three drives between storages with different limits
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0 | raw | local |
        | scsi1 | raw | alt   |
        | scsi2 | raw | only1 |
      And these are the limits of bandwidth:
        | local      | default=20480,restore=1024   |
        | alt        | clone=1024                   |
        | only1      | migration=0,default=1024     |
        | datacenter | migration=16384,default=1024 |
      And guest 100 has "migrate_speed: 12" in its config
      And guest 100 is running
      When a live migration of guest 100 to "pve2" with "--targetstorage local" is halted before memory moves
      Then guest 100 may move at these speeds, in KiB a second:
        | scsi0  | 20480 |
        | scsi1  | 16384 |
        | scsi2  | 20480 |
        | memory | 12288 |
      And the migration finishes successfully

  @live @BW-01 @BW-05 @BW-07 @BW-09
  Rule: Root gets past every limit but the guest's own

    Scenario: Root asks for no limit
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And these are the limits of bandwidth:
        | local      | migration=20480 |
        | datacenter | migration=16384 |
      And guest 100 has "migrate_speed: 28" in its config
      And guest 100 is running
      When a live migration of guest 100 to "pve2" with "--bwlimit 0" is halted before memory moves
      Then guest 100 may move at these speeds, in KiB a second:
        | scsi0  | 0     |
        | memory | 28672 |
      And the migration finishes successfully

  @live @BW-05 @BW-07
  Rule: Others get past a limit only with the right to change it, whatever they ask for

    Scenario Outline: A token asks for <kib> KiB a second and may do <privilege> on <path>
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0 | raw | local |
        | scsi1 | raw | alt   |
        | scsi2 | raw | only1 |
      And these are the limits of bandwidth:
        | local      | migration=20480 |
        | alt        | migration=24576 |
        | datacenter | migration=16384 |
      And guest 100 is running
      And what is said to the monitor of guest 100 is recorded
      And the token "ci@pve!run" may just do this:
        | path         | privilege               |
        | /vms/100     | VM.Migrate              |
        | /vms/100     | VM.Config.Disk          |
        | /storage/alt | Datastore.AllocateSpace |
        | <path>       | <privilege>             |
        | <and path>   | <and privilege>         |
      When Python asks "pve1" as "ci@pve!run" to migrate guest 100 with "target=pve2&online=1&with-local-disks=1&targetstorage=alt&bwlimit=<kib>" and watches the task
      Then the watched task has ended with "OK"
      And guest 100 was told these speeds, in KiB a second:
        | scsi0  | <local>  |
        | scsi1  | <alt>    |
        | scsi2  | <only1>  |
        | memory | <memory> |

      Examples:
        | kib   | path           | privilege          | and path     | and privilege   | local | alt   | only1 | memory |
        | 0     | /storage/only1 | Datastore.Audit    | /vms         | VM.Audit        | 20480 | 24576 | 16384 | 16384  |
        | 28672 | /              | Sys.Modify         | /storage/local | Datastore.Allocate | 24576 | 24576 | 24576 | 28672  |
        | 28672 | /storage       | Datastore.Allocate | /vms         | VM.Audit        | 28672 | 28672 | 28672 | 16384  |
