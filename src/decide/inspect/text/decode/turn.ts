import { Rewriting, type Rewritten } from '../view.ts'
import { VOCABULARY } from './vocabulary.ts'

/** Readings of a whole text, letter by letter: ROT13, and from the end. */

export function rot13(text: string): string {
  return text.replaceAll(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base)
  })
}

export function reversed(text: string): string {
  return Array.from(text).toReversed().join('')
}

/** What known words look like before they are read, where that is no word itself: looked for in the same pass as all others. */
export const ROT13_HINTS: ReadonlySet<string> = hints(rot13)
export const REVERSED_HINTS: ReadonlySet<string> = hints(reversed)

function hints(turn: (word: string) => string): ReadonlySet<string> {
  const words = new Set(VOCABULARY)
  return new Set(
    VOCABULARY.filter((word) => word.length > 2)
      .map(turn)
      .filter((word) => !words.has(word)),
  )
}

/** Where a telling word stands that looks turned. */
export interface Hint {
  readonly word: string
  readonly start: number
  readonly end: number
}

/** So many different ones, this near to each other, before anything is turned back. */
const LEAST = 3
const NEAR = 500
const AROUND = 250

/** The neighbourhoods of hints, turned back; undefined where no three of them stand together. */
export function turned(
  text: string,
  hints: readonly Hint[],
  kind: 'rot13' | 'reversed',
): Rewritten | undefined {
  const windows = windowsAround(hints, text.length)
  if (windows.length === 0) return undefined
  const out = new Rewriting()
  for (const [start, end] of windows) {
    if (out.length > 0) out.put('\n\n', start)
    const part = text.slice(start, end)
    if (kind === 'rot13') out.whole(rot13(part), start)
    else out.stretch(reversed(part), end, start - end)
  }
  return out.done(kind === 'rot13' ? text.length : windows.at(-1)![0])
}

function windowsAround(hints: readonly Hint[], length: number): [number, number][] {
  const windows: [number, number][] = []
  const near = new Map<string, number>()
  let ahead = 0
  for (const hint of hints) {
    // what is near goes along with the place: a text of nothing but hints is read once
    for (; ahead < hints.length && hints[ahead]!.start <= hint.start + NEAR; ahead++)
      near.set(hints[ahead]!.word, (near.get(hints[ahead]!.word) ?? 0) + 1)
    const words = near.size
    const left = near.get(hint.word)! - 1
    if (left === 0) near.delete(hint.word)
    else near.set(hint.word, left)
    if (words < LEAST) continue
    const [start, end] = [Math.max(0, hint.start - AROUND), Math.min(length, hint.start + NEAR + AROUND)]
    const last = windows.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = end
    else windows.push([start, end])
  }
  return windows
}
