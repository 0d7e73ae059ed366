@offline
Feature: The two ends of a copy, run by hand

  @SYNC-14 @SYNC-10
  Rule: What one node exports another can import

    Scenario Outline: A <format> volume goes to another storage
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And volume "local:100/vm-100-disk-7.<format>" of 1 MiB exists on "pve1"
      And volume "alt:100/vm-100-disk-8.<format>" is to stay on "pve2" because "the command was to make it"
      When volume "local:100/vm-100-disk-7.<format>" is streamed as <format>+size from "pve1" into "alt:100/vm-100-disk-8.<format>" on "pve2" with "<flags>"
      Then the command prints "successfully imported 'alt:100/vm-100-disk-8.<format>'"
      And volume "alt:100/vm-100-disk-8.<format>" on "pve2" has the content that "local:100/vm-100-disk-7.<format>" on "pve1" had

      Examples:
        | format | flags             |
        | raw    | -with-snapshots 0 |
        | qcow2  | -with-snapshots 1 |

    Scenario: A size that is no whole KiB is rounded up
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And guest 100 owns volume "local:100/vm-100-disk-7.raw" of 66001 bytes
      And volume "local:100/vm-100-disk-7.raw" is to stay on "pve1" because "no config names it"
      And volume "local:100/vm-100-disk-7.raw" is to stay on "pve2" because "the command was to make it"
      When volume "local:100/vm-100-disk-7.raw" is streamed as raw+size from "pve1" into "local:100/vm-100-disk-7.raw" on "pve2" with "-with-snapshots 0"
      Then the command succeeds
      And volume "local:100/vm-100-disk-7.raw" on "pve2" is 66560 bytes long

  @SYNC-19 @SYNC-20
  Rule: A taken name is an error, or leads to the lowest free number where that is allowed

    Scenario: Another name is allowed
      Given volume "local:100/vm-100-disk-0.raw" of 1 MiB exists on "pve1"
      And volume "local:100/vm-100-disk-0.raw" of 1 MiB exists on "pve2"
      And volume "local:100/vm-100-disk-2.raw" of 1 MiB exists on "pve2"
      And volume "local:100/vm-100-disk-1.raw" is to stay on "pve2" because "the command was to make it"
      When volume "local:100/vm-100-disk-0.raw" is streamed as raw+size from "pve1" into "local:100/vm-100-disk-0.raw" on "pve2" with "-with-snapshots 0 -allow-rename 1"
      Then the command prints "successfully imported 'local:100/vm-100-disk-1.raw'"
      And volume "local:100/vm-100-disk-0.raw" on "pve2" has not been touched
      And volume "local:100/vm-100-disk-1.raw" on "pve2" has the content that "local:100/vm-100-disk-0.raw" on "pve1" had

    Scenario: Another name is not allowed
      Given volume "local:100/vm-100-disk-0.raw" of 1 MiB exists on "pve1"
      And volume "local:100/vm-100-disk-0.raw" of 1 MiB exists on "pve2"
      When volume "local:100/vm-100-disk-0.raw" is streamed as raw+size from "pve1" into "local:100/vm-100-disk-0.raw" on "pve2" with "-with-snapshots 0 -allow-rename 0"
      Then the command fails because of "already exists"
      And nothing has changed on any node

  @fault @SYNC-21 @SYNC-10
  Rule: An import whose stream breaks off removes what it made

    Scenario Outline: Only <count> bytes of a <format> volume come
      Given volume "local:100/vm-100-disk-0.<format>" of 1 MiB exists on "pve1"
      When only <count> bytes of volume "local:100/vm-100-disk-0.<format>" as <format>+size are streamed from "pve1" into "alt:100/vm-100-disk-0.<format>" on "pve2"
      Then the command fails
      And nothing has changed on any node

      Examples:
        | format | count  |
        | raw    | 5      |
        | raw    | 100000 |
        | qcow2  | 300000 |

  @SYNC-23
  Rule: A stream is taken only in the file's own format and with the flag that fits it

    Scenario Outline: A stream of <stream> for <volume> with snapshots <flag>
      Given volume "local:100/vm-100-disk-0.<format>" of 1 MiB exists on "pve1"
      When volume "local:100/vm-100-disk-0.<format>" is streamed as <stream> from "pve1" into "<volume>" on "pve2" with "-with-snapshots <flag>"
      Then the command fails
      And nothing has changed on any node

      Examples:
        | format | stream     | volume                        | flag |
        | qcow2  | qcow2+size | local:100/vm-100-disk-0.qcow2 | 0    |
        | qcow2  | qcow2+size | local:100/vm-100-disk-0.raw   | 1    |
        | raw    | raw+size   | local:100/vm-100-disk-0.raw   | 1    |
        | raw    | raw+size   | local:100/vm-100-disk-0.qcow2 | 0    |

  @insecure @SYNC-15 @SYNC-16 @NET-09
  Rule: An import from the network says on two lines where it listens, and takes one stream

    Scenario: The suite sends the stream
      Given volume "local:100/vm-100-disk-0.raw" of 1 MiB exists on "pve1"
      And volume "alt:100/vm-100-disk-0.raw" is to stay on "pve2" because "the command was to make it"
      When volume "local:100/vm-100-disk-0.raw" is sent from "pve1" to where an import of "alt:100/vm-100-disk-0.raw" on "pve2" in the network "cluster" listens
      Then the command prints "successfully imported 'alt:100/vm-100-disk-0.raw'"
      And volume "alt:100/vm-100-disk-0.raw" on "pve2" has the content that "local:100/vm-100-disk-0.raw" on "pve1" had

    Scenario: No address of the node is in the network
      Given volume "local:100/vm-100-disk-0.raw" of 1 MiB exists on "pve1"
      When "pvesm import alt:100/vm-100-disk-0.raw raw+size tcp://10.99.0.0/24 -with-snapshots 0" is run on "pve2"
      Then the command fails because of "10.99.0.0/24"
      And nothing has changed on any node
