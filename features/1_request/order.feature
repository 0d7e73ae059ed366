Feature: The order in which a request is looked at

  @API-05 @API-03 @API-04 @API-10
  Rule: Of several faults the one that is looked for first is the answer

    Scenario: Every fault with those that are looked for after it
      Given a running guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the token "ci@pve!run" may just do this:
        | path     | privilege               |
        | /vms     | VM.Migrate              |
        | /vms     | VM.Config.Disk          |
        | /storage | Datastore.AllocateSpace |
      When "ci@pve!run" asks for a migration of guest 100 to "pve2" with "online=1&targetstorage=local:alt,alt" and each of these faults, alone and with each of the next 3:
        | fault                                          | status | answer                                  |
        | the token is not known                         | 401    | invalid API token                       |
        | VM.Migrate is missing                          | 403    | VM.Migrate)                             |
        | a parameter is unknown                         | 400    | frobnicate: property is not defined     |
        | the target is the node itself                  | 400    | local node                              |
        | there is no quorum                             | 500    | no quorum                               |
        | the target is no member                        | 500    | no such cluster node                    |
        | the target's name means the node itself        | 500    | 127.0.1.1                               |
        | force is root's alone                          | 400    | force: Only root                        |
        | there is no such guest                         | 500    | qemu-server/999.conf' does not exist    |
        | the guest is locked                            | 500    | VM is locked (backup)                   |
        | the guest runs, and online is not asked for    | 500    | can't migrate running VM                |
        | the guest is replicated, but not to the target | 500    | not a replication target                |
        | the map contradicts itself                     | 400    | targetstorage: failed to parse          |
        | VM.Config.Disk is missing                      | 403    | (/vms/100, VM.Config.Disk)              |
        | a storage in the map does not exist            | 500    | nosuch' does not exist                  |
        | Datastore.AllocateSpace is missing             | 403    | (/storage/alt, Datastore.AllocateSpace) |
        | a storage in the map is not for disks          | 500    | alt' does not support content type      |
      Then each is answered as it has to be
      And guest 100 is running on "pve1"
      And nothing has changed on any node

  @API-09
  Rule: A member without an address is found by its name, which must not mean the node itself

    Scenario: The name means one address or the other
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "only1"
      And the cluster has these users:
        """
        token:root@pam!all:0:0::
        """
      When guest 100 is asked for "POST /migrate" in these ways:
        | who          | pve2 means                   | with        | status | answer                                 |
        | root@pam!all | <address of pve2 in cluster> | target=pve2 | 500    | only1' is not available on node 'pve2' |
        | root@pam!all | 127.0.1.1                    | target=pve2 | 500    | pve2' resolves to '127.0.1.1'          |
        | root@pam!all | ::1                          | target=pve2 | 500    | pve2' resolves to '::1'                |
      Then each is answered as it has to be
      And nothing has changed on any node

  @API-14 @API-17
  Rule: A guest with a process runs, paused or not; replicated, it goes only where it is replicated to, unless forced

    Scenario: A paused guest
      Given a paused guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is asked for "POST /migrate" in these ways:
        | who      | replicated to | with                                             | status | answer                              |
        | root@pam |               | target=pve2                                      | 500    | can't migrate running VM            |
        | root@pam |               | target=pve2&online=0&force=1                     | 500    | can't migrate running VM            |
        | root@pam |               | target=pve2&online=1&targetstorage=nosuch        | 500    | nosuch' does not exist              |
        | root@pam | pve3          | target=pve2&online=1&targetstorage=nosuch        | 500    | not a replication target            |
        | root@pam | pve3          | target=pve2&online=1&targetstorage=nosuch&force=0 | 500   | not a replication target            |
        | root@pam | pve3          | target=pve2&online=1&targetstorage=nosuch&force=1 | 500   | nosuch' does not exist              |
        | root@pam | pve2          | target=pve2&online=1&targetstorage=nosuch        | 500    | nosuch' does not exist              |
      Then each is answered as it has to be
      And guest 100 is paused on "pve1"
      And nothing has changed on any node

    Scenario: A stopped guest
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      When guest 100 is asked for "POST /migrate" in these ways:
        | who      | replicated to | with                             | status | answer                 |
        | root@pam | pve3          | target=pve2&targetstorage=nosuch | 500    | nosuch' does not exist |
      Then each is answered as it has to be
      And nothing has changed on any node
