Feature: Nodes that run different versions of QEMU

  @live @versions @needs_mixed_versions @MACHINE-03
  Rule: A guest with a machine that both versions know moves both ways

    Scenario Outline: A <kind> guest moves from the <source> to the <target> QEMU
      Given a running <kind> guest 100 on the node with the <source> QEMU
      When guest 100 is live-migrated to the node with the <target> QEMU
      Then the migration finishes successfully
      And guest 100 runs on the <target> QEMU, with the newest machine of the oldest
      And guest 100 has lost no beat, no page and no record

      Examples:
        | kind        | source | target |
        | boot-sector | oldest | newest |
        | boot-sector | newest | oldest |

      @needs_linux_guest
      Examples: with an operating system of its own
        | kind  | source | target |
        | Linux | oldest | newest |
        | Linux | newest | oldest |
