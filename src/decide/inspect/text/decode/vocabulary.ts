import { once } from '../once.ts'
import { ENGLISH } from '../words/english.ts'

/** Words that stand in most sentences; with those of the rules they are what a garbled text is read back into. */
export const COMMON =
  'the and you your that this with from have will not are for all any can who what when where how which there then than them they their about into over after before because being been were was has had its his her our out one two would could should must may might just only also more most other some such same so no nor now new use used using make made take give get go see say said tell want need like know think come first last long great little own old right big high small large next early young few public bad able file text word message answer question write read please instead following information data every never always without within between under again here is it in on of to as at be by do if my me we us an or up'

/** What may be read out of letters that stand apart or run together. */
export const vocabulary = once((): readonly string[] => [
  ...new Set(
    [...Object.values(ENGLISH).join(' ').split(' '), ...COMMON.split(' ')].filter(
      (word) => /^[a-z]{2,}$/.test(word) || word === 'a' || word === 'i',
    ),
  ),
])

/** Words with the letters of another that is as common: `from` and `form`. */
const HAS_TWIN = new Set(['from', 'could', 'there', 'reversed', 'mail', 'tries', 'lives'])

/** What others may be mended into: long enough that no other word looks like it. */
export const mendable = once((): readonly string[] =>
  vocabulary().filter((word) => word.length >= 4 && !HAS_TWIN.has(word)),
)
