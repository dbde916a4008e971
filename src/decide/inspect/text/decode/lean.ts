import { once } from '../once.ts'
import { SPACED } from '../words/index.ts'
import { COMMON } from './vocabulary.ts'

/** How a text written in ROT13 or from the end is told from one that is not: by which letter follows which. */
export type Turn = 'rot13' | 'reversed'

/**
 * By the letter before and the letter, 5 bits each, 0 for what is no letter: how much likelier the pair is in turned text
 * than in plain, in sixteenths, less a little, so that noise adds up to nothing.
 */
type Leanings = Readonly<Record<Turn, Int8Array>>

export const SCALE = 16
const MOST = 2 * SCALE
const DRIFT: Readonly<Record<Turn, number>> = { rot13: 4, reversed: 3 }

export const leanings = once((): Leanings => {
  const counts = pairsOfWords()
  const leaning = (turn: Turn, turnedPair: (pair: number) => number): Int8Array =>
    Int8Array.from(counts, (often, pair) => {
      if (pair === 0) return 0
      const likelier = Math.round(Math.log(counts[turnedPair(pair)]! / often) * SCALE)
      return Math.max(-MOST, Math.min(MOST, likelier)) - DRIFT[turn]
    })
  return {
    rot13: leaning('rot13', (pair) => (otherHalf(pair >> 5) << 5) | otherHalf(pair & 31)),
    reversed: leaning('reversed', (pair) => ((pair & 31) << 5) | (pair >> 5)),
  }
})

function otherHalf(letter: number): number {
  return letter < 1 || letter > 26 ? letter : letter > 13 ? letter - 13 : letter + 13
}

/** How often one letter follows another in the words that are known, and at their ends. */
function pairsOfWords(): Float64Array {
  const counts = new Float64Array(1024).fill(1)
  const count = (words: string, times: number): void => {
    for (const word of words.split(' ')) {
      let before = 0
      for (let at = 0; at <= word.length; at++) {
        const letter = letterAt(word, at)
        counts[(before << 5) | letter]! += times
        before = letter
      }
    }
  }
  for (const table of SPACED) for (const list of Object.values(table)) count(list, 1)
  count(COMMON, OF_COMMON)
  return counts
}

const OF_COMMON = 12

function letterAt(text: string, at: number): number {
  const code = text.charCodeAt(at) | 32 // behind the end it is no number, which becomes 32
  return code >= 97 && code <= 122 ? code - 96 : 0
}

/** Both in one number, to be added up at once: ROT13 in the upper half. */
export const packedLeanings = once(() => {
  const { rot13, reversed } = leanings()
  return Int32Array.from(rot13, (lean, pair) => (lean << 16) + reversed[pair]!)
})

/** Words lean far to the other side; so little does hardly a block of them. */
const DOUBTFUL = -2 * SCALE

export function isDoubtful(packed: number): boolean {
  const ofReversed = (packed << 16) >> 16
  return ofReversed > DOUBTFUL || (packed - ofReversed) >> 16 > DOUBTFUL
}
