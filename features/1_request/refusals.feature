Feature: What a request must say

  @API-15
  Rule: A running guest is migrated only when that is asked for

    Scenario: The option is missing
      Given a running guest 100 on "pve1"
      When guest 100 is migrated to "pve2"
      Then the request is refused because of "can't migrate running VM without --online"
      And guest 100 is running on "pve1"
      And nothing has changed on any node

  @API-13
  Rule: A config that carries a lock is left alone

    Scenario Outline: The guest is locked by a <lock>
      Given a stopped guest 100 on "pve1"
      And guest 100 has "lock: <lock>" in its config
      And the lock property "<lock>" of guest 100 is to stay
      When guest 100 is migrated to "pve2"
      Then the request is refused because of "VM is locked (<lock>)"
      And nothing has changed on any node

      Examples:
        | lock   |
        | backup |
        | create |
