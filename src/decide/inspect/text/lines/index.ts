/**
 * Lines written for this project, to train and to test the text scanner: such as tell a machine what to do, and harmless
 * ones that use the same words. Nothing here is taken from a published set. No part of the program imports it.
 */
import { EXFILTRATION, TOOLS, HIDING, DELIMITERS, ADDRESSED, DECODING } from './attack-agent.ts'
import { CODE, CODE_WORDS } from './attack-code.ts'
import { ABROAD, OVERRIDE, SWITCH } from './attack-override.ts'
import { COMPLIANCE, EXTRACTION, PERSONA } from './attack-persona.ts'
import { PRETEXT, STORY, STORY_WORDS, SWITCH_GERMAN } from './attack-story.ts'
import { ASKED, ASKED_ABROAD, PLAIN_WORDS } from './benign-prompt.ts'
import { LETTERS, MANUALS } from './benign-text.ts'
import { linesOf } from './compose.ts'
import { WORDS } from './words.ts'

export interface OwnLine {
  readonly text: string
  readonly isAttack: boolean
  readonly family: string
}

type Source = readonly [family: string, frames: readonly string[], count: number]

const ATTACKS: readonly Source[] = [
  ['override', OVERRIDE, 360],
  ['switch', SWITCH, 220],
  ['abroad', ABROAD, 420],
  ['extraction', EXTRACTION, 260],
  ['persona', PERSONA, 260],
  ['compliance', COMPLIANCE, 200],
  ['exfiltration', EXFILTRATION, 220],
  ['tools', TOOLS, 260],
  ['hiding', HIDING, 100],
  ['delimiters', DELIMITERS, 240],
  ['addressed', ADDRESSED, 240],
  ['decoding', DECODING, 80],
  ['code', CODE, 320],
  ['story', STORY, 260],
  ['pretext', PRETEXT, 240],
  ['switch-german', SWITCH_GERMAN, 180],
]

const HARMLESS: readonly Source[] = [
  ['asked', ASKED, 2000],
  ['asked-abroad', ASKED_ABROAD, 300],
  ['letters', LETTERS, 400],
  ['manuals', MANUALS, 1700],
]

const SEED = 20260917

/** Some 3,000 attack lines and as many harmless ones; always the same. */
export function ownLines(): OwnLine[] {
  const words = { ...PLAIN_WORDS, ...WORDS, ...STORY_WORDS, ...CODE_WORDS }
  const from = (sources: readonly Source[], isAttack: boolean) =>
    sources.flatMap(([family, list, count], i) =>
      linesOf(list, words, count, SEED + 31 * i).map((text) => ({ text, isAttack, family })),
    )
  return [...from(ATTACKS, true), ...from(HARMLESS, false)]
}
