Feature: How a map of ids is understood
  Maps come as text. What no argument of a command can carry is put to the migrator's own reader.

  @offline @IDMAP-14
  Rule: Where a NUL separates, nothing else does, and an empty field is an entry

    Scenario Outline: <what>
      When the storage map "<text>" is read, <NUL> standing for a NUL
      Then the map is refused because of "<fragment>" in entry "<entry>"

      Examples:
        | what                              | text               | fragment | entry |
        | An inner empty field is too short | aa<NUL><NUL>bb     | short    |       |
        | A comma is an illegal character   | aa,cc<NUL>bb:dd    | illegal  | aa,cc |
        | So is a blank                     | bb:dd<NUL>aa cc    | illegal  | aa cc |

  @offline @IDMAP-02
  Rule: A NUL separates entries

    Scenario: Entries between NULs are read like entries between commas
      When the storage map "alt<NUL>aa:bb<NUL>cc:dd" is read, <NUL> standing for a NUL
      Then the map has the default "alt" and the pairs "aa:bb cc:dd"

  @offline @IDMAP-13
  Rule: NULs alone make an empty map

    Scenario: There is no default and no pair
      When the storage map "<NUL><NUL>" is read, <NUL> standing for a NUL
      Then the map has the default "" and the pairs ""

  @offline @IDMAP-07
  Rule: A bridge id is made of word characters, hyphens and dots, one is enough

    Scenario: Single characters and dots are legal
      When the bridge map "a:b,vmbr0:vmbr1.5,1a:b-2,x" is read, <NUL> standing for a NUL
      Then the map has the default "x" and the pairs "a:b vmbr0:vmbr1.5 1a:b-2"

    Scenario Outline: <entry> is none
      When the bridge map "<entry>" is read, <NUL> standing for a NUL
      Then the map is refused because of "illegal" in entry "<entry>"

      Examples:
        | entry   |
        | vmbr/0  |
        | a:b:c   |
        | vmbr0:  |
