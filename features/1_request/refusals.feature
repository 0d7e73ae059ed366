Feature: What a request must say

  @API-15
  Rule: A running guest is migrated only when that is asked for

    Scenario: The option is missing
      Given a running guest 100 on "pve1"
      When guest 100 is migrated to "pve2"
      Then the request is refused because of "can't migrate running VM without --online"
      And no migration task exists on any node
      And guest 100 is running on "pve1"
      And nothing has changed on any node
