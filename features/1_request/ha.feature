Feature: Guests that HA looks after

  @offline @HA-01 @HA-03 @HA-09 @CLI-15
  Rule: To migrate a guest that HA manages is to ask HA for it, and for no more than the target

    Scenario: The agent takes up what the command line has asked for
      Given a stopped guest 100 on "pve1"
      And HA manages guest 100
      When "qm migrate 100 pve2 --targetstorage alt --migration_type insecure --force" is run on "pve1"
      Then the command succeeds
      And HA is asked for exactly "migrate vm:100 pve2"
      And the tasks of guest 100 on "pve1" are "hamigrate"
      And guest 100 is stopped on "pve1"

    Scenario: The API of another node asks
      Given a stopped guest 100 on "pve1"
      And HA manages guest 100
      When "root@pam" asks "pve3" for "POST /nodes/pve1/qemu/100/migrate" with "target=pve2&bwlimit=9"
      Then the answer is a task "hamigrate" of guest 100 on "pve1" by "root@pam"
      And the task ends with "OK"
      And HA is asked for exactly "migrate vm:100 pve2"
      And guest 100 is stopped on "pve1"

    Scenario: An agent waits for requests on the guest's node
      Given a stopped guest 100 on "pve1"
      And HA manages guest 100
      And the HA agents of "pve1" and "pve2" wait for requests
      When "qm migrate 100 pve2 --targetstorage alt" is run on "pve1"
      Then HA reports guest 100 as "pve2, started" before long
      And drive scsi0 of guest 100 is volume "local:100/vm-100-disk-0.raw"
      And the tasks of guest 100 on "pve1" are "hamigrate, qmigrate"
      And the "qmigrate" task of guest 100 on "pve1" begins with "task started by HA resource agent"

  @offline @HA-02 @CLI-15
  Rule: HA manages a guest that is configured with any state but ignored, unless HA is disarmed and ignores all

    Scenario: What HA is configured with makes it responsible
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      When guest 100 is migrated with HA in each of these states:
        | resource | state    | disarmed |
        | vm: 100  |          |          |
        | vm: 100  | stopped  |          |
        | vm: 100  | disabled |          |
        | vm: 100  | started  | freeze   |
      Then each of them was a "hamigrate" task of guest 100
      And guest 100 is stopped on "pve1"

    Scenario: What HA is configured with does not concern the guest
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      When guest 100 is migrated with HA in each of these states:
        | resource | state   | disarmed |
        | vm: 100  | ignored |          |
        | vm: 100  | started | ignore   |
        | vm: 1000 | started |          |
      Then each of them was a "qmigrate" task of guest 100
      And HA is asked for nothing

  @HA-01 @API-26
  Rule: What is wrong with a request is said before HA is asked for anything

    Scenario Outline: The request "<words>" for a <state> guest
      Given a <state> guest 100 on "pve1"
      And HA manages guest 100
      When "qm migrate 100 <words>" is run on "pve1"
      Then the command fails because of "<reason>"
      And nothing has changed on any node
      And HA is asked for nothing

      Examples:
        | state   | words                       | reason                     |
        | stopped | pve2 --targetstorage nowhere | 'nowhere' does not exist  |
        | running | pve2                        | without --online           |

  @live @HA-04 @HA-05
  Rule: The agent migrates live, with local disks, and forces what only force allows

    Scenario: A running guest with a local disk is replicated elsewhere
      Given a running guest 100 on "pve1"
      And guest 100 is replicated to "pve3", but none of its disks
      And HA manages guest 100
      And HA is asked to migrate guest 100 to "pve2"
      When the HA agent of "pve1" works
      Then guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record
      And the "qmigrate" task of guest 100 on "pve1" ended with "TASK OK"

  @offline @HA-05
  Rule: A guest that is to be relocated is shut down first and moves without running

    Scenario: Its system ends it
      Given a running guest 100 on "pve1" whose system ends it when its power button is pressed
      And HA manages guest 100
      And HA is asked to relocate guest 100 to "pve2"
      When the HA agent of "pve1" works
      Then guest 100 is stopped on "pve2"
      And no QEMU of guest 100 was ever started on "pve2"
      And HA reports guest 100 as "pve2, started"

  @offline @fault @HA-06
  Rule: Where the config is tells HA whether a migration worked, not how its task ended

    Scenario: The guest cannot be unlocked on the target
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And the lock property "migrate" of guest 100 is to stay
      And "qm unlock" fails on "pve2" and says "not now"
      And HA manages guest 100
      And HA is asked to migrate guest 100 to "pve2"
      When the HA agent of "pve1" works
      Then the "qmigrate" task of guest 100 on "pve1" ended with "TASK ERROR: migration problems"
      And HA reports guest 100 as "pve2, started"

    Scenario: The guest's disk cannot be copied
      Given a stopped guest 100 on "pve1"
      And "pvesm import" fails on "pve2" and says "no room for it"
      And HA manages guest 100
      And HA is asked to migrate guest 100 to "pve2"
      When the HA agent of "pve1" works
      Then the "qmigrate" task of guest 100 on "pve1" ended with "TASK ERROR: migration aborted"
      And HA reports guest 100 as "pve1, started, migration to 'pve2' failed: migration aborted"
      And guest 100 is stopped on "pve1"

  @offline @HA-07 @HA-08
  Rule: A request is left to the agent of the guest's node, and a guest that is there already stays

    Scenario: Agents of several nodes work
      Given a stopped guest 100 on "pve1"
      And HA manages guest 100
      And HA is asked to migrate guest 100 to "pve1"
      When the HA agent of "pve2" works
      Then HA is asked for exactly "migrate vm:100 pve1"
      And the HA agent of "pve1" works
      And HA is asked for nothing
      And HA reports guest 100 as "pve1, started"
      And guest 100 has no task on "pve1"

  @HA-07 @XT-03
  Rule: HA takes no request that it cannot work off

    Scenario: Requests with something wrong
      Given a stopped guest 100 on "pve1"
      And a stopped guest 101 on "pve1"
      And HA manages guest 100
      When these commands are run on "pve1":
        | command                         | because                             |
        | ha-manager migrate vm:101 pve2  | resource 'vm:101' is not HA managed |
        | ha-manager relocate ct:100 pve2 | resource 'ct:100' is not HA managed |
        | ha-manager migrate vm:100 pve9  | no such cluster node 'pve9'         |
        | ha-manager migrate vm:100       | not enough arguments                |
        | ha-manager migrate host:1 pve2  | 'host:1' is not valid               |
        | ha-manager add vm:102           | 'vm:102' does not exist             |
        | ha-manager add vm:100           | 'vm:100' already defined            |
        | ha-manager set vm:100 --state x | 'x' is not valid                    |
        | ha-manager remove vm:101        | no such resource 'vm:101'           |
      Then each is refused in one line for the reason given
      And nothing has changed on any node

  @HA-02
  Rule: An administrator decides which guests HA looks after, and how

    Scenario: A guest is added, changed and removed
      Given a stopped guest 100 on "pve1"
      And "ha-manager add 100 --comment so" was run on "pve1"
      When "ha-manager set vm:100 --state disabled" is run on "pve1"
      Then the command succeeds
      And HA reports guest 100 as "pve1, disabled"
      And "ha-manager remove vm:100" succeeds on "pve1"
      And HA knows nothing of guest 100
