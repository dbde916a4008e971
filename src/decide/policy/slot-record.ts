import type { Clause } from './clause.ts'
import type { Pattern } from './pattern.ts'
import type { Scan } from './scan.ts'
import { fitsTail, tailOf } from './slot-tail.ts'

/** How many words of 32 bits a record takes up: one line of the processor's cache. */
const RECORD = 16
/** Where the first begins: the allocator puts 16 bytes of its own in front of a large array, and lines have 64. */
const FIRST = 12

// these five, then the head of the pattern and its tail, one byte a character
const KEY = 0
const CELL = 1
/** Bits 0-2 the shape, 3 whether a port is asked for, 4 whether it is plain, 5-10 how long the head is, 11-15 the tail, 16-31 the port. */
const ABOUT = 2
const FROM = 3
const UNTIL = 4
const HEAD = 5

const SHAPES = ['exact', 'tree', 'child', 'below'] as const
const EXACT = 0
const CHILD = 2
const BELOW = 3
/** A glob that is in its record as a whole. */
const SHORT_GLOB = 4
/** From here on more than the record is needed. */
const GLOB = 5
/** What cannot be compared by its record: a long head, letters beyond ASCII, several ports. */
const UNUSUAL = 6
const SHAPE_MASK = 7
const HAS_PORT = 8
const IS_PLAIN = 16
const LENGTH_SHIFT = 5
const LENGTH_MASK = 63
const TAIL_SHIFT = 11
const TAIL_MASK = 31
const PORT_SHIFT = 16
const LONGEST_HEAD = (RECORD - HEAD) * 4

/** What an allow without conditions but its time answers; it is settled without a look at the clause. */
export type Plain = Pick<Clause, 'rule' | 'reason' | 'capabilities' | 'fromSecond' | 'untilSecond'>

/** The same memory twice: in words, and in bytes. */
export interface RecordMemory {
  readonly words: Int32Array
  readonly bytes: Uint8Array
}

export function recordMemory(records: number): RecordMemory {
  const words = new Int32Array(FIRST + records * RECORD)
  return { words, bytes: new Uint8Array(words.buffer) }
}

/** At which word the record of a place begins. */
export function recordAt(place: number): number {
  return FIRST + place * RECORD
}

/** Writes a record as it stands elsewhere. */
export function copyRecord(from: Int32Array, at: number, to: Int32Array, toAt: number): void {
  for (let i = 0; i < RECORD; i++) to[toAt + i] = from[at + i]!
}

/** Writes all of the record at word `at`, whatever stood there before. */
export function writeRecord(
  { words, bytes }: RecordMemory,
  at: number,
  key: number,
  cell: number,
  pattern: Pattern,
  plain: Plain | undefined,
): void {
  const head = headOf(pattern)
  const tail = shortTailOf(pattern, head)
  words.fill(0, at, at + RECORD)
  words[at + KEY] = key
  words[at + CELL] = cell
  const about = aboutOf(pattern, head, tail)
  // what needs its pattern has that where the answer would be
  words[at + ABOUT] = about | (plain === undefined || (about & SHAPE_MASK) >= GLOB ? 0 : IS_PLAIN)
  words[at + FROM] = plain?.fromSecond ?? 0
  words[at + UNTIL] = plain?.untilSecond ?? 0
  const text = head + (tail ?? '')
  for (let i = 0; i < text.length; i++) bytes[(at + HEAD) * 4 + i] = text.charCodeAt(i)
}

export function keyIn(words: Int32Array, at: number): number {
  return words[at + KEY]!
}

/** Two keys may be the same by chance; the cell tells them apart. */
export function isOf(words: Int32Array, at: number, key: number, cell: number): boolean {
  return words[at + KEY] === key && words[at + CELL] === cell
}

/** Whether more than the record is needed to tell what its pattern covers. */
export function needsPattern(words: Int32Array, at: number): boolean {
  return (words[at + ABOUT]! & SHAPE_MASK) >= GLOB
}

export function isShortGlobAt(words: Int32Array, at: number): boolean {
  return (words[at + ABOUT]! & SHAPE_MASK) === SHORT_GLOB
}

export function isUnusualAt(words: Int32Array, at: number): boolean {
  return (words[at + ABOUT]! & SHAPE_MASK) === UNUSUAL
}

/** Whether it is plain, and `second` surely in its time; only within the very first and last second the clause is asked. */
export function isPlainIn(words: Int32Array, at: number, second: number): boolean {
  return (words[at + ABOUT]! & IS_PLAIN) !== 0 && second > words[at + FROM]! && second < words[at + UNTIL]!
}

/** Whether it is plain, and `second` surely before or behind its time. */
export function isLapsedIn(words: Int32Array, at: number, second: number): boolean {
  return (words[at + ABOUT]! & IS_PLAIN) !== 0 && (second < words[at + FROM]! || second > words[at + UNTIL]!)
}

/**
 * Whether the record covers the scanned resource; of a glob that needs its pattern, whether its head does.
 *
 * @param depth how many components its head must have: as many as it was found by
 */
export function coversRecord({ words, bytes }: RecordMemory, at: number, scan: Scan, depth: number): boolean {
  const about = words[at + ABOUT]!
  const shape = about & SHAPE_MASK
  if ((about & HAS_PORT) !== 0 && about >>> PORT_SHIFT !== scan.port) return false
  if (shape === CHILD ? scan.count !== depth + 1 : shape === BELOW && scan.count === depth) return false
  const length = (about >> LENGTH_SHIFT) & LENGTH_MASK
  if (length !== (shape === EXACT ? scan.length : scan.headLength(depth))) return false
  // a hash brought us here, and somebody may have prepared it: the characters themselves are compared
  const whole = length >> 2
  for (let i = 0; i < whole; i++) {
    if (words[at + HEAD + i] !== scan.words[i]) return false
  }
  for (let i = whole * 4; i < length; i++) {
    if (bytes[(at + HEAD) * 4 + i] !== scan.bytes[i]) return false
  }
  if (shape !== SHORT_GLOB) return true
  return fitsTail(bytes, (at + HEAD) * 4 + length, (about >> TAIL_SHIFT) & TAIL_MASK, scan, depth)
}

/** The head as a scan writes it: of an endpoint backwards. */
function headOf(pattern: Pattern): string {
  if (isUnusual(pattern)) return ''
  return pattern.kind === 'endpoint' ? pattern.head.split('').toReversed().join('') : pattern.head
}

/** The tail of a glob that has room behind its head. */
function shortTailOf(pattern: Pattern, head: string): string | undefined {
  const tail = isUnusual(pattern) ? undefined : tailOf(pattern)
  if (tail === undefined || tail.length > TAIL_MASK || head.length + tail.length > LONGEST_HEAD)
    return undefined
  return tail
}

function aboutOf(pattern: Pattern, head: string, tail: string | undefined): number {
  if (isUnusual(pattern)) return UNUSUAL
  const [port] = pattern.ports ?? []
  const asked = port === undefined ? 0 : HAS_PORT | (port << PORT_SHIFT)
  const lengths = (head.length << LENGTH_SHIFT) | ((tail?.length ?? 0) << TAIL_SHIFT)
  if (pattern.shape !== 'glob') return SHAPES.indexOf(pattern.shape) | lengths | asked
  return (tail === undefined ? GLOB : SHORT_GLOB) | lengths | asked
}

function isUnusual({ head, ports }: Pattern): boolean {
  const isOnePort = ports === undefined || (ports.length === 2 && ports[0] === ports[1])
  return !isOnePort || head.length > LONGEST_HEAD || !/^[ -~]*$/.test(head)
}
