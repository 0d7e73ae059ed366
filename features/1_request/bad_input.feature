Feature: What cannot be understood is refused before anything changes

  @CLI-01 @CLI-09 @XT-03
  Rule: A request names a guest and a target node, in this order and nothing else

    Scenario Outline: The words are "<words>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When a migration is asked for on "pve1" with the words "<words>"
      Then the request is refused in one line with "400" and "<reason>"
      And the usage of the command is shown
      And no migration task exists on any node
      And nothing has changed on any node

      Examples:
        | words          | reason               |
        |                | not enough arguments |
        | 100            | not enough arguments |
        | 100 pve2 again | too many arguments   |

    @API-03
    Scenario Outline: The guest is called "<name>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When a migration is asked for on "pve1" with the words "<name> pve2"
      Then the request is refused on parameter "vmid" because of "<name>"
      And the usage of the command is shown
      And nothing has changed on any node

      Examples:
        | name       |
        | pve2       |
        | 99         |
        | 0100       |
        | 1000000000 |

  @CLI-21
  Rule: An option that is true or false takes the word after it for its value

    Scenario: The target node comes after the option
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When a migration is asked for on "pve1" with the words "100 --online pve2"
      Then the request is refused in one line with "400" and "not enough arguments"
      And nothing has changed on any node

  @CLI-02 @CLI-09 @XT-03
  Rule: An option that a migration does not have is refused, those it has are taken

    Scenario: An unknown option
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with "--frobnicate 1"
      Then the request is refused in one line with "400" and "frobnicate"
      And the usage of the command is shown
      And no migration task exists on any node
      And nothing has changed on any node

    @offline @CLI-08
    Scenario: All options at once
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with "--online 0 --force 0 --with-local-disks 0 --with-conntrack-state 0 --migration_type secure --migration_network 10.77.0.0/24 --targetstorage alt --bwlimit 0"
      Then the migration finishes successfully
      And the exit status is 0
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"

  @CLI-04 @CLI-13 @CLI-14 @CLI-09 @XT-03
  Rule: The value of an option must be one that the option can have

    Scenario Outline: The option is "<option> <value>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with "--<option>=<value>"
      Then the request is refused on parameter "<option>" because of "<value>"
      And the request is refused in one line with "'<value>'" and "<expectation>"
      And the usage of the command is shown
      And no migration task exists on any node
      And nothing has changed on any node

      Examples:
        | option            | value           | expectation |
        | online            | maybe           | boolean     |
        | with-local-disks  | 2               | boolean     |
        | bwlimit           | -5              | minimum     |
        | bwlimit           | fast            | integer     |
        | bwlimit           | 1.5             | integer     |
        | migration_type    | pigeon          | secure      |
        | migration_network | pve2            | CIDR        |
        | migration_network | 10.77.0.0       | prefix      |
        | migration_network | 10.0.0.0/7      | prefix      |
        | migration_network | 10.77.0.0/33    | prefix      |

  @offline @CLI-05
  Rule: Target storages may be named in several options, which are one list

    Scenario: One option for each pair
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      When guest 100 is migrated to "pve2" with "--targetstorage local:alt --targetstorage alt:small"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"
      And disk scsi1 of guest 100 has landed as "small:100/vm-100-disk-1.raw" on "pve2"

  @offline @CLI-04 @CLI-10 @CLI-12 @API-16
  Rule: A stopped guest moves offline with its local disks, whatever is said of online; only that it was is remarked

    Scenario Outline: The option is "<option>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with "<option>"
      Then the migration finishes successfully
      And the log has a line like "(?i)isn't running.*offline migration"
      And guest 100 is stopped on "pve2"
      And disk scsi0 of guest 100 has landed as "local:100/vm-100-disk-0.raw" on "pve2"

      Examples:
        | option      |
        | --online    |
        | --online=On |

    Scenario: The option is false
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with "--online=No"
      Then the migration finishes successfully
      And the log does not say "running"
      And disk scsi0 of guest 100 has landed as "local:100/vm-100-disk-0.raw" on "pve2"

  @API-06 @API-07 @API-08 @API-12 @XT-03
  Rule: The target is another node of a cluster with quorum, and the guest is here

    Scenario: The target is the node itself
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve1"
      Then the request is refused on parameter "target" because of "local node"
      And the request is refused in one line with "pve1" and "local node"
      And nothing has changed on any node

    Scenario: The target is no node
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve9"
      Then the request is refused in one line with "'pve9'" and "no such cluster node"
      And no migration task exists on any node
      And nothing has changed on any node

    Scenario: There is no quorum
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster has no quorum
      When guest 100 is migrated to "pve2"
      Then the request is refused in one line with "cluster not ready" and "no quorum"
      And no migration task exists on any node
      And nothing has changed on any node

    Scenario: There is no such guest
      When guest 999 is migrated to "pve2"
      Then the request is refused in one line with "nodes/pve1/qemu-server/999.conf" and "does not exist"
      And no migration task exists on any node
      And nothing has changed on any node

    Scenario: The guest is on another node
      Given a stopped guest 100 on "pve3" with a 1 MiB raw disk scsi0 on "local"
      When a migration is asked for on "pve1" with the words "100 pve2"
      Then the request is refused in one line with "nodes/pve1/qemu-server/100.conf" and "does not exist"
      And nothing has changed on any node

  @API-05 @API-03
  Rule: Of several faults the one that is looked for first is named

    Scenario Outline: The words "<words>" without quorum
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster has no quorum
      When a migration is asked for on "pve1" with the words "<words>"
      Then the request is refused because of "<first>"
      And the log does not say "<second>"
      And nothing has changed on any node

      Examples:
        | words                                | first      | second    |
        | 100 pve1                             | local node | quorum    |
        | 100 pve9                             | no quorum  | pve9      |
        | 100 pve1 --targetstorage 1a          | illegal    | local     |
        | 100 pve2 --targetstorage alt,small   | no quorum  | only be   |

    Scenario Outline: The words "<words>" with a locked guest
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "lock: backup" in its config
      And the lock property "backup" of guest 100 is to stay
      When a migration is asked for on "pve1" with the words "<words>"
      Then the request is refused because of "<first>"
      And the log does not say "<second>"
      And nothing has changed on any node

      Examples:
        | words                              | first                | second  |
        | 999 pve9                           | no such cluster node | 999     |
        | 100 pve2 --targetstorage alt,small | VM is locked         | only be |

  @XT-03
  Rule: A malformed file of the cluster is named with its line and what belongs there

    Scenario Outline: The config of the guest has the line "<line>"
      Given guest 100 on "pve1" without disks and with 32 MiB of memory
      And the config of guest 100 goes on with the line "<line>"
      When guest 100 is migrated to "pve2"
      Then the request is refused in one line with "100.conf line" and "<expectation>"
      And no migration task exists on any node
      And nothing has changed on any node

      Examples:
        | line                               | expectation          |
        | nonsense                           | expected 'key: value |
        | memory: 64                         | expected each option once |
        | balloon: lots                      | expected an integer  |
        | scsi1: none,media=floppy           | expected             |
        | [PENDING                           | expected 'key: value |

    Scenario Outline: "<file>" has the line "<line>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster file "<file>" goes on with the line "<line>"
      When guest 100 is migrated to "pve2"
      Then the request is refused in one line with "/etc/pve/<file>" and "expected"
      And nothing has changed on any node

      Examples:
        | file           | line                     |
        | storage.cfg    | nonsense                 |
        | storage.cfg    | dir: local               |
        | storage.cfg    | floppy: fd0              |
        | storage.cfg    | dir: nopath              |
        | .members       | }                        |

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

    Scenario: The path of a storage leads nowhere
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And storage "alt" has "path var/lib/alt"
      When guest 100 is migrated to "pve2"
      Then the request is refused in one line with "var/lib/alt" and "expected an absolute path"
      And nothing has changed on any node

  @XT-03
  Rule: A volume id that leads out of its storage is refused

    Scenario Outline: The id is that of <drive>
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And drive <drive> of guest 100 is "local:100/../101/vm-101-disk-0.raw", which does not exist
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the request is refused in one line with "'local:100/../101/vm-101-disk-0.raw'" and "expected a volume id"
      And nothing has changed on any node

      Examples:
        | drive   | text |
        | scsi1   |      |
        | scsi1   | alt  |
        | unused0 |      |

  @XT-03 @fault
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

  @live @secure @fault @XT-03
  Rule: A target that announces the socket of another guest gets no connection, and the guest runs on

    Scenario Outline: The <which> socket is another guest's
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And node "pve2" announces the <which> socket of guest 101 as that of guest 100
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems and a line with "<path>" and "expected"
      And guest 100 is running on "pve1"
      And nothing has changed on any node

      Examples:
        | which     | path                                 |
        | migration | /run/qemu-server/101.migrate         |
        | NBD       | /run/qemu-server/101_nbd.migrate     |
