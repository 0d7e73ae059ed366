Feature: Requests that are none, over HTTPS

  @HTTP-01
  Rule: Who cannot prove who they are is refused before anything else is looked at

    Scenario: Nobody, forgers and strangers ask
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      When these requests are made:
        | who                            | node | request                            | body                  | status | answer    |
        | nobody                         | pve1 | POST /nodes/pve1/qemu/100/migrate  | form target=pve2      | 401    | No ticket |
        | nobody                         | pve1 | GET /no/such/path                  |                       | 401    | No ticket |
        | nobody                         | pve2 | POST /nodes/pve1/qemu/100/migrate  | form (too large)      | 401    | No ticket |
        | root without CSRF token        | pve1 | POST /nodes/pve1/qemu/100/migrate  | form target=pve2      | 401    | csrf      |
        | root without CSRF token        | pve1 | PUT /nodes/pve1/qemu/100/config    | form onboot=1         | 401    | csrf      |
        | root without CSRF token        | pve1 | DELETE /nodes/pve1/tasks/x         |                       | 401    | csrf      |
        | root with another's CSRF token | pve2 | POST /nodes/pve1/qemu/100/migrate  | form target=pve2      | 401    | csrf      |
        | a forged ticket                | pve1 | POST /nodes/pve1/qemu/100/migrate  | form target=pve2      | 401    | ticket    |
        | another with root's ticket     | pve1 | GET /nodes/pve1/qemu/100/migrate   |                       | 401    | ticket    |
        | root in the year 2022          | pve2 | GET /nodes/pve1/qemu/100/migrate   |                       | 401    | ticket    |
        | an unknown token               | pve1 | POST /nodes/pve1/qemu/100/migrate  | form target=pve2      | 401    | API token |
        | no token at all                | pve1 | POST /nodes/pve1/qemu/100/migrate  | form target=pve2      | 401    | API token |
        | nobody                         | pve1 | POST /access/ticket                | form username=root@pam&password=root | 401 | failure |
      Then each is answered as it has to be
      And nothing has changed on any node

  @HTTP-02
  Rule: What the API does not know is not implemented, and a path that climbs or hides something is refused

    Scenario: Paths and verbs that are none
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      When these requests are made:
        | who      | node | request                                          | body             | status | answer          |
        | root@pam | pve1 | GET /no/such/path                                |                  | 501    | not implemented |
        | root@pam | pve1 | DELETE /nodes/pve1/qemu/100/migrate              |                  | 501    | not implemented |
        | root@pam | pve1 | PATCH /nodes/pve1/qemu/100/config                | form onboot=1    | 501    | not implemented |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate/               | form target=pve2 | 501    | not implemented |
        | root@pam | pve1 | GET /nodes/pve1/tasks/../../etc/passwd           |                  | 400    | path            |
        | root@pam | pve1 | GET /nodes/pve1/tasks/%2e%2e/log                 |                  | 400    | path            |
        | root@pam | pve1 | GET /nodes/pve1/tasks/..%2f..%2fetc%2fpasswd/log |                  | 400    | path            |
        | root@pam | pve1 | GET /nodes/pve1%00/tasks                         |                  | 400    | path            |
        | root@pam | pve1 | GET /nodes/pve1%ff/tasks                         |                  | 400    | path            |
        | root@pam | pve1 | GET /nodes/pve1/tasks/UPID:pve1:1:2:3:x:y:z:/log |                  | 400    | upid            |
      Then each is answered as it has to be
      And nothing has changed on any node

  @HTTP-03 @HTTP-04 @API-02
  Rule: A body that is too large, unreadable or contradicts itself is refused, and every wrong parameter is named

    Scenario: Bodies that are none
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      When these requests are made:
        | who      | node | request                                      | body                                       | status | answer    |
        | root@pam | pve2 | POST /nodes/pve1/qemu/100/migrate            | form (too large)                           | 413    | larger    |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate            | json {"target": "pve2"                     | 400    | JSON      |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate            | json ["target"]                            | 400    | JSON      |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate            | text target=pve2                           | 400    | text      |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate            | form target=pve2&target=pve3               | 400    | duplicate |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate            | form target=pve2&vmid=101                  | 400    | duplicate |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate?target=pve3 | form target=pve2                          | 400    | duplicate |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate            | json {"target": {"node": "pve2"}}          | 400    | target    |
        | root@pam | pve2 | POST /nodes/pve1/qemu/100/migrate            | json {"target": "-", "online": 7, "x": 1}  | 400    | online    |
        | root@pam | pve2 | POST /nodes/pve1/qemu/100/migrate            | json {"target": "-", "online": 7, "x": 1}  | 400    | target: ' |
        | root@pam | pve2 | POST /nodes/pve1/qemu/100/migrate            | json {"target": "-", "online": 7, "x": 1}  | 400    | x: prop   |
        | root@pam | pve1 | POST /nodes/pve1/qemu/100/migrate            |                                            | 400    | target    |
        | root@pam | pve1 | POST /nodes/pve1/qemu/abc/migrate            | form target=pve2                           | 400    | vmid      |
      Then each is answered as it has to be
      And nothing has changed on any node

  @HTTP-05
  Rule: A request for another node is passed on with the caller's own credentials, if there is such a node

    Scenario: Through "pve2" to others
      Given guest 100 on "pve1" without disks and with 64 MiB of memory
      And the token "ci@pve!run" may just do this:
        | path     | privilege |
        | /vms/100 | VM.Audit  |
      When these requests are made:
        | who        | node | request                           | body             | status | answer               |
        | ci@pve!run | pve2 | GET /nodes/pve1/qemu/100/config   |                  | 200    | "memory": "64"       |
        | ci@pve!run | pve2 | POST /nodes/pve1/qemu/100/migrate | form target=pve3 | 403    | VM.Migrate           |
        | root@pam   | pve2 | POST /nodes/pve9/qemu/100/migrate | form target=pve3 | 500    | no such cluster node |
        | root@pam   | pve2 | POST /nodes/-/qemu/100/migrate    | form target=pve3 | 400    | node                 |
        | root@pam   | pve2 | POST /nodes/pve3/qemu/100/migrate | form target=pve1 | 500    | does not exist       |
      Then each is answered as it has to be
      And nothing has changed on any node
