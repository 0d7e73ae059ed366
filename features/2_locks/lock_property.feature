Feature: The lock property of a guest's config

  @LOCK-16
  Rule: The property is set when prepare is over, before anything is copied, and not at all when prepare fails

    @offline
    Scenario: The first byte has not been copied
      Given a stopped guest 100 on "pve1"
      And "pvesm import" stands still on "pve2"
      When a migration of guest 100 to "pve2" with "--bwlimit 0" has come to "pvesm import" there
      Then guest 100 has the lock property "migrate"
      And the config of guest 100 is on "pve1" only
      And the migration finishes successfully once "pvesm import" goes on

    @offline @fault
    Scenario: Prepare fails
      Given a stopped guest 100 on "pve1"
      And guest 100 has "parallel0: /dev/parport0" in its config
      And the config file of guest 100 is remembered
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "uses local devices"
      And nothing has changed on any node
      And the config file of guest 100 has not been written

  @LOCK-17
  Rule: The property moves with the config and is removed on the target as the last step

    @offline
    Scenario: Only the unlocking is left to do
      Given a stopped guest 100 on "pve1"
      And "qm unlock" stands still on "pve2"
      When a migration of guest 100 to "pve2" with "--bwlimit 0" has come to "qm unlock" there
      Then the config of guest 100 is on "pve2" only
      And guest 100 has the lock property "migrate"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve1"
      And the migration finishes successfully once "qm unlock" goes on
      And guest 100 has no lock property

  @LOCK-17
  Rule: After a failure in phase 1 or phase 2 the property is removed on the source

    @offline @fault
    Scenario: A disk cannot be copied
      Given a stopped guest 100 on "pve1"
      And "pvesm import" fails on "pve2" and says "no room for it"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted
      And the config of guest 100 is on "pve1" only
      And guest 100 has no lock property

    @live @fault
    Scenario: The guest cannot be started on the target
      Given a running guest 100 on "pve1"
      And "qm start" fails on "pve2" and says "no"
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the config of guest 100 is on "pve1" only
      And guest 100 has no lock property
      And guest 100 is running on "pve1"

  @LOCK-18
  Rule: Nothing changes a guest that is locked for a migration

    Scenario Outline: "qm <command>" is asked for
      Given a <state> guest 100 on "pve1"
      And guest 100 has "lock: migrate" in its config
      And the lock property "migrate" of guest 100 is to stay
      When "qm <command>" is run on "pve1"
      Then the command fails because of "VM is locked (migrate)"
      And nothing has changed on any node

      Examples:
        | state   | command                     |
        | stopped | migrate 100 pve2            |
        | stopped | start 100                   |
        | stopped | set 100 --onboot 1   |
        | stopped | destroy 100                 |
        | running | migrate 100 pve2 --online 1 |
        | running | stop 100                    |
        | running | suspend 100                 |
        | paused  | resume 100                  |

  @LOCK-19
  Rule: Root may pass by the property where the operation offers it

    Scenario Outline: "qm <command>" of a <state> guest makes it <result>
      Given a <state> guest 100 on "pve1"
      And guest 100 has "lock: migrate" in its config
      And the lock property "migrate" of guest 100 is to stay
      When "qm <command> 100 --skiplock" is run on "pve1"
      Then the command succeeds
      And guest 100 is <result> on "pve1"
      And guest 100 has the lock property "migrate"

      Examples:
        | state   | command | result  |
        | stopped | start   | running |
        | running | stop    | stopped |
        | running | suspend | paused  |
        | paused  | resume  | running |

    Scenario: The config is changed
      Given a stopped guest 100 on "pve1"
      And guest 100 has "lock: migrate" in its config
      And the lock property "migrate" of guest 100 is to stay
      When "qm set 100 --skiplock 1 --onboot 1" is run on "pve1"
      Then the command succeeds
      And the config of guest 100 has "onboot: 1"
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
      And guest 100 has "lock: migrate" in its config
      And the lock property "migrate" of guest 100 is to stay
      When guest 100 is migrated to "pve2" with "--skiplock"
      Then the request is refused because of "skiplock"
      And nothing has changed on any node
