Feature: Devices of a node that a guest uses

  @offline @RES-01 @RES-08
  Rule: A guest that uses a device of its node is not migrated, and the device is named

    Scenario Outline: The guest has <key>: <value>
      Given a stopped guest 100 on "pve1"
      And guest 100 has "<key>: <value>" in its config
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "uses local devices: <key>"
      And nothing has changed on any node

      Examples:
        | key       | value          |
        | hostpci0  | 0000:01:00.0   |
        | usb0      | host=1234:5678 |
        | usb1      | host=1-2       |
        | serial0   | /dev/ttyS0     |
        | parallel0 | /dev/parport0  |
        | hostusb   | 1234:5678      |

    Scenario: Several devices are named at once
      Given a stopped guest 100 on "pve1"
      And guest 100 has "hostpci0: 0000:01:00.0" in its config
      And guest 100 has "serial1: /dev/ttyS0" in its config
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "uses local devices: hostpci0, serial1"

  @offline @RES-01 @RES-02
  Rule: What only looks like a device of the node stops no migration

    Scenario Outline: The guest has a harmless <key>: <value>
      Given a stopped guest 100 on "pve1"
      And guest 100 has "<key>: <value>" in its config
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the config of guest 100 has "<key>: <value>"

      Examples:
        | key     | value      |
        | serial0 | socket     |
        | usb0    | host=spice |

  @offline @RES-09
  Rule: Force lets a guest go that uses a device of its node, and the log says so

    Scenario: A stopped guest with a device is forced to go
      Given a stopped guest 100 on "pve1"
      And guest 100 has "hostpci0: 0000:01:00.0" in its config
      When guest 100 is migrated to "pve2" with "--force"
      Then the migration finishes successfully
      And the log says "uses local devices"
      And no line of the task log is an error
      And guest 100 is stopped on "pve2"
