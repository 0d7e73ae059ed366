Feature: Who may ask for a migration

  @API-04 @API-21 @API-22 @offline
  Rule: A migration with a map needs the right to migrate the guest, to change its disks, and to allocate on every target storage

    Background:
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has a 1 MiB raw disk scsi1 on "shared"
      And the token "ci@pve!run" may just do this:
        | path           | privilege               |
        | /vms/100       | VM.Migrate              |
        | /vms/100       | VM.Config.Disk          |
        | /storage/alt   | Datastore.AllocateSpace |
        | /storage/small | Datastore.AllocateSpace |

    Scenario: One of the rights is missing
      When "ci@pve!run" asks for a migration of guest 100 to "pve2" with "targetstorage=local:alt,small", each time without one of these rights
      Then each is answered as it has to be
      And nothing has changed on any node

  @API-04
  Rule: The nearest list that names a user decides, before that of the user's groups; what does not go down counts at its own path; a separated token has what both lists give

    Scenario: Lists of user.cfg and what they let their users do
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster has these users:
        """
        user:ci@pve:1:0:Ci::ci@example.org:a comment::
        user:other@pve:1:0:::::
        token:ci@pve!own:0:1:separated:
        token:ci@pve!all:0:0::
        token:root@pam!own:0:1::
        token:root@pam!all:0:0::
        group:ops:ci@pve:those who may:
        group:dev:ci@pve,other@pve::
        role:Mover:VM.Migrate,VM.Audit:
        """
      When guest 100 is asked for "GET /migrate" in these ways:
        | who          | more users                                              | with | status | answer                 |
        | ci@pve       |                                                         |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/:ci@pve:PVEVMAdmin:                              |      | 200    |                        |
        | ci@pve       | acl:1:/vms:ci@pve:Mover:                                |      | 200    |                        |
        | ci@pve       | acl:0:/vms:ci@pve:Mover:                                |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:0:/vms/100:ci@pve:Mover:                            |      | 200    |                        |
        | ci@pve       | acl:1:/vms/1001:ci@pve:Mover:                           |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/vms/100:other@pve:Mover:                         |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/:ci@pve:PVEVMAdmin: acl:1:/vms:ci@pve:PVEAuditor: |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/:ci@pve:PVEAuditor: acl:1:/vms:ci@pve:PVEVMAdmin: |      | 200    |                        |
        | ci@pve       | acl:1:/:ci@pve:PVEVMAdmin: acl:0:/vms:ci@pve:NoAccess:  |      | 200    |                        |
        | ci@pve       | acl:1:/:ci@pve:PVEVMAdmin: acl:1:/vms:ci@pve:NoAccess:  |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/vms/100:ci@pve:Mover,NoAccess:                   |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/vms:@ops:Mover:                                  |      | 200    |                        |
        | ci@pve       | acl:1:/vms:@ops:PVEVMUser: acl:1:/vms:@dev:Mover:       |      | 200    |                        |
        | ci@pve       | acl:1:/vms:@ops:Mover: acl:1:/vms:ci@pve:PVEVMUser:     |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/vms:@ops:NoAccess: acl:1:/vms:ci@pve:Mover:      |      | 200    |                        |
        | ci@pve       | acl:1:/vms:ci@pve:Mover: acl:1:/vms/100:@ops:PVEVMUser: |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | pool:lab::100:alt: acl:1:/pool/lab:ci@pve:Mover:                      |      | 200    |                        |
        | ci@pve       | pool:lab::100:alt: acl:1:/pool:@ops:Mover: acl:1:/vms:ci@pve:NoAccess:     |      | 403    | (/vms/100, VM.Migrate) |
        | other@pve    | acl:1:/vms:@ops:Mover:                                  |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve!own   | acl:1:/vms:ci@pve:Mover:                                |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve!own   | acl:1:/vms:ci@pve!own:Mover:                            |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve!own   | acl:1:/vms:ci@pve,ci@pve!own:Mover:                     |      | 200    |                        |
        | ci@pve!own   | acl:1:/:ci@pve!own:Administrator: acl:1:/vms:@ops:Mover: |      | 200    |                        |
        | ci@pve!all   | acl:1:/vms:ci@pve:Mover:                                |      | 200    |                        |
        | ci@pve!all   | acl:1:/vms:ci@pve!all:Mover:                            |      | 403    | (/vms/100, VM.Migrate) |
        | root@pam     |                                                         |      | 200    |                        |
        | root@pam!all |                                                         |      | 200    |                        |
        | root@pam!own |                                                         |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/vms:ci@pve:Mover: user:ci@pve:0:0:               |      | 401    | ci@pve                 |
        | ci@pve!all   | acl:1:/vms:ci@pve:Mover: user:ci@pve:0:0:               |      | 401    | token                  |
        | ci@pve       | acl:1:/vms:ci@pve:Mover: user:ci@pve:1:1000:            |      | 401    | ci@pve                 |
        | ci@pve!all   | acl:1:/vms:ci@pve:Mover: token:ci@pve!all:1000:0:       |      | 401    | token                  |
        | ci@pve       | acl:x:/vms:ci@pve:Mover:                                |      | 403    | (/vms/100, VM.Migrate) |
        | ci@pve       | acl:1:/vms:ci@pve:Mover: nonsense                       |      | 200    |                        |
      Then each is answered as it has to be
      And nothing has changed on any node

  @API-10 @API-11
  Rule: Force, type and network of a migration are for the user root@pam alone, not for administrators, nor for tokens of root; a false force is nobody's business

    Scenario: Who may say what, shown by whether a later fault is reached
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "only1"
      And the cluster has these users:
        """
        user:boss@pve:1:0:::::
        token:root@pam!all:0:0::
        acl:1:/:boss@pve:Administrator:
        """
      When guest 100 is asked for "POST /migrate" in these ways:
        | who          | with                                            | status | answer                                 |
        | boss@pve     | target=pve2                                     | 500    | only1' is not available on node 'pve2' |
        | boss@pve     | target=pve2&force=1                             | 400    | force: Only root                       |
        | boss@pve     | target=pve2&force=0                             | 500    | only1' is not available on node 'pve2' |
        | boss@pve     | target=pve2&migration_type=secure               | 400    | migration_type: Only root              |
        | boss@pve     | target=pve2&migration_network=<network:cluster> | 400    | migration_network: Only root           |
        | root@pam!all | target=pve2                                     | 500    | only1' is not available on node 'pve2' |
        | root@pam!all | target=pve2&force=1                             | 400    | force: Only root                       |
        | root@pam!all | target=pve2&force=0                             | 500    | only1' is not available on node 'pve2' |
        | root@pam!all | target=pve2&migration_type=insecure             | 400    | migration_type: Only root              |
        | root@pam!all | target=pve2&migration_network=<network:cluster> | 400    | migration_network: Only root           |
        | root@pam     | target=pve2&force=1                             | 500    | only1' is not available on node 'pve2' |
        | root@pam     | target=pve2&migration_type=insecure             | 500    | only1' is not available on node 'pve2' |
        | root@pam     | target=pve2&migration_network=<network:cluster> | 500    | only1' is not available on node 'pve2' |
      Then each is answered as it has to be
      And nothing has changed on any node

  @IDMAP-19 @API-19 @API-21 @API-24 @API-25
  Rule: Only a map other than "1" needs the right to change disks; without one the names of the guest's storages are checked in its place

    Scenario: A token that may migrate, but not change disks
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "only1"
      And the token "ci@pve!run" may just do this:
        | path     | privilege  |
        | /vms/100 | VM.Migrate |
      When guest 100 is asked for "POST /migrate" in these ways:
        | who        | with                              | status | answer                                 |
        | ci@pve!run | target=pve2                       | 500    | only1' is not available on node 'pve2' |
        | ci@pve!run | target=pve2&targetstorage=1       | 500    | only1' is not available on node 'pve2' |
        | ci@pve!run | target=pve2&targetstorage=1,1     | 500    | only1' is not available on node 'pve2' |
        | ci@pve!run | target=pve2&targetstorage=0       | 500    | only1' is not available on node 'pve2' |
        | ci@pve!run | target=pve2&targetstorage=        | 500    | only1' is not available on node 'pve2' |
        | ci@pve!run | target=pve2&targetstorage=,       | 403    | (/vms/100, VM.Config.Disk)             |
        | ci@pve!run | target=pve2&targetstorage=%20     | 403    | (/vms/100, VM.Config.Disk)             |
        | ci@pve!run | target=pve2&targetstorage=alt     | 403    | (/vms/100, VM.Config.Disk)             |
        | ci@pve!run | target=pve2&targetstorage=aa:alt  | 403    | (/vms/100, VM.Config.Disk)             |
      Then each is answered as it has to be
      And nothing has changed on any node

  @API-22
  Rule: Of every storage a map sends to the existence is looked at first, then the right to allocate, then what it may hold; pairs before the default

    Scenario: A token that may allocate on one storage
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "only1"
      And the token "ci@pve!run" may just do this:
        | path           | privilege               |
        | /vms           | VM.Migrate              |
        | /vms           | VM.Config.Disk          |
        | /storage/isos  | Datastore.AllocateSpace |
        | /storage/only1 | Datastore.AllocateSpace |
      When guest 100 is asked for "POST /migrate" in these ways:
        | who        | with                                           | status | answer                                  |
        | ci@pve!run | target=pve2&targetstorage=nosuch               | 500    | nosuch' does not exist                  |
        | ci@pve!run | target=pve2&targetstorage=off                  | 500    | off' is disabled                        |
        | ci@pve!run | target=pve2&targetstorage=only1                | 500    | only1' is not available on node 'pve2'  |
        | ci@pve!run | target=pve2&targetstorage=alt                  | 403    | (/storage/alt, Datastore.AllocateSpace) |
        | ci@pve!run | target=pve2&targetstorage=isos                 | 500    | isos' does not support content type     |
        | ci@pve!run | target=pve2&targetstorage=nosuch,only1:alt     | 403    | (/storage/alt, Datastore.AllocateSpace) |
        | ci@pve!run | target=pve2&targetstorage=alt,only1:nosuch     | 500    | nosuch' does not exist                  |
        | ci@pve!run | target=pve2&targetstorage=alt,only1:isos       | 500    | isos' does not support content type     |
      Then each is answered as it has to be
      And nothing has changed on any node

  @API-29
  Rule: A start needs the right to switch the guest on and off, and what only the source of a migration says is for root@pam alone

    Scenario: What only the source of a migration says
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster has these users:
        """
        user:boss@pve:1:0:::::
        user:look@pve:1:0:::::
        acl:1:/:boss@pve:Administrator:
        acl:1:/vms:look@pve:PVEAuditor:
        """
      When guest 100 is asked for "POST /status/start" in these ways:
        | who      | with                       | status | answer                          |
        | look@pve |                            | 403    | (/vms/100, VM.PowerMgmt)        |
        | boss@pve | stateuri=unix              | 400    | stateuri: Only root             |
        | boss@pve | skiplock=1                 | 400    | skiplock: Only root             |
        | boss@pve | migratedfrom=pve2          | 400    | migratedfrom: Only root         |
        | boss@pve | migration_type=secure      | 400    | migration_type: Only root       |
        | boss@pve | migration_network=10.0.0.0/8 | 400  | migration_network: Only root    |
        | boss@pve | targetstorage=1            | 400    | targetstorage: Only root        |
        | boss@pve | force-cpu=qemu64           | 400    | force-cpu: Only root            |
        | boss@pve | with-conntrack-state=1     | 400    | with-conntrack-state: Only root |
        | boss@pve | nets-host-mtu=net0=1500    | 400    | nets-host-mtu: Only root        |
      Then each is answered as it has to be
      And nothing has changed on any node

    Scenario: The machine type and the time a start may take are anybody's who may start it
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And guest 100 has "lock: backup" in its config
      And the lock property "backup" of guest 100 is to stay
      And the cluster has these users:
        """
        user:boss@pve:1:0:::::
        acl:1:/vms:boss@pve:PVEVMUser:
        """
      When "boss@pve" asks "pve1" for "POST /nodes/pve1/qemu/100/status/start" with "machine=pc&timeout=30"
      Then the answer is a task "qmstart" of guest 100 on "pve1" by "boss@pve"
      And the task ends with "VM is locked (backup)"
      And nothing has changed on any node
