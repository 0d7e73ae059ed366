Feature: Pages that change again and again are sent as deltas

  @live @needs_quick @PRECOPY-04
  Rule: A page sent before costs its changes if it is in the cache, and a whole page if not

    # Each changes four bytes of all its pages, five times a second and twelve times in all.
    Scenario: Three guests do the same work, moved by the suite itself: without deltas, with them, with a small cache
      Given a paused guest 100 on "pve1" that is about to change 3 MiB of its memory
      And a paused guest 101 on "pve1" that is about to change 3 MiB of its memory
      And a paused guest 102 on "pve1" that is about to change 3 MiB of its memory
      When the suite moves them to "pve2" with its own hands while they go on:
        | guest | with deltas | KiB of cache |
        | 100   | no          | 8192         |
        | 101   | yes         | 8192         |
        | 102   | yes         | 64           |
      Then guest 101 cost less than 50 % of the bytes that guest 100 did
      And 0 to 60 % of the pages that guest 101 changed were not in the cache
      And QEMU has counted on the way of guest 101 what was on the wire
      And guest 102 cost more than 60 % of the bytes that guest 100 did
      And 90 to 100 % of the pages that guest 102 changed were not in the cache

  @live @secure @needs_quick @PRECOPY-03 @PRECOPY-04 @P2-44 @P2-46 @versions
  Rule: Whole pages go first and deltas later, as QEMU counts them and the log says

    Scenario: A migration's stream is read on its way
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      And guest 100 has "migrate_speed: 4" in its config
      And guest 100 changes the same 3 MiB of memory over and over, 24 MiB a second
      And guest 100 is running
      And a live migration of guest 100 to "pve2" that is halted before memory moves
      When the memory of guest 100 is copied on its way
      Then on the wire of guest 100 are no deltas in the first round, and many in the later
      And QEMU has counted on the way of guest 100 what was on the wire
      And the log counts the deltas of guest 100 as its monitor reported them
      And the log has a line like "migration active, transferred .* of .* VM-state, .*/s"
