@live
Feature: The agent of a guest is told that its disks were copied
  A copied disk holds blocks that the guest's system had given back. The test guest has no system, so
  a process of the suite takes the place of the socket that QEMU makes on the target for the guest's
  virtio-serial port, and speaks for the agent there.

  @secure @P3-12
  Rule: An agent whose option says so is asked to trim the copied disks, once, when the guest was resumed

    Scenario: The target stands still before the resume
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has "agent: 1,fstrim_cloned_disks=1" in its config
      And guest 100 is running
      And on "pve2" a process of the suite speaks for the agent of guest 100, and answers
      And "pve2" stands still before it resumes guest 100
      When a live migration of guest 100 to "pve2" with "" has come to that point
      Then the agent of guest 100 has been asked for nothing
      And the migration finishes successfully once the target goes on
      And the agent of guest 100 has been asked for exactly "guest-fstrim"

  @secure @P3-12
  Rule: An agent whose option does not say so, or whose disks were not copied, is asked nothing

    Scenario Outline: The option is "<option>", and the disk lies on <storage>
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "<storage>"
      And guest 100 has "agent: <option>" in its config
      And guest 100 is running
      And on "pve2" a process of the suite speaks for the agent of guest 100, and answers
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the agent of guest 100 has been asked for nothing

      Examples:
        | option                  | storage |
        | enabled=1               | local   |
        | 1,fstrim_cloned_disks=1 | shared  |

  @secure @P3-11 @P3-12
  Rule: The agent of a paused guest is passed over, with a line that says so

    Scenario: A paused guest moves
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has "agent: 1,fstrim_cloned_disks=1" in its config
      And guest 100 is paused
      And on "pve2" a process of the suite speaks for the agent of guest 100, and answers
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And the agent of guest 100 has been asked for nothing
      And the log has a line like "fstrim.*paused"
      And guest 100 is paused on "pve2"

  @fault @P3-12
  Rule: An agent that does not trim is a problem, and the hand-over goes on

    Scenario Outline: The agent <manner>, <type>
      Given a stopped guest 100 on "pve1" with a 4 MiB raw disk scsi0 on "local"
      And guest 100 has "agent: enabled=1,fstrim_cloned_disks=1" in its config
      And guest 100 is running
      And on "pve2" a process of the suite speaks for the agent of guest 100, and <manner>
      When guest 100 is live-migrated to "pve2" with "--migration_type <type>"
      Then the migration ends with problems
      And the log has a line like "fstrim.*<reason>"
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record
      And guest 100 has no lock property
      And no volume of guest 100 is on "pve1"

      @secure
      Examples:
        | type   | manner  | reason                        |
        | secure | refuses | no file system can be trimmed |

      @insecure
      Examples:
        | type     | manner    | reason               |
        | insecure | is silent | agent is not running |
