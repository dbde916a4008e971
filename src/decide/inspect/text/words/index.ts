import { ENGLISH } from './english.ts'
import { FOREIGN, UNSPACED as OTHERS } from './foreign.ts'
import type { Words } from './words.ts'

export type { Words } from './words.ts'

/** Every word that stands between blanks, by concept. */
export const SPACED: readonly Words[] = [ENGLISH, ...FOREIGN.map(plainly)]

/** Words of scripts that put no blanks between them. */
export const UNSPACED: Words = plainly(OTHERS)

/** Only English has words for what came before that also say something else. */
function plainly(words: Words): Words {
  return { ...words, PRIOR_HARD: words['PRIOR'] ?? '' }
}
