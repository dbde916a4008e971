import type { StampedEvent } from './entry.ts'

/**
 * One of these, whatever its case, is in every text that a rule of redaction masks or in the name of every member that is
 * masked for its name. Each has three characters or more, which {@link look} relies on.
 */
export const SIGNS: readonly string[] = [
  'bearer',
  'basic ',
  'sk-',
  'k_live',
  'k_test',
  'passw',
  'passphrase',
  'pwd',
  'token',
  'secret',
  'key',
  'authorization',
  'cookie',
  '-----begin',
  '://',
  'ghp_',
  'gho_',
  'ghu_',
  'ghs_',
  'ghr_',
  'github_pat',
  'glpat-',
  'akia',
  'asia',
  'xox',
  'eyj',
  'aiza',
  'hf_',
  'npm_',
]

/** Nothing to mask, and in JSON the text is what it is. */
export const PLAIN = 0
/** In JSON something would be escaped, or the text is not ASCII: leave the writing to JSON.stringify. */
export const ESCAPED = 1
/** A sign is in it. */
export const SUSPECT = 2

interface Candidate {
  readonly sign: string
  /** How far into the sign its pair of characters stands. */
  readonly into: number
}

const ASCII = 128
/** What a pair of characters can mean: 0 nothing, 1 something to escape, above that the number of its candidates. */
const PAIRS = new Uint8Array(ASCII * ASCII)
const CANDIDATES: Candidate[][] = [[], []]
fillPairs()

/**
 * Looks at a text once, a pair of characters at a time: of the first three characters of a sign, wherever it stands, one
 * pair begins at an even place. Looking for the signs one by one costs several times as much, and every entry is looked at.
 */
export function look(text: string): number {
  let seen = PLAIN
  let codes = 0
  const { length } = text
  for (let at = 0; at < length; at += 2) {
    const first = text.charCodeAt(at)
    const second = at + 1 < length ? text.charCodeAt(at + 1) : 32
    codes |= first | second
    // a character beyond ASCII may point at any pair, but never hides one
    const meaning = PAIRS[((first << 7) | second) & (ASCII * ASCII - 1)]!
    if (meaning === 0) continue
    if (meaning === 1) seen |= ESCAPED
    else if (hasSign(text, at, CANDIDATES[meaning]!)) seen |= SUSPECT
  }
  return codes < ASCII ? seen : seen | ESCAPED
}

/** Looks at every text of an event that a caller chose. */
export function lookAtEvent(event: StampedEvent): number {
  let seen =
    look(event.action) |
    look(event.agent) |
    look(event.decision_id) |
    look(event.layer) |
    look(event.permit_id) |
    look(event.reason) |
    look(event.request_id) |
    look(event.rule) |
    look(event.target)
  for (const capability of event.capabilities_used) seen |= look(capability)
  for (const key of Object.keys(event.details)) {
    seen |= look(key)
    const value = event.details[key]
    if (typeof value === 'string') seen |= look(value)
  }
  return seen
}

function hasSign(text: string, at: number, candidates: readonly Candidate[]): boolean {
  return candidates.some(({ sign, into }) => isAt(text, at - into, sign))
}

/** Whether `sign`, which is in lower case, stands at a place in a text of any case. */
function isAt(text: string, at: number, sign: string): boolean {
  for (let offset = 0; offset < sign.length; offset++) {
    const code = text.charCodeAt(at + offset)
    const lower = code >= 65 && code <= 90 ? code + 32 : code
    if (lower !== sign.charCodeAt(offset)) return false // also outside of the text, where the code is NaN
  }
  return true
}

function fillPairs(): void {
  for (const sign of SIGNS) {
    for (const into of [0, 1]) {
      for (const first of bothCases(sign[into]!)) {
        for (const second of bothCases(sign[into + 1]!)) addCandidate(pairOf(first, second), { sign, into })
      }
    }
  }
  for (let code = 0; code < ASCII; code++) {
    // a quotation mark, a backslash and the control characters are in no sign, so that no candidate is lost here
    if (code >= 32 && code !== 34 && code !== 92) continue
    for (let other = 0; other < ASCII; other++) {
      PAIRS[(code << 7) | other] = 1
      PAIRS[(other << 7) | code] = 1
    }
  }
}

function addCandidate(pair: number, candidate: Candidate): void {
  if (PAIRS[pair] === 0) PAIRS[pair] = CANDIDATES.push([]) - 1
  CANDIDATES[PAIRS[pair]!]!.push(candidate)
}

function bothCases(character: string): Set<number> {
  return new Set([character.charCodeAt(0), character.toUpperCase().charCodeAt(0)])
}

function pairOf(first: number, second: number): number {
  return (first << 7) | second
}
