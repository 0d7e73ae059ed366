Feature: What cannot be understood is refused before anything changes

  @CLI-01 @CLI-09 @CLI-21 @XT-03
  Rule: A request names a guest and a target node, in this order and nothing else; an option that is true or false takes the word after it for its value

    Scenario: Words are missing, too many, or taken by an option
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When these migrations are asked for on "pve1":
        | words             | because              |
        |                   | not enough arguments |
        | 100               | not enough arguments |
        | 100 --online pve2 | not enough arguments |
        | 100 pve2 again    | too many arguments   |
        | 100 -- pve2 -f    | too many arguments   |
      Then each is refused in one line for the reason given
      And each refusal is a 400, and ends with the usage
      And no migration task exists on any node
      And nothing has changed on any node

  @CLI-02 @CLI-03 @CLI-04 @CLI-09 @CLI-13 @CLI-14 @API-02 @API-03 @XT-03
  Rule: Names and values must be those that a migration can have

    Scenario: Options and values that no migration has
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When these migrations are asked for on "pve1":
        | words                                     | on                 | names          | because        |
        | 100 pve2 --frobnicate 1                   |                    | frobnicate     | unknown option |
        | 100 pve2 --vmid 101                       |                    | vmid           | unknown option |
        | 100 pve2 --skiplock                       |                    | skiplock       | unknown option |
        | 100 pve2 -migration secure                |                    | migration_type | ambiguous      |
        | 100 pve2 --bwlimit                        |                    | bwlimit        | an argument    |
        | pve2 pve2                                 | vmid:              | 'pve2'         | guest id       |
        | 99 pve2                                   | vmid:              | '99'           | guest id       |
        | 0100 pve2                                 | vmid:              | '0100'         | guest id       |
        | 1000000000 pve2                           | vmid:              | '1000000000'   | guest id       |
        | 100 -                                     | target:            | '-'            | node name      |
        | 100 pve2-                                 | target:            | 'pve2-'        | node name      |
        | 100 ../pve2                               | target:            | '../pve2'      | node name      |
        | 100 pve2 --online=maybe                   | online:            | 'maybe'        | boolean        |
        | 100 pve2 --onl maybe                      | online:            | 'maybe'        | boolean        |
        | 100 pve2 -with-local-disks 2              | with-local-disks:  | '2'            | boolean        |
        | 100 pve2 --bwlimit=-5                     | bwlimit:           | '-5'           | minimum        |
        | 100 pve2 --bwlimit fast                   | bwlimit:           | 'fast'         | integer        |
        | 100 pve2 --bwlimit 1.5                    | bwlimit:           | '1.5'          | integer        |
        | 100 pve2 --migration_type pigeon          | migration_type:    | 'pigeon'       | secure         |
        | 100 pve2 --migration_network pve2         | migration_network: | 'pve2'         | CIDR           |
        | 100 pve2 --migration_network 10.77.0.0    | migration_network: | '10.77.0.0'    | prefix         |
        | 100 pve2 --migration_network 10.0.0.0/7   | migration_network: | '10.0.0.0/7'   | prefix         |
        | 100 pve2 --migration_network 10.77.0.0/33 | migration_network: | '10.77.0.0/33' | prefix         |
        | 100 pve2 --migration_network fd00::/129   | migration_network: | 'fd00::/129'   | prefix         |
      Then each is refused in one line for the reason given
      And each refusal is a 400, and ends with the usage
      And no migration task exists on any node
      And nothing has changed on any node

  @API-02 @API-03 @CLI-09
  Rule: All that is wrong with the parameters of one call is said at once

    Scenario: Five values of one call are wrong
      When a migration is asked for on "pve1" with the words "99 pve_2 --online=maybe --bwlimit=-1 --targetstorage 1a,alt"
      Then the request is refused on exactly the parameters "vmid, target, online, bwlimit, targetstorage"
      And the usage of the command is shown
      And nothing has changed on any node

  @offline @CLI-02 @CLI-06 @CLI-08 @API-02
  Rule: All options of a migration are taken together, those for root alone too

    Scenario: Every option at once
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with "--online No --force 1 --with-local-disks 0 --with-conntrack-state 0 --migration_type secure --migration_network <network:cluster> --targetstorage alt --bwlimit 0"
      Then the migration finishes successfully
      And the exit status is 0
      And the log does not say "running"
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"

  @CLI-06
  Rule: The commands work for root alone

    Scenario: Another user of the node asks
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When these commands are run on "pve1":
        | command                                    | because |
        | runuser -u nobody -- qm migrate 100 pve2   | root    |
        | runuser -u nobody -- qm migrate            | root    |
        | runuser -u nobody -- qm set 100 --onboot 1 | root    |
        | runuser -u nobody -- pvesm status          | root    |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @offline @CLI-04 @CLI-10 @CLI-12 @API-16
  Rule: A stopped guest moves offline with its local disks, whatever is said of online; only that it was is remarked

    Scenario: Online is asked for
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with "--online=On"
      Then the migration finishes successfully
      And the log has a line like "(?i)isn't running.*offline migration"
      And guest 100 is stopped on "pve2"
      And disk scsi0 of guest 100 has landed as "local:100/vm-100-disk-0.raw" on "pve2"

  @API-06 @API-08 @API-12 @XT-03
  Rule: The target is another node of the cluster, and the guest is here

    Scenario: Nodes and guests that are not there
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 101 on "pve3" without disks and with 32 MiB of memory
      When these migrations are asked for on "pve1":
        | words    | on      | names                           | because              |
        | 100 pve1 | target: | 'pve1'                          | local node           |
        | 100 pve9 |         | 'pve9'                          | no such cluster node |
        | 999 pve2 |         | nodes/pve1/qemu-server/999.conf | does not exist       |
        | 101 pve2 |         | nodes/pve1/qemu-server/101.conf | does not exist       |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @API-05 @API-03 @API-07
  Rule: Without quorum nothing is migrated; only what is wrong with the words is said before

    Scenario: Some of the words are wrong, too
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster has no quorum
      When these migrations are asked for on "pve1":
        | words                              | because           | not     |
        | 100 pve2                           | cluster not ready |         |
        | 100 pve1                           | local node        | quorum  |
        | 100 pve9                           | no quorum         | pve9    |
        | 100 pve1 --targetstorage 1a        | illegal           | local   |
        | 100 pve2 --targetstorage alt,small | no quorum         | only be |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @XT-03
  Rule: A malformed file of the cluster, and a volume id that leads out of its storage, are named with what belongs there

    Scenario: One line is wrong
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated from "pve1" to "pve2" with each of these lines:
        | file                            | line                                        | words                        | names                                | because                   |
        | nodes/pve1/qemu-server/100.conf | nonsense                                    |                              | 100.conf line                        | expected 'key: value      |
        | nodes/pve1/qemu-server/100.conf | memory: 64                                  |                              | 100.conf line                        | expected each option once |
        | nodes/pve1/qemu-server/100.conf | balloon: lots                               |                              | 100.conf line                        | expected an integer       |
        | nodes/pve1/qemu-server/100.conf | scsi1: none,media=floppy                    |                              | 100.conf line                        | expected                  |
        | nodes/pve1/qemu-server/100.conf | [PENDING                                    |                              | 100.conf line                        | expected 'key: value      |
        | nodes/pve1/qemu-server/100.conf | scsi1: local:100/../101/vm-101-disk-0.raw   |                              | 'local:100/../101/vm-101-disk-0.raw' | expected a volume id      |
        | nodes/pve1/qemu-server/100.conf | scsi1: local:100/../101/vm-101-disk-0.raw   | 100 pve2 --targetstorage alt | 'local:100/../101/vm-101-disk-0.raw' | expected a volume id      |
        | nodes/pve1/qemu-server/100.conf | unused0: local:100/../101/vm-101-disk-0.raw |                              | 'local:100/../101/vm-101-disk-0.raw' | expected a volume id      |
        | storage.cfg                     | nonsense                                    |                              | /etc/pve/storage.cfg                 | expected                  |
        | storage.cfg                     | dir: local                                  |                              | /etc/pve/storage.cfg                 | expected                  |
        | storage.cfg                     | floppy: fd0                                 |                              | /etc/pve/storage.cfg                 | expected                  |
        | storage.cfg                     | dir: nopath                                 |                              | /etc/pve/storage.cfg                 | expected                  |
        | storage.cfg                     | dir: lost<newline>        path var/lib/alt  |                              | var/lib/alt                          | expected an absolute path |
        | .members                        | }                                           |                              | /etc/pve/.members                    | expected                  |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

    Scenario Outline: The task finds "<file>" with the line "<line>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster file "<file>" goes on with the line "<line>"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted with a line with "/etc/pve/<file>: line 2" and "expected"
      And nothing has changed on any node

      Examples:
        | file           | line                   |
        | datacenter.cfg | migration: type=pigeon |
        | datacenter.cfg | nonsense               |

  @XT-03 @fault @CLI-08
  Rule: A storage whose directory is missing is not made anew, and the guest stays as it was

    Scenario Outline: The directory is missing on <node>
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "alt"
      And the directory of storage "alt" is missing on "<node>"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted with a line with "/var/lib/alt" and "expected a directory"
      And the exit status is 255
      And storage "alt" has still no directory on "<node>"
      And nothing has changed on any node

      Examples:
        | node |
        | pve1 |
        | pve2 |
