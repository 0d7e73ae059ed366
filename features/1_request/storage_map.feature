Feature: Where the target storages of a request send the volumes
  A request may name target storages: pairs of source and target, one default for the rest, or "1".

  @offline @IDMAP-01 @API-24
  Rule: Without a text, with an empty one or with "0" there is no map, and every volume keeps its storage

    Scenario: No target storage is named
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "alt"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"

    Scenario Outline: No map means that the names are checked before any task, with "<text>" too
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "only1"
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the request is refused in one line with "only1" and "is not available on node 'pve2'"
      And no migration task exists on any node
      And nothing has changed on any node

      Examples:
        | text |
        | 0    |
        |      |

  @offline @IDMAP-02 @IDMAP-04
  Rule: Commas, semicolons and white space all separate entries

    Scenario Outline: A <separator> stands between two entries
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with the target storages "alt and small" separated by a <separator>
      Then the request is refused in one line with "'alt' and 'small'" and "can only be provided once"
      And nothing has changed on any node

      Examples:
        | separator |
        | comma     |
        | semicolon |
        | blank     |
        | tab       |
        | newline   |

    Scenario: Repeated separators count once
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      When guest 100 is migrated to "pve2" with target storage " ;,local:alt,; ,alt:small;"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"
      And disk scsi1 of guest 100 has landed as "small:100/vm-100-disk-1.raw" on "pve2"

  @offline @IDMAP-03 @IDMAP-19
  Rule: The entry "1" sends every volume to the storage of the same name, as if there were no map

    Scenario Outline: The identity map is written "<text>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "local:100/vm-100-disk-0.raw" on "pve2"
      And disk scsi1 of guest 100 has landed as "alt:100/vm-100-disk-1.raw" on "pve2"

      Examples:
        | text  |
        | 1,1 1 |

  @offline @IDMAP-11 @IDMAP-16
  Rule: A volume goes where its pair says, else to the default, else to the storage of the same name

    Scenario Outline: The map is "<text>" for disks on local and alt
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "<first>:100/vm-100-disk-0.raw" on "pve2"
      And disk scsi1 of guest 100 has landed as "<second>:100/vm-100-disk-1.raw" on "pve2"

      Examples:
        | text                | first | second |
        | local:small         | small | alt    |
        | small               | small | small  |
        | small,local:alt     | alt   | small  |

  @offline @IDMAP-08
  Rule: A source has one pair at most, a target may have several

    Scenario: Two pairs have the same target
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      When guest 100 is migrated to "pve2" with target storage "local:small,alt:small"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "small:100/vm-100-disk-0.raw" on "pve2"
      And disk scsi1 of guest 100 has landed as "small:100/vm-100-disk-1.raw" on "pve2"

    @API-20 @XT-03
    Scenario Outline: Two pairs have the same source: "<text>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the request is refused on parameter "targetstorage" because of "duplicate mapping"
      And the request is refused in one line with "'local'" and "failed to parse storage map"
      And nothing has changed on any node

      Examples:
        | text                  |
        | local:alt,local:small |
        | local:alt,local:alt   |

  @IDMAP-09 @API-20 @XT-03
  Rule: There is one default at most

    Scenario Outline: Two defaults: "<text>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the request is refused on parameter "targetstorage" because of "default target ID can only be provided once"
      And the request is refused in one line with "'alt'" and "failed to parse storage map"
      And nothing has changed on any node

      Examples:
        | text                  |
        | alt,small             |
        | alt alt               |
        | alt,local:small,small |

  @IDMAP-10 @API-20 @XT-03
  Rule: The entry "1" stands alone

    Scenario Outline: "1" beside others: "<text>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the request is refused on parameter "targetstorage" because of "identity mapping cannot be combined"
      And nothing has changed on any node

      Examples:
        | text        |
        | 1,alt       |
        | alt,1       |
        | 1,local:alt |
        | local:alt;1 |

  @IDMAP-05 @IDMAP-06 @IDMAP-12 @IDMAP-18 @XT-03
  Rule: Every id in a map is a legal storage id, and a refusal names the entry and what is wrong with it

    Scenario Outline: The entry "<entry>" is <problem>
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with target storage "<entry>"
      Then the request is refused on parameter "targetstorage" because of "<problem>"
      And the request is refused in one line with "'<entry>'" and "storage ID '<id>'"
      And nothing has changed on any node

      Examples:
        | entry          | id             | problem   |
        | a              | a              | too short |
        | 1:1            | 1              | too short |
        | alt:1          | 1              | too short |
        | 1:alt          | 1              | too short |
        | 1a             | 1a             | illegal   |
        | 11             | 11             | illegal   |
        | 01             | 01             | illegal   |
        | -aa            | -aa            | illegal   |
        | cc-            | cc-            | illegal   |
        | alt:           | alt:           | illegal   |
        | :alt           | :alt           | illegal   |
        | local:alt:alt  | local:alt:alt  | illegal   |
        | local:../alt   | ../alt         | illegal   |

    Scenario Outline: The legal id "<id>" is looked up as it is written
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with target storage "<id>"
      Then the request is refused in one line with "storage '<id>'" and "does not exist"
      And nothing has changed on any node

      Examples:
        | id       |
        | zz       |
        | a.B-c_D9 |

  @offline @IDMAP-13 @API-25
  Rule: A map of separators alone is an empty map: names are kept, and only the migration itself checks them

    Scenario: Volumes keep their storage
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "alt"
      When guest 100 is migrated to "pve2" with target storage ",; ,"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"

    Scenario: A storage that the target does not have is found by the task
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "only1"
      When guest 100 is migrated to "pve2" with target storage ",; ,"
      Then the migration is aborted with a line with "only1" and "is not available on node 'pve2'"
      And a migration task exists on "pve1"
      And nothing has changed on any node

  @offline @IDMAP-15
  Rule: A pair may name one storage as source and target, and wins over the default

    Scenario: A storage is kept out of the default
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      When guest 100 is migrated to "pve2" with target storage "local:local,small"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "local:100/vm-100-disk-0.raw" on "pve2"
      And disk scsi1 of guest 100 has landed as "small:100/vm-100-disk-1.raw" on "pve2"

  @offline @IDMAP-17
  Rule: Within a cluster a shared storage keeps its volumes, whatever the map says

    Scenario Outline: The map is "<text>" for disks on local and on a shared storage
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "shared"
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"
      And disk scsi1 of guest 100 is still "shared:100/vm-100-disk-1.raw" on all nodes

      Examples:
        | text                   |
        | alt                    |
        | local:alt,shared:small |

    Scenario: The default could not take what is on the shared storage
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And volume "shared:iso/cd.iso" of 1 MiB exists on "pve1"
      And guest 100 has "ide2: shared:iso/cd.iso,media=cdrom" in its config
      When guest 100 is migrated to "pve2" with target storage "alt"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"
      And drive ide2 of guest 100 is volume "shared:iso/cd.iso"

  @offline @IDMAP-20 @API-18 @API-19 @XT-03
  Rule: With "1" or no map the names must be usable on both nodes; what the storages hold is not compared

    Scenario Outline: Storage "<storage>" with the options "<options>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And drive scsi1 of guest 100 is "<storage>:100/vm-100-disk-1.raw", which does not exist
      When guest 100 is migrated to "pve2" with "<options>"
      Then the request is refused in one line with "<storage>" and "<reason>"
      And no migration task exists on any node
      And nothing has changed on any node

      Examples:
        | storage | options           | reason                          |
        | only1   | --targetstorage 1 | is not available on node 'pve2' |
        | off     |                   | is disabled                     |
        | nosuch  | --targetstorage 1 | does not exist                  |
        | isos    |                   | content type                    |

    Scenario: The storages of that name hold different volumes
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "alt"
      And volume "alt:200/vm-200-disk-0.raw" of 1 MiB exists on "pve2"
      When guest 100 is migrated to "pve2" with target storage "1"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "alt:100/vm-100-disk-0.raw" on "pve2"

    Scenario: An unused volume is none of the request's business, but of the task's
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And drive unused0 of guest 100 is "only1:100/vm-100-disk-1.raw", which does not exist
      When guest 100 is migrated to "pve2"
      Then the migration is aborted with a line with "only1" and "is not available on node 'pve2'"
      And a migration task exists on "pve1"
      And nothing has changed on any node

  @API-19
  Rule: With pairs or a default the request does not check the guest's own storages, the task does

    Scenario Outline: The guest's storage is off and the map is "<text>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And drive scsi1 of guest 100 is "off:100/vm-100-disk-1.raw", which does not exist
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the migration is aborted with a line with "off" and "is disabled"
      And a migration task exists on "pve1"
      And nothing has changed on any node

      Examples:
        | text    |
        | alt     |
        | off:alt |

  @API-22 @XT-03
  Rule: Every target in a map must be there, enabled, on the target node and made for disks

    Scenario Outline: The map "<text>" has a target that cannot take disks
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the request is refused in one line with "'<storage>'" and "<reason>"
      And no migration task exists on any node
      And nothing has changed on any node

      Examples:
        | text         | storage | reason                          |
        | alt:nosuch   | nosuch  | does not exist                  |
        | off          | off     | is disabled                     |
        | alt:only1    | only1   | is not available on node 'pve2' |
        | isos         | isos    | content type                    |
        | off,alt:isos | isos    | content type                    |

  @offline @API-23
  Rule: A pair whose source does not exist has no effect

    Scenario: A pair for an unknown source
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated to "pve2" with target storage "nosuch:alt"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "local:100/vm-100-disk-0.raw" on "pve2"
