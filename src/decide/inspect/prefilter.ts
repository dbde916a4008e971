/**
 * Finds where any of some hundred short texts stands, in one pass. It looks at three characters at every second place:
 * of a sign that stands anywhere, one such window begins at an even place, and for each sign and each parity the window
 * that is rarest in prose and source is the one that is looked for. Only there is the sign itself compared.
 */
export interface Sign {
  readonly text: string
  /** Capital letters count as small ones; `text` is in small letters. */
  readonly isFolded: boolean
  /** What the caller knows it by. */
  readonly rule: number
}

/** A place and a rule in one number, so that a list of them is sorted as numbers are. */
export const RULE_LIMIT = 4096

interface Candidate {
  readonly sign: Sign
  readonly into: number
}

/** Five bits of each character: a letter is the same in both cases. */
const WINDOWS = 1 << 15
/** How often a letter stands in text, in thousandths, by its five bits; what is not a letter is counted with one. */
const OFTEN = [
  170, 80, 20, 35, 40, 115, 25, 20, 35, 75, 5, 15, 45, 30, 75, 80, 30, 8, 60, 70, 90, 30, 15, 15, 8, 18, 10,
  5, 5, 8, 5, 10,
]

export class Prefilter {
  readonly longest: number
  readonly #windows = new Uint16Array(WINDOWS)
  readonly #candidates: Candidate[][] = [[]]

  constructor(signs: readonly Sign[]) {
    this.longest = Math.max(...signs.map(({ text }) => text.length))
    for (const sign of signs) {
      this.#enter({ sign, into: rarest(sign.text, 0) })
      this.#enter({ sign, into: rarest(sign.text, 1) })
    }
  }

  /** Every place from `from` on where a sign begins, times {@link RULE_LIMIT}, plus its rule; in order. */
  find(text: string, from: number): number[] {
    const hits: number[] = []
    const windows = this.#windows
    const last = text.length - 2
    const start = Math.max(0, from - (from & 1))
    let first = text.charCodeAt(start) & 31
    for (let at = start; at < last; at += 2) {
      const third = text.charCodeAt(at + 2) & 31
      const window = windows[(first << 10) | ((text.charCodeAt(at + 1) & 31) << 5) | third]!
      if (window !== 0) this.#compare(text, at, from, window, hits)
      first = third
    }
    // the last window hangs over the end, where there is nothing: a sign of three characters may begin before it
    const at = last + (last & 1)
    for (let end = Math.max(start, at); end < text.length; end += 2) this.#hanging(text, end, from, hits)
    return hits.length < 2 ? hits : hits.sort((a, b) => a - b)
  }

  #hanging(text: string, at: number, from: number, hits: number[]): void {
    const window = this.#windows[windowAt(text, at)]!
    if (window !== 0) this.#compare(text, at, from, window, hits)
  }

  #compare(text: string, at: number, from: number, window: number, hits: number[]): void {
    for (const { sign, into } of this.#candidates[window]!) {
      const start = at - into
      if (start >= from && stands(sign, text, start)) hits.push(start * RULE_LIMIT + sign.rule)
    }
  }

  #enter(candidate: Candidate): void {
    const { sign, into } = candidate
    const [a, b, c] = [0, 1, 2].map((offset) => codeAt(sign.text, into + offset))
    // a short sign leaves part of the window open: whatever stands there, it is entered
    const all = Array.from({ length: 32 }, (_, code) => code)
    for (const first of a === undefined ? all : [a])
      for (const second of b === undefined ? all : [b])
        for (const third of c === undefined ? all : [c])
          this.#put((first << 10) | (second << 5) | third, candidate)
  }

  #put(window: number, candidate: Candidate): void {
    if (this.#windows[window] === 0) this.#windows[window] = this.#candidates.push([]) - 1
    this.#candidates[this.#windows[window]!]!.push(candidate)
  }
}

function stands({ text: sign, isFolded }: Sign, text: string, start: number): boolean {
  for (let offset = 0; offset < sign.length; offset++) {
    const code = text.charCodeAt(start + offset)
    const folded = isFolded && code >= 65 && code <= 90 ? code + 32 : code
    if (folded !== sign.charCodeAt(offset)) return false // also outside of the text, where the code is NaN
  }
  return true
}

/** Where in the sign the rarest window of this parity begins; it may hang over either end of a short one. */
function rarest(sign: string, parity: number): number {
  let best = -1
  let least = Infinity
  for (let into = parity === 0 ? 0 : -1; into < sign.length; into += 2) {
    const often = [0, 1, 2].map((offset) => OFTEN[codeAt(sign, into + offset) ?? -1] ?? 1000)
    const chance = often[0]! * often[1]! * often[2]!
    if (chance < least) [least, best] = [chance, into]
  }
  return best
}

function codeAt(text: string, at: number): number | undefined {
  return at >= 0 && at < text.length ? text.charCodeAt(at) & 31 : undefined
}

function windowAt(text: string, at: number): number {
  return (
    ((text.charCodeAt(at) & 31) << 10) |
    ((text.charCodeAt(at + 1) & 31) << 5) |
    (text.charCodeAt(at + 2) & 31)
  )
}
