Feature: Requests over HTTPS, and the tasks they begin

  @offline @API-01 @TASK-01
  Rule: Whichever node is asked, the answer is the id of a task on the guest's node, which names its process, kind, guest and user

    Scenario: A node is asked for a migration from another
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      And another process on "pve1" holds the migration lock of guest 100
      When "root@pam" asks "pve3" for "POST /nodes/pve1/qemu/100/migrate" with "target=pve2"
      Then the answer is a task "qmigrate" of guest 100 on "pve1" by "root@pam"
      And the task ends with "OK" once the other process gives its locks back
      And guest 100 is stopped on "pve2"

  @offline @API-27
  Rule: A migration's task takes the guest's migration lock first, and does nothing before it has it

    Scenario: Another migration of the guest goes on
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      And another process on "pve1" holds the migration lock of guest 100
      When "root@pam" asks "pve1" for "POST /nodes/pve1/qemu/100/migrate" with "target=pve2"
      Then its process waits for the migration lock of guest 100
      And guest 100 has no lock property
      And the config lock of guest 100 is free on "pve1"
      And the task ends with "OK" once the other process gives its locks back

  @live @secure @API-01 @API-04
  Rule: Any HTTP client migrates a running guest with a token that has just the rights it takes

    Scenario Outline: <client> asks "<node>"
      Given a running guest 100 on "pve1"
      And the token "ci@pve!run" may just do this:
        | path         | privilege               |
        | /vms/100     | VM.Migrate              |
        | /vms/100     | VM.Config.Disk          |
        | /storage/alt | Datastore.AllocateSpace |
      When <client> asks "<node>" as "ci@pve!run" to migrate guest 100 with "target=pve2&online=1&with-local-disks=1&targetstorage=alt" and watches the task
      Then the watched task has ended with "OK"
      And its log, as the API told it, is what the node keeps
      And guest 100 is running on "pve2"
      And guest 100 has lost no beat, no page and no record

      Examples:
        | client | node |
        | curl   | pve2 |
        | Python | pve1 |

  @TASK-02
  Rule: Each kind of action is a task of that kind

    Scenario: A guest's whole life
      Given a stopped guest 100 on "pve1"
      When over the API of "pve2" guest 100 gets this done:
        | action  | kind      | state   |
        | start   | qmstart   | running |
        | suspend | qmsuspend | paused  |
        | resume  | qmresume  | running |
        | stop    | qmstop    | none    |
      Then each is answered as it has to be

  @TASK-03
  Rule: A task that ends well, but not without warnings, tells how many there were

    Scenario: A guest is started whose config has a line that nobody knows
      Given a stopped guest 100 on "pve1"
      And guest 100 has "frobnicate: 1" in its config
      When "root@pam" asks "pve2" for "POST /nodes/pve1/qemu/100/status/start"
      Then the task ends with "WARNINGS: 1"
      And guest 100 is running on "pve1"

  @offline @TASK-16
  Rule: A task that is stopped gets TERM in its whole process group, and cleans up

    Scenario: A migration is stopped while it copies a disk
      Given a stopped guest 100 on "pve1"
      And "root@pam" has asked "pve2" for "POST /nodes/pve1/qemu/100/migrate" with "target=pve2&bwlimit=1024"
      And the migration it asked for has copied a part of volume "local:100/vm-100-disk-0.raw" to "pve2"
      When "root@pam" has that task stopped
      Then the task ends with "migration aborted"
      And volume "local:100/vm-100-disk-0.raw" does not exist on "pve2"
      And guest 100 is stopped on "pve1"

  @HTTP-06
  Rule: A task is its user's; others need Sys.Audit on the node to see it and Sys.Modify to stop it

    Scenario: Four ask about root's task
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      And the cluster has these users:
        """
        user:ci@pve:1:0:::::
        user:eye@pve:1:0:::::
        user:arm@pve:1:0:::::
        acl:1:/vms:ci@pve:PVEVMAdmin:
        acl:1:/nodes/pve1:eye@pve:PVEAuditor:
        acl:1:/nodes/pve1:arm@pve:Administrator:
        """
      And "ci@pve" has asked "pve1" for "POST /nodes/pve1/qemu/100/migrate" with "target=pve2"
      And the task has ended with "OK"
      When these ask "pve1" about that task:
        | who     | status | log | stop |
        | eye@pve | 200    | 200 | 403  |
        | ci@pve  | 200    | 200 | 200  |
        | arm@pve | 200    | 200 | 200  |
      Then each is answered as it has to be

  @HTTP-08
  Rule: Of guests, nodes and storages each caller sees those it may look at

    Scenario: A token that may look at one guest
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      And guest 101 on "pve2" without disks and with 64 MiB of memory
      And the token "ci@pve!run" may just do this:
        | path         | privilege       |
        | /vms/101     | VM.Audit        |
        | /storage/alt | Datastore.Audit |
      When "ci@pve!run" asks "pve1" for "GET /cluster/resources"
      Then the answer names "qemu/101" and no other of type "qemu"
      And the answer names "storage/pve1/alt, storage/pve2/alt, storage/pve3/alt" and no other of type "storage"
      And the answer names "" and no other of type "node"

  @HTTP-07
  Rule: A config is changed under the guest's lock, with the privilege of each option

    Scenario: Changes of all kinds
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      And guest 101 on "pve1" without disks and with 64 MiB of memory
      And guest 101 has "lock: backup" in its config
      And the lock property "backup" of guest 101 is to stay
      And the token "ci@pve!run" may just do this:
        | path | privilege         |
        | /vms | VM.Config.Options |
      When these requests are made:
        | who        | node | request                         | body                          | status | answer                |
        | ci@pve!run | pve2 | PUT /nodes/pve1/qemu/100/config | form onboot=1                 | 200    |                       |
        | ci@pve!run | pve1 | PUT /nodes/pve1/qemu/100/config | form onboot=0&cores=2         | 403    | VM.Config.CPU         |
        | ci@pve!run | pve1 | PUT /nodes/pve1/qemu/100/config | form onboot=0&args=-S         | 403    | only root             |
        | ci@pve!run | pve1 | PUT /nodes/pve1/qemu/100/config | form delete=memory            | 403    | VM.Config.Memory      |
        | ci@pve!run | pve1 | PUT /nodes/pve1/qemu/101/config | form onboot=1                 | 500    | VM is locked (backup) |
        | ci@pve!run | pve1 | PUT /nodes/pve1/qemu/101/config | form onboot=1&skiplock=1      | 400    | skiplock              |
        | root@pam   | pve1 | PUT /nodes/pve1/qemu/101/config | form tags=a&skiplock=1        | 200    |                       |
        | root@pam   | pve1 | PUT /nodes/pve1/qemu/100/config | form onboot=2&cores=0         | 400    | cores                 |
      Then each is answered as it has to be
      And the config of guest 100 has "onboot: 1"
      And the config of guest 101 has "tags: a"
