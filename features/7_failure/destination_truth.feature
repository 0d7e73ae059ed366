Feature: What the source says is not enough
  A source whose memory has been sent says so before the target has understood any of it.

  @live @fault @versions @XT-01 @P2C-02
  Rule: A target that does not have the guest's state does not get the guest

    Scenario: The target dies with the end of the state still in its socket
      Given a running guest 100 on "pve1" with its disk on "shared" fills 0 MiB of its memory and then rests
      And the source says that all memory of guest 100 is on "pve2", which takes nothing more
      When the QEMU of guest 100 on "pve2" is killed
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record

    Scenario: The target dies after it has loaded the state
      Given a running guest 100 on "pve1" with its disk on "local" fills 8 MiB of its memory and then writes to disk
      And all memory of guest 100 has moved to "pve2" and the migrator stands still
      And the QEMU of guest 100 on "pve2" was killed
      When the migrator goes on
      Then the migration ends with problems
      And guest 100 goes on beating on "pve1" and beat nowhere else

    @versions
    Scenario Outline: The target is another machine than the source: <words>
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 has "cores: 2" in its config
      And guest 100 is running
      And every QEMU on "pve2" is started with "<words>" as its last words
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log has a line like "\[pve2\] QEMU: .*<reason>"
      And guest 100 goes on beating on "pve1" and beat nowhere else

      Examples:
        | words                                     | reason                   |
        | -smp 1,sockets=1,cores=1,maxcpus=1        | Unknown (savevm )?section |
        | -m 48                                     | Size mismatch: pc.ram    |
        | -machine hpet=off                         | Unknown (savevm )?section |
        | -machine pc-i440fx-6.2                    | Machine type received is |

    @versions
    Scenario: The source has a device that is not in its config
      Given a running guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And a "virtio-rng-pci" was plugged into the running guest 100
      When guest 100 is live-migrated to "pve2"
      Then the migration ends with problems
      And the log has a line like "\[pve2\] QEMU: .*Unknown (savevm )?section.*virtio-rng"
      And guest 100 goes on beating on "pve1" and beat nowhere else
      And guest 100 has lost no beat, no page and no record
      And nothing of guest 100 is on "pve2"

  @live @fault @P2C-02
  Rule: A guest that was paused before is not woken by a failure

    Scenario: The target of a paused guest dies after it has loaded the state
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 is paused
      And all memory of guest 100 has moved to "pve2" and the migrator stands still
      And the QEMU of guest 100 on "pve2" was killed
      When the migrator goes on
      Then the migration ends with problems
      And the log has a line like "ERROR: .*paused.*postmigrate"
      And the QEMU of guest 100 on "pve1" is in the state "postmigrate"
      And guest 100 has no lock property

    Scenario: The target of a paused guest dies while its memory moves
      Given a stopped guest 100 on "pve1" with a 2 MiB raw disk scsi0 on "local"
      And guest 100 has filled 8 MiB of its memory and is paused
      And a live migration of guest 100 to "pve2" is held at "memory"
      When the QEMU of guest 100 on "pve2" is killed
      Then the migration ends with problems
      And guest 100 is paused on "pve1"
      And guest 100 has lost no beat, no page and no record
