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

  @API-13 @CLI-11
  Rule: A config that carries a lock is left alone, whatever it is and whether or not it is forced

    Scenario: Locks of several operations
      Given a stopped guest 100 on "pve1"
      When guest 100 is migrated from "pve1" to "pve2" with each of these lines:
        | file                            | line            | words            | names       | because      |
        | nodes/pve1/qemu-server/100.conf | lock: backup    |                  | (backup)    | VM is locked |
        | nodes/pve1/qemu-server/100.conf | lock: create    | 100 pve2 --force | (create)    | VM is locked |
        | nodes/pve1/qemu-server/100.conf | lock: migrate   |                  | (migrate)   | VM is locked |
        | nodes/pve1/qemu-server/100.conf | lock: snapshot  | 100 pve2 --force | (snapshot)  | VM is locked |
        | nodes/pve1/qemu-server/100.conf | lock: suspended |                  | (suspended) | VM is locked |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node
