import { leanings, SCALE, type Turn } from './lean.ts'
import { Rewriting, type Rewritten } from '../view.ts'

/** Readings of a text letter by letter: ROT13, and from the end. Found by how often letters stand, alone and in pairs. */
export function rot13(text: string): string {
  const units = new Uint16Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const letter = (code | 32) - 97
    units[at] = letter < 0 || letter > 25 ? code : code + (letter < 13 ? 13 : -13)
  }
  return textOf(units)
}

export function reversed(text: string): string {
  const units = new Uint16Array(text.length)
  const { length } = text
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    const isPair = (code & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    if (!isPair) {
      units[length - 1 - at] = code
      continue
    }
    units[length - 2 - at] = code
    units[length - 1 - at] = text.charCodeAt(at + 1)
    at++
  }
  return textOf(units)
}

function textOf(units: Uint16Array): string {
  return Buffer.from(units.buffer).toString('utf16le')
}

/** So much must add up before anything is turned back: a few words of it. */
const ENOUGH: Readonly<Record<Turn, number>> = { rot13: 10 * SCALE, reversed: 8 * SCALE }
/** A short text costs little to read twice, and has few words to tell by. */
const SHORT = 300
const ENOUGH_IN_SHORT: Readonly<Record<Turn, number>> = { rot13: 5 * SCALE, reversed: 4 * SCALE }
const AROUND = 24

export type Part = readonly [start: number, end: number]

/**
 * Adds up pair by pair, never below nothing, and tells of each part from where it began to where it was most.
 *
 * @param within where to look: start, end, start, end, …
 */
export function turnedParts(text: string, within: readonly number[], turn: Turn): Part[] {
  const leaning = leanings()[turn]
  const enough = (text.length <= SHORT ? ENOUGH_IN_SHORT : ENOUGH)[turn]
  const parts: Part[] = []
  for (let range = 0; range < within.length;) {
    const from = Math.max(0, within[range]! - AROUND)
    // what is near to each other is one text
    while (range + 2 < within.length && within[range + 2]! - within[range + 1]! <= AROUND) range += 2
    addParts(text, from, Math.min(text.length, within[range + 1]! + AROUND), leaning, enough, parts)
    range += 2
  }
  return parts
}

function addParts(
  text: string,
  from: number,
  to: number,
  leaning: Int8Array,
  enough: number,
  parts: Part[],
): void {
  let [sum, start, best, end] = [0, from, 0, from]
  let before = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at) | 32
    const letter = code >= 97 && code <= 122 ? code - 96 : 0
    sum += leaning[(before << 5) | letter]!
    before = letter
    if (sum > best) {
      best = sum
      end = at + 1
    } else if (sum <= 0 || sum < best - enough) {
      if (best >= enough) parts.push([start, end])
      sum = best = 0
      start = at + 1
    }
  }
  if (best >= enough) parts.push([start, end])
}

/** The parts that look turned, turned back, with what stands around them: they end where the letters say, not where words do. */
export function turned(text: string, parts: readonly Part[], turn: Turn): Rewritten | undefined {
  if (parts.length === 0) return undefined
  const out = new Rewriting()
  for (const [start, end] of widened(parts, text.length)) {
    if (out.length > 0) out.put('\n\n', start)
    const part = text.slice(start, end)
    if (turn === 'rot13') out.whole(rot13(part), start)
    else out.stretch(reversed(part), end, start - end)
  }
  return out.done(turn === 'rot13' ? text.length : 0)
}

function widened(parts: readonly Part[], length: number): Part[] {
  const wide: [number, number][] = []
  for (const [start, end] of parts) {
    const last = wide.at(-1)
    if (last !== undefined && start - AROUND <= last[1]) last[1] = Math.min(length, end + AROUND)
    else wide.push([Math.max(0, start - AROUND), Math.min(length, end + AROUND)])
  }
  return wide
}
