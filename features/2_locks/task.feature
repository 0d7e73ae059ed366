Feature: The task of a migration, its log and its ending

  @offline @TASK-03 @TASK-04 @TASK-06 @CLI-07
  Rule: A migration without any problem ends its log with a success, its duration and TASK OK

    Scenario: A stopped guest moves
      Given a stopped guest 100 on "pve1"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And the task log of guest 100 on "pve1" ends with "TASK OK"
      And the last line before that is like "migration finished successfully \(duration 00:00:\d\d\)"
      And no line of the task log is an error
      And every other line of the task log of guest 100 on "pve1" begins with its time
      And the task log says what the command printed

  @offline @fault @TASK-04
  Rule: Every line of a message gets its own time, and empty lines are left out

    Scenario: The target refuses to unlock the guest in several lines
      Given a stopped guest 100 on "pve1"
      And "qm unlock" fails on "pve2" and says:
        """
        first of all

        second to none
        """
      And the lock property "migrate" of guest 100 is to stay
      When guest 100 is migrated to "pve2"
      Then the migration ends with problems
      And every other line of the task log of guest 100 on "pve1" begins with its time
      And the task log has the lines "first of all" and "second to none" of their own
      And the task log says what the command printed

  @live @TASK-05 @PREP-08 @CLI-11
  Rule: A warning in the log is no warning of the task

    Scenario: A replicated guest is forced to a node without its replicas
      Given a running guest 100 on "pve1"
      And guest 100 is replicated to "pve3", but none of its disks
      When guest 100 is live-migrated to "pve2" with "--force"
      Then the migration finishes successfully
      And the log says "is not a replication target"
      And no line of the task log is an error
      And the task log of guest 100 on "pve1" ends with "TASK OK"

  @offline @fault @TASK-03 @TASK-07 @TASK-09
  Rule: A failure of prepare aborts the task at once, and nothing is cleaned up because nothing was done

    Scenario: The guest uses a device of its node
      Given a stopped guest 100 on "pve1"
      And guest 100 has "parallel0: /dev/parport0" in its config
      And the config file of guest 100 is remembered
      When guest 100 is migrated to "pve2"
      Then the task log of guest 100 on "pve1" ends with "TASK ERROR: migration aborted"
      And the last line before that is like "ERROR: migration aborted \(duration 00:00:\d\d\): .*uses local devices.*"
      And the log does not say "cleanup"
      And the config file of guest 100 has not been written

  @fault @TASK-03 @TASK-07 @TASK-10
  Rule: A failure of phase 1 is logged, cleaned up after and aborts the task before phase 2 begins

    @offline
    Scenario: The only disk of a stopped guest cannot be copied
      Given a stopped guest 100 on "pve1"
      And "pvesm import" fails on "pve2" and says "no room for it"
      When guest 100 is migrated to "pve2"
      Then the task log of guest 100 on "pve1" ends with "TASK ERROR: migration aborted"
      And the last line before that is like "ERROR: migration aborted \(duration 00:00:\d\d\): .*no room for it"
      And the error "no room for it" comes before "cleanup"
      And guest 100 has no lock property
      And guest 100 is stopped on "pve1"

    @live
    Scenario: An unused disk of a running guest cannot be copied
      Given a running guest 100 on "pve1"
      And volume "local:100/vm-100-disk-7.raw" of 4 MiB exists on "pve1"
      And guest 100 has "unused0: local:100/vm-100-disk-7.raw" in its config
      And "pvesm import" fails on "pve2" and says "no room for it"
      When guest 100 is live-migrated to "pve2"
      Then the error "no room for it" comes before "cleanup"
      And the task log of guest 100 on "pve1" ends with "TASK ERROR: migration aborted"
      And no QEMU was ever started on "pve2"

  @live @fault @TASK-03 @TASK-08 @TASK-12
  Rule: A failure of phase 2 ends the task with problems, and phase 3 hands nothing over

    Scenario: The guest cannot be started on the target
      Given a running guest 100 on "pve1"
      And "qm start" fails on "pve2" and says "no such machine"
      When guest 100 is live-migrated to "pve2"
      Then the task log of guest 100 on "pve1" ends with "TASK ERROR: migration problems"
      And the last line before that is like "ERROR: migration finished with problems \(duration 00:00:\d\d\)"
      And the error "online migrate failure" comes before "migration finished with problems"
      And volume "local:100/vm-100-disk-0.raw" exists on "pve1"
      And guest 100 is running on "pve1"

  @offline @fault @TASK-08
  Rule: A failure in the hand-over ends the task with problems, though the guest has moved

    Scenario: The guest cannot be unlocked on the target
      Given a stopped guest 100 on "pve1"
      And "qm unlock" fails on "pve2" and says "not now"
      And the lock property "migrate" of guest 100 is to stay
      When guest 100 is migrated to "pve2"
      Then the migration ends with problems
      And the error "not now" comes before "migration finished with problems"
      And the task log of guest 100 on "pve1" ends with "TASK ERROR: migration problems"
      And guest 100 is stopped on "pve2"

  @offline @TASK-11 @PREP-17
  Rule: A guest that does not run is moved without phase 2, whatever was asked for

    Scenario: A stopped guest is to be migrated live
      Given a stopped guest 100 on "pve1"
      When guest 100 is live-migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is stopped on "pve2"
      And no QEMU was ever started on "pve2"
