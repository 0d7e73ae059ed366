Feature: The network, the type and the ports of a migration

  @offline @NET-01 @NET-04 @NET-05
  Rule: Network and type are each what the request says, else the datacenter, else the cluster's network in secure mode

    Scenario Outline: The request says "<request>", the datacenter "<datacenter>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the datacenter option "migration" is "<datacenter>"
      And on "pve2" the command "/usr/sbin/pvesm import" notes its arguments
      And what "pve2" receives in each network is counted
      When guest 100 is migrated to "pve2" with "<request>"
      Then the migration finishes successfully
      And the import on "pve2" took its stream from "<place>"
      And "pve2" has received 1024 KiB or more in the network "<network>" alone

      Examples:
        | request                                    | datacenter                                | place                       | network     |
        |                                            | type=secure                               | -                           | cluster     |
        |                                            | secure,network=<network:second>           | -                           | second      |
        |                                            | network=<network:second-IPv6>,type=insecure | tcp://<network:second-IPv6> | second-IPv6 |
        | --migration_type insecure                  | secure,network=<network:second>           | tcp://<network:second>      | second      |
        | --migration_network <network:cluster-IPv6> | insecure                                  | tcp://<network:cluster-IPv6> | cluster-IPv6 |

  @offline @NET-02 @NET-06 @NET-07
  Rule: The target is asked for its address over the cluster's network, and that address is then tried twice

    Scenario: The volume goes over the second network
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve1" knows the host keys of the nodes by their names
      And on "pve1" the command "/usr/bin/ssh" notes its arguments
      When guest 100 is migrated to "pve2" with "--migration_network <network:second>"
      Then the migration finishes successfully
      And "pve1" has run "/usr/sbin/pvecm mtunnel -migration_network <network:second> -get_migration_ip" on "pve2" by ssh 1 times or more
      And "pve1" has run "/bin/true" on "pve2 in second" by ssh 2 times or more
      And the log says "(<address of pve2 in second>)" before "starting migration of VM 100"

  @offline @fault @NET-02
  Rule: A target that does not tell its address in the network is no target

    Scenario Outline: It <answers>
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And on "pve2" the command "/usr/sbin/pvecm mtunnel" <answers>
      When guest 100 is migrated to "pve2" with "--migration_network <network:second>"
      Then the migration is aborted because of "<network:second>"
      And nothing has changed on any node

      Examples:
        | answers                      |
        | gives no address             |
        | gives a name for its address |

  @offline @fault @NET-07
  Rule: A target that no command can be run on is out of reach, by whichever address

    Scenario Outline: There is no way to it in the network <network>
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve1" finds no way to "pve2" in the network "<network>"
      When guest 100 is migrated to "pve2" with "<options>"
      Then the migration is aborted with a line with "<address>" and "using public key"
      And nothing has changed on any node

      Examples:
        | network | options                              | address                     |
        | cluster |                                      | <address of pve2 in cluster> |
        | second  | --migration_network <network:second> | <address of pve2 in second> |

    Scenario: The second try fails
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And on "pve1" the command "/usr/bin/ssh /bin/true" fails from its second time on
      When guest 100 is migrated to "pve2" with "--migration_network <network:second>"
      Then the migration is aborted with a line with "<address of pve2 in second>" and "using public key"
      And nothing has changed on any node

  @offline @NET-06
  Rule: The cluster's own record of a node's host key counts, if there is one

    Scenario: Only the cluster knows the key
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And "pve1" knows the host keys of the nodes by nothing
      And the cluster has the host key of "pve2"
      When guest 100 is migrated to "pve2"
      Then the migration finishes successfully
      And guest 100 is stopped on "pve2"

    @fault
    Scenario: The cluster has another key
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the cluster has a foreign host key of "pve2"
      When guest 100 is migrated to "pve2"
      Then the migration is aborted because of "using public key"
      And nothing has changed on any node

  @NET-03
  Rule: A node tells its one address in a network, of links that are up

    Scenario Outline: It is asked for its address in <network>
      Given "pve2" has its address in the network "second" on another link, too
      When "pvecm mtunnel -migration_network <network> -get_migration_ip" is run on "pve2"
      Then the command succeeds
      And the command prints "ip: '<address>'"

      Examples:
        | network               | address                         |
        | <network:second>      | <address of pve2 in second>     |
        | <network:second-IPv6> | <address of pve2 in second-IPv6> |

    Scenario Outline: It has <number> in <network>
      Given "pve2" has the address "10.79.0.12/24" on a link that is down
      And "pve2" has a further address in the network "cluster-IPv6"
      When "pvecm mtunnel -migration_network <network> -get_migration_ip" is run on "pve2"
      Then the command fails because of "<network>"
      And nothing has changed on any node

      Examples:
        | network                      | number |
        | 10.79.0.0/24                 | none   |
        | <network:cluster-IPv6>       | two    |
        | <network:cluster and second> | two    |

    Scenario: It has no quorum
      Given the cluster has no quorum
      When "pvecm mtunnel -migration_network <network:second> -get_migration_ip" is run on "pve2"
      Then the command prints "no quorum"

  @live @NET-08 @NET-09
  Rule: In either mode everything goes over the migration network, in insecure mode to a plain port there

    Scenario Outline: The guest moves in <type> mode over the network <network>
      Given a running guest 100 on "pve1" with its disk on "local" fills 6 MiB of its memory and then rests
      And what "pve2" receives in each network is counted
      When a live migration of guest 100 to "pve2" with "--migration_type <type> --migration_network <cidr>" is halted before memory moves
      Then guest 100 is asked to send its memory to "<place>"
      And the migration finishes successfully
      And guest 100 has lost no beat, no page and no record
      And "pve2" has received 4096 KiB or more in the network "<network>" alone

      Examples:
        | type     | network     | cidr                  | place |
        | secure   | second-IPv6 | <network:second-IPv6> | unix:/run/qemu-server/100.migrate             |
        | insecure | second-IPv6 | <network:second-IPv6> | tcp:[<address of pve2 in second-IPv6>]:<port> |

  @offline @insecure @NET-02 @NET-09
  Rule: Without a network the address that membership names is the one that counts

    Scenario: Membership names IPv6 addresses
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And membership names the nodes by their addresses in the network "second-IPv6"
      And what "pve2" receives in each network is counted
      When guest 100 is migrated to "pve2" with "--migration_type insecure"
      Then the migration finishes successfully
      And "pve2" has received 1024 KiB or more in the network "second-IPv6" alone

  @insecure @NET-09
  Rule: The target listens on its one address in the network asked for, in the datacenter's, or in the cluster's

    Scenario Outline: It is asked with "<option>", the datacenter says "<datacenter>"
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And the datacenter option "migration" is "<datacenter>"
      When "pve2" is asked to receive guest 100 with "--migration_type insecure --stateuri tcp --targetstorage 1 <option>"
      Then the target announces exactly:
        """
        migration listens on tcp:<place>:<port>
        storage migration listens on nbd:<place>:<port>:exportname=drive-scsi0 volume:local:100/vm-100-disk-0.raw,format=raw,size=1M
        """
      And "pve2" listens on the ports that were announced

      Examples:
        | option                                    | datacenter                      | place                                |
        |                                           | insecure                        | <address of pve2 in cluster>         |
        |                                           | secure,network=<network:second> | <address of pve2 in second>          |
        | --migration_network <network:second-IPv6> | secure,network=<network:second> | [<address of pve2 in second-IPv6>]   |

    @fault
    Scenario: It has several in the network
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "shared"
      When "pve2" is asked to receive guest 100 with "--migration_type insecure --stateuri tcp --migration_network 10.0.0.0/8"
      Then the command fails because of "10.0.0.0/8"
      And guest 100 has no process on any node

  @insecure @NET-10
  Rule: A migration listens on the lowest port from 60000 to 60049 that is free and was not given away in the last 5 seconds

    Scenario: Three imports, each gone before the next
      Given the migration ports 60000 and 60002 of "pve2" are taken
      When 3 imports listen on "pve2" in the network "second-IPv6", one after the other
      Then they listened on the ports "60001, 60003, 60004"

    @fault
    Scenario: All ports are taken
      Given a stopped guest 100 on "pve1" with a 1 MiB raw disk scsi0 on "local"
      And all migration ports of "pve2" are taken
      When guest 100 is migrated to "pve2" with "--migration_type insecure"
      Then the migration is aborted because of "no free port"
      And nothing has changed on any node
