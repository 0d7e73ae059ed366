Feature: Pre-copy against post-copy
  With pre-copy the guest beats on the source until all of its memory has arrived; with post-copy it
  beats on the target before that, and waits there for every page that it touches too early. From
  outside they are told apart by three facts: when the guest beat where, what the source says of the
  migration ("active" until it is "completed", or "postcopy-active" in between), and whether the
  capability "postcopy-ram" is on. A migrator has to do the first; the second is done here by the
  suite's own hands, with two QEMUs and no migrator, to show that the facts do tell it.

  @live @PRECOPY-01
  Rule: No capability of post-copy is on at either end

    Scenario: Both ends are asked while the memory moves
      Given a running guest 100 on "pve1" with its disk on "local" fills 8 MiB of its memory and then rests
      When a live migration of guest 100 to "pve2" with "--bwlimit 4096" is at "memory"
      Then no capability of post-copy is on for guest 100 on "pve1"
      And no capability of post-copy is on for guest 100 on "pve2"
      And the migration finishes successfully

  @live @versions @PRECOPY-02 @PRECOPY-03
  Rule: The memory moves in several passes, and the guest runs on the source in all but the last

    Scenario: A guest that goes on dirtying its memory is watched
      Given a running guest 100 on "pve1" with its disk on "local" fills 8 MiB of its memory and then dirties it
      When the live migration of guest 100 to "pve2" is watched
      Then the migration finishes successfully
      And the memory of guest 100 moved in at least 3 passes
      And guest 100 ran and beat on "pve1" in every pass but the last
      And guest 100 has lost no beat, no page and no record

  @live @PRECOPY-08
  Rule: The target executes nothing of the guest before all of its memory has arrived

    @versions
    Scenario: The first beat on the target of a live migration
      Given a running guest 100 on "pve1" with its disk on "local" fills 8 MiB of its memory and then dirties it
      When the live migration of guest 100 to "pve2" is watched
      Then the migration finishes successfully
      And guest 100 first ran on "pve2" after all of its memory had arrived
      And the source never spoke of post-copy

    Scenario: The observation tells post-copy apart, shown by the suite itself without the migrator
      Given a running guest 100 on "pve1" with its disk on "shared" fills 8 MiB of its memory and then dirties it
      When the suite moves guest 100 to "pve2" by post-copy with its own hands
      Then guest 100 first ran on "pve2" before all of its memory had arrived
      And the source said of the migration: "active, postcopy-active, completed"
      And guest 100 had to wait on "pve2" for pages that it touched
      And guest 100 has lost no beat, no page and no record

    Scenario: Post-copy goes on over another link when its own is cut, shown by the suite itself
      Given a running guest 100 on "pve1" with its disk on "shared" fills 8 MiB of its memory and then dirties it
      When the suite moves guest 100 to "pve2" by post-copy with its own hands, over a link that is cut on the way
      Then the source said of the migration: "active, postcopy-active, postcopy-paused, postcopy-active, completed"
      And guest 100 never ran on two nodes at once
      And guest 100 has lost no beat, no page and no record

  @live @PRECOPY-06 @PRECOPY-07
  Rule: With its memory over there the guest still belongs to the source, and stands still at both ends until it is handed over

    Scenario: The migrator stands still for a while when the memory has moved
      Given a running guest 100 on "pve1" with its disk on "local" fills 8 MiB of its memory and then writes to disk
      When the migrator stands still until all memory of guest 100 is on "pve2", and then goes on
      Then the config of guest 100 was on "pve1" only meanwhile
      And guest 100 was postmigrate on "pve1" and paused on "pve2" meanwhile
      And guest 100 beat on "pve1" only meanwhile
      And guest 100 has lost no beat, no page and no record
