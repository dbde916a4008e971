/** Lines made into what is learned from: pieces of 500 characters, attacks also in the middle of harmless text. */
import { drawFrom, type Draw } from '../../src/decide/inspect/text/lines/compose.ts'
import { SEGMENT_LENGTH, segments } from '../../src/decide/inspect/text/model/segment.ts'
import { normalTextOf } from '../../src/decide/inspect/text/normal.ts'
import type { Line } from './corpora.ts'
import type { Sample } from './train.ts'

export interface SampleOptions {
  readonly seed: number
  /** How much an attack in the middle of something harmless counts beside the bare one. */
  readonly buried: number
  /** How much a line with letters changed places counts. */
  readonly swapped: number
  /** How much pieces of documents count beside prompts. */
  readonly documents: number
}

/** Longer attacks fill a piece by themselves. */
const BURIED_LENGTH = 300
/** Long texts count once, however many pieces they have; but not so little that they are not learned. */
const LEAST_WEIGHT = 0.15

export function samplesOf(lines: readonly Line[], options: SampleOptions): Sample[] {
  const draw = drawFrom(options.seed)
  const normal = lines.map((line) => ({ ...line, text: normalTextOf(line.text) }))
  const around = normal.filter(({ kind }) => kind === 'document').flatMap(({ text }) => piecesOf(text))
  return normal.flatMap((line) => {
    const isAttack = line.kind === 'attack'
    const pieces = piecesOf(line.text)
    const [first] = pieces
    if (first === undefined) return [] // nothing to read in it: Chinese has letters, a table of figures has none
    const weight =
      Math.max(LEAST_WEIGHT, 1 / Math.sqrt(pieces.length)) *
      (line.kind === 'document' ? options.documents : 1)
    const samples: Sample[] = pieces.map((text) => ({ text, isAttack, weight }))
    if (isAttack && first.length <= BURIED_LENGTH && options.buried > 0 && around.length > 0) {
      samples.push({
        text: buriedIn(around[draw(around.length)]!, first, draw),
        isAttack,
        weight: options.buried,
      })
    }
    if (line.kind !== 'document' && options.swapped > 0) {
      samples.push({ text: swappedIn(first, draw), isAttack, weight: options.swapped * weight })
    }
    return samples
  })
}

function piecesOf(text: string): string[] {
  return [...segments(text)]
    .map(({ start, end }) => text.slice(start, end))
    .filter((piece) => /\p{L}{2}/u.test(piece))
}

/** The line between two halves of a harmless piece, together one piece. */
function buriedIn(around: string, line: string, draw: Draw): string {
  const room = Math.min(around.length, SEGMENT_LENGTH - line.length - 2)
  const blank = around.indexOf(' ', draw(Math.max(1, room)))
  const cut = blank === -1 || blank > room ? room : blank
  return `${around.slice(0, cut)} ${line} ${around.slice(cut, room)}`
}

/** Two neighbouring letters inside about a third of the longer words changed places. */
export function swappedIn(text: string, draw: Draw): string {
  return text.replaceAll(/[a-z]{4,}/gi, (word) => {
    if (draw(3) !== 0) return word
    const at = 1 + draw(word.length - 3)
    return `${word.slice(0, at)}${word[at + 1] ?? ''}${word[at] ?? ''}${word.slice(at + 2)}`
  })
}
