Feature: How a map of ids is understood
  Maps come as text. What no argument of a command can carry is put to the migrator's own reader.

  @offline @IDMAP-14
  Rule: Where a NUL separates, nothing else does, and an empty field is an entry

    Scenario: An empty field is too short, other separators are illegal characters
      When these storage maps are read, <NUL> standing for a NUL:
        | text            | names   | because |
        | aa<NUL><NUL>bb  | ''      | short   |
        | aa,cc<NUL>bb:dd | 'aa,cc' | illegal |
        | bb:dd<NUL>aa cc | 'aa cc' | illegal |
      Then each is refused in one line for the reason given

  @offline @IDMAP-02 @IDMAP-13
  Rule: A NUL separates entries, and NULs alone make an empty map

    Scenario: Entries between NULs, and none
      When these storage maps are read, <NUL> standing for a NUL:
        | text                    | default | pairs       |
        | alt<NUL>aa:bb<NUL>cc:dd | alt     | aa:bb cc:dd |
        | <NUL>                   |         |             |
        | <NUL><NUL>              |         |             |
      Then each map has the default and the pairs given

  @offline @IDMAP-07
  Rule: A bridge id is made of word characters, hyphens and dots, one is enough

    Scenario: Single characters and dots are legal
      When these bridge maps are read, <NUL> standing for a NUL:
        | text                       | default | pairs                    |
        | a:b,vmbr0:vmbr1.5,1a:b-2,x | x       | a:b vmbr0:vmbr1.5 1a:b-2 |
      Then each map has the default and the pairs given

    Scenario: Other characters, two colons and an empty side are not
      When these bridge maps are read, <NUL> standing for a NUL:
        | text   | names    | because |
        | vmbr/0 | 'vmbr/0' | illegal |
        | a:b:c  | 'a:b:c'  | illegal |
        | vmbr0: | 'vmbr0:' | illegal |
      Then each is refused in one line for the reason given
