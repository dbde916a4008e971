import { EXFILTRATION, DECODE, OUTPUT, TOOL } from './act.ts'
import { ADDRESSED, AUTHORITY, HIDE } from './address.ts'
import { EXECUTION, IMAGE } from './carry.ts'
import { DELIMITER } from './mark.ts'
import { OVERRIDE } from './override.ts'
import { FREE_PERSONA, REFUSAL, ROLE } from './persona.ts'
import { REVEAL } from './reveal.ts'
import type { RuleFamily } from './rule.ts'
import { STEER } from './steer.ts'

export type { MarkRule, RuleFamily, WordRule } from './rule.ts'

/** Every rule, by family. Hidden and encoded text have no words of their own: they are seen by how they had to be read. */
export const RULE_FAMILIES: readonly RuleFamily[] = [
  OVERRIDE,
  ROLE,
  FREE_PERSONA,
  REFUSAL,
  REVEAL,
  DELIMITER,
  AUTHORITY,
  ADDRESSED,
  HIDE,
  EXFILTRATION,
  TOOL,
  OUTPUT,
  DECODE,
  IMAGE,
  EXECUTION,
]

/** What lets the model's opinion of a prompt count in full; it is read for prompts alone. */
export const PROMPT_FAMILIES: readonly RuleFamily[] = [STEER]
