Feature: Where the target storages of a request send the volumes
  A request may name target storages: pairs of source and target, one default for the rest, or "1".

  @IDMAP-01 @IDMAP-19 @API-24
  Rule: Without a text, with an empty one, with "0" and with "1" names are kept, and checked before any task

    Scenario: The target does not have a storage of that name
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "only1"
      When these migrations are asked for on "pve1":
        | words                        | names   | because                         |
        | 100 pve2                     | 'only1' | is not available on node 'pve2' |
        | 100 pve2 --targetstorage 0   | 'only1' | is not available on node 'pve2' |
        | 100 pve2 --targetstorage=    | 'only1' | is not available on node 'pve2' |
        | 100 pve2 --targetstorage 1,1 | 'only1' | is not available on node 'pve2' |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @offline @IDMAP-03 @IDMAP-19 @IDMAP-20
  Rule: The entry "1", however often, sends every volume to the storage of the same name, whatever that holds

    Scenario: The storages of that name hold different volumes
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "alt"
      And volume "alt:200/vm-200-disk-0.raw" of 1 MiB exists on "pve2"
      When guest 100 is migrated to "pve2" with target storage "1,1 1"
      Then the migration finishes successfully
      And disk scsi0 of guest 100 has landed as "local:100/vm-100-disk-0.raw" on "pve2"
      And disk scsi1 of guest 100 has landed as "alt:100/vm-100-disk-1.raw" on "pve2"

  @offline @CLI-05 @IDMAP-02 @IDMAP-04 @IDMAP-08 @IDMAP-16 @API-23
  Rule: All entries of all options make one list, with any separators between them; a volume goes where its pair says, one without a pair stays on its storage

    Scenario: Pairs, two with the same target and one with an unknown source
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0 | raw | local |
        | scsi1 | raw | alt   |
        | scsi2 | raw | small |
      When guest 100 is migrated to "pve2" with "--targetstorage ' ;,local:alt,; ,' --targetstorage 'nosuch:local; alt:local'"
      Then the migration finishes successfully
      And these disks of guest 100 have landed on "pve2":
        | scsi0 | alt:100/vm-100-disk-0.raw   |
        | scsi1 | local:100/vm-100-disk-1.raw |
        | scsi2 | small:100/vm-100-disk-2.raw |

  @offline @IDMAP-05 @IDMAP-11 @IDMAP-15 @IDMAP-16 @IDMAP-17
  Rule: Pairs win over the default, a pair may keep its storage, and a shared storage keeps its volumes whatever the map says

    Scenario: A default that not all of the volumes may follow
      Given a stopped guest 100 on "pve1" with disks of 1 MiB:
        | scsi0 | raw | local  |
        | scsi1 | raw | alt    |
        | scsi2 | raw | shared |
      And volume "shared:iso/cd.iso" of 1 MiB exists on "pve1"
      And guest 100 has "ide2: shared:iso/cd.iso,media=cdrom" in its config
      When guest 100 is migrated to "pve2" with target storage "small,local:local;shared:alt"
      Then the migration finishes successfully
      And these disks of guest 100 have landed on "pve2":
        | scsi0 | local:100/vm-100-disk-0.raw |
        | scsi1 | small:100/vm-100-disk-1.raw |
      And disk scsi2 of guest 100 is still "shared:100/vm-100-disk-2.raw" on all nodes
      And drive ide2 of guest 100 is volume "shared:iso/cd.iso"

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

  @IDMAP-02 @IDMAP-08 @IDMAP-09 @IDMAP-10 @API-20 @XT-03
  Rule: A source has one pair and a map one default at most, and the entry "1" stands alone, with whatever separator between entries

    Scenario: Maps that contradict themselves
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When these migrations are asked for on "pve1":
        | words                                          | on             | names             | because                                     |
        | 100 pve2 --targetstorage local:alt,local:small | targetstorage: | failed to parse   | duplicate mapping for source 'local'        |
        | 100 pve2 --targetstorage local:alt,local:alt   | targetstorage: | failed to parse   | duplicate mapping for source 'local'        |
        | 100 pve2 --targetstorage alt,small             | targetstorage: | failed to parse   | default target ID can only be provided once |
        | 100 pve2 --targetstorage 'alt;small'           | targetstorage: | 'alt' and 'small' | default target ID can only be provided once |
        | 100 pve2 --targetstorage 'alt small'           | targetstorage: | 'alt' and 'small' | default target ID can only be provided once |
        | 100 pve2 --targetstorage alt<tab>small         | targetstorage: | 'alt' and 'small' | default target ID can only be provided once |
        | 100 pve2 --targetstorage alt<newline>small     | targetstorage: | 'alt' and 'small' | default target ID can only be provided once |
        | 100 pve2 --targetstorage alt,local:small,alt   | targetstorage: | 'alt' and 'alt'   | default target ID can only be provided once |
        | 100 pve2 --targetstorage 1,alt                 | targetstorage: | failed to parse   | identity mapping cannot be combined         |
        | 100 pve2 --targetstorage alt,1                 | targetstorage: | failed to parse   | identity mapping cannot be combined         |
        | 100 pve2 --targetstorage 1,local:alt           | targetstorage: | failed to parse   | identity mapping cannot be combined         |
        | 100 pve2 --targetstorage 'local:alt;1'         | targetstorage: | failed to parse   | identity mapping cannot be combined         |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @API-03 @IDMAP-05 @IDMAP-06 @IDMAP-12 @IDMAP-18 @XT-03
  Rule: Every id in a map is a legal storage id and looked up as it is written; a refusal names the entry and what is wrong with it

    Scenario: Entries that are no ids, and ids that are none of a storage
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When these migrations are asked for on "pve1":
        | words                                  | on             | names                                                         | because        |
        | 100 pve2 --targetstorage a             | targetstorage: | 'a' has an invalid ID: storage ID 'a'                         | too short      |
        | 100 pve2 --targetstorage 1:1           | targetstorage: | '1:1' has an invalid ID: storage ID '1'                       | too short      |
        | 100 pve2 --targetstorage alt:1         | targetstorage: | 'alt:1' has an invalid ID: storage ID '1'                     | too short      |
        | 100 pve2 --targetstorage 1:alt         | targetstorage: | '1:alt' has an invalid ID: storage ID '1'                     | too short      |
        | 100 pve2 --targetstorage 1a            | targetstorage: | '1a' has an invalid ID: storage ID '1a'                       | illegal        |
        | 100 pve2 --targetstorage 11            | targetstorage: | '11' has an invalid ID: storage ID '11'                       | illegal        |
        | 100 pve2 --targetstorage 01            | targetstorage: | '01' has an invalid ID: storage ID '01'                       | illegal        |
        | 100 pve2 --targetstorage=-aa           | targetstorage: | '-aa' has an invalid ID: storage ID '-aa'                     | illegal        |
        | 100 pve2 --targetstorage cc-           | targetstorage: | 'cc-' has an invalid ID: storage ID 'cc-'                     | illegal        |
        | 100 pve2 --targetstorage alt:          | targetstorage: | 'alt:' has an invalid ID: storage ID 'alt:'                   | illegal        |
        | 100 pve2 --targetstorage :alt          | targetstorage: | ':alt' has an invalid ID: storage ID ':alt'                   | illegal        |
        | 100 pve2 --targetstorage local:alt:alt | targetstorage: | 'local:alt:alt' has an invalid ID: storage ID 'local:alt:alt' | illegal        |
        | 100 pve2 --targetstorage local:../alt  | targetstorage: | 'local:../alt' has an invalid ID: storage ID '../alt'         | illegal        |
        | 100 pve2 --targetstorage zz            |                | storage 'zz'                                                  | does not exist |
        | 100 pve2 --targetstorage a.B-c_D9      |                | storage 'a.B-c_D9'                                            | does not exist |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @IDMAP-20 @API-18 @API-19 @API-22 @XT-03
  Rule: With "1" or no map the names must be usable on both nodes, and every target of a map must be there, enabled, on the target node and made for disks

    Scenario: Storages that cannot be used
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is migrated from "pve1" to "pve2" with each of these lines:
        | file                            | line                                | words                                 | names    | because                         |
        | nodes/pve1/qemu-server/100.conf | scsi1: only1:100/vm-100-disk-1.raw  | 100 pve2 --targetstorage 1            | 'only1'  | is not available on node 'pve2' |
        | nodes/pve1/qemu-server/100.conf | scsi1: off:100/vm-100-disk-1.raw    |                                       | 'off'    | is disabled                     |
        | nodes/pve1/qemu-server/100.conf | scsi1: nosuch:100/vm-100-disk-1.raw | 100 pve2 --targetstorage 1            | 'nosuch' | does not exist                  |
        | nodes/pve1/qemu-server/100.conf | scsi1: isos:100/vm-100-disk-1.raw   |                                       | 'isos'   | content type                    |
        |                                 |                                     | 100 pve2 --targetstorage alt:nosuch   | 'nosuch' | does not exist                  |
        |                                 |                                     | 100 pve2 --targetstorage off          | 'off'    | is disabled                     |
        |                                 |                                     | 100 pve2 --targetstorage alt:only1    | 'only1'  | is not available on node 'pve2' |
        |                                 |                                     | 100 pve2 --targetstorage isos         | 'isos'   | content type                    |
        |                                 |                                     | 100 pve2 --targetstorage off,alt:isos | 'isos'   | content type                    |
      Then each is refused in one line for the reason given
      And no migration task exists on any node
      And nothing has changed on any node

  @API-18 @API-19
  Rule: With pairs or a default the request does not check the guest's own storages, and never those of unused volumes; the task does

    Scenario Outline: Drive <drive> is on a storage that cannot be used and the map is "<text>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And drive <drive> of guest 100 is "<volume>", which does not exist
      When guest 100 is migrated to "pve2" with target storage "<text>"
      Then the migration is aborted with a line with "<problem>" and "storage"
      And a migration task exists on "pve1"
      And nothing has changed on any node

      Examples:
        | drive   | volume                      | text        | problem                         |
        | scsi1   | off:100/vm-100-disk-1.raw   | alt,off:alt | is disabled                     |
        | unused0 | only1:100/vm-100-disk-1.raw |             | is not available on node 'pve2' |
