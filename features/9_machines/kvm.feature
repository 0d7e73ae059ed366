Feature: Guests run on the processors of their node

  @live @needs_kvm @MACHINE-02
  Rule: KVM runs a guest on every node, before and after it has moved

    Scenario Outline: From "<source>" to "<target>"
      Given a running guest 100 on "<source>"
      And KVM runs guest 100 on "<source>"
      When guest 100 is live-migrated to "<target>"
      Then the migration finishes successfully
      And KVM runs guest 100 on "<target>"
      And guest 100 has lost no beat, no page and no record

      Examples:
        | source | target |
        | pve1   | pve2   |
        | pve2   | pve3   |
        | pve3   | pve1   |

    @needs_linux_guest
    Scenario: A Linux guest finds itself on KVM
      Given a running Linux guest 100 on "pve1"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And KVM runs guest 100 on "pve2"
      And guest 100 has lost no beat, no page and no record
