import { z } from 'zod'

const at = z.number()
const pid = z.number()
const program = z.string().optional()
const run = z.string()

/** What the lookout says, one line each: see native/lookout.c. Times are milliseconds since 1970. */
const seenSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('source'), at, name: z.string(), inForce: z.number(), why: z.string() }),
  z.object({ kind: z.literal('lost'), at, source: z.string() }),
  z.object({ kind: z.literal('ready'), at, run }),
  // at the borders of runs
  z.object({
    ...{ kind: z.literal('intruder'), at, run, pid, program, space: z.string() },
    ...{ parent: z.number().optional(), parentProgram: z.string().optional(), uid: z.number().optional() },
  }),
  z.object({ kind: z.literal('escaped'), at, run, pid, program, space: z.string() }),
  z.object({ kind: z.literal('unguarded'), at, run, pid, program, lost: z.string() }),
  z.object({
    kind: z.literal('traced'),
    ...{ at, run, pid, program, by: z.number(), byProgram: z.string().optional() },
  }),
  z.object({ kind: z.literal('survivor'), at, run, pid, program }),
  z.object({ kind: z.literal('interface'), at, run, name: z.string() }),
  z.object({
    kind: z.literal('connection'),
    ...{
      at,
      run,
      pid: z.number().optional(),
      program,
      protocol: z.string(),
      remote: z.string(),
      port: z.number(),
    },
  }),
  /** `run` is whose tree it lies in, `by` whose process it was; each may be empty. */
  z.object({
    kind: z.literal('write'),
    ...{ at, run, by: z.string(), pid, program, path: z.string(), did: z.string() },
  }),
  // on the host
  z.object({
    ...{ kind: z.literal('program'), at, pid, program: z.string(), what: z.string() },
    ...{ parent: z.number(), parentProgram: z.string().optional() },
  }),
  z.object({
    ...{ kind: z.literal('began'), at, pid, program: z.string() },
    ...{ parent: z.number(), parentProgram: z.string().optional() },
  }),
  z.object({ kind: z.literal('privilege'), at, pid, program, uid: z.number() }),
  z.object({
    kind: z.literal('trace'),
    ...{ at, pid, program, by: z.number(), byProgram: z.string().optional() },
  }),
  z.object({
    kind: z.literal('setid'),
    ...{ at, pid, program, path: z.string(), did: z.string(), mode: z.number(), owner: z.number() },
  }),
  z.object({ kind: z.literal('place'), at, pid, program, path: z.string(), did: z.string() }),
  z.object({ kind: z.literal('scan'), at, source: z.string(), ports: z.number(), withinMs: z.number() }),
])

export type Seen = z.output<typeof seenSchema>
export type SeenOf<K extends Seen['kind']> = Extract<Seen, { kind: K }>

/** @returns undefined for a line that is none of the lookout's */
export function parseSeen(line: string): Seen | undefined {
  try {
    const parsed = seenSchema.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** An address as /proc/net writes it: words of four bytes, as the machine keeps them, in hexadecimal. */
export function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).toReversed().map((pair) => Number.parseInt(pair, 16)),
  )
  if (bytes.length === 4) return bytes.join('.')
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  if (isMapped) return bytes.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0))
  return shortest(groups.map((group) => group.toString(16)))
}

/** The longest row of zeroes is left out (RFC 5952). */
function shortest(groups: readonly string[]): string {
  const runs = [
    ...groups
      .map((group) => (group === '0' ? '0' : 'x'))
      .join('')
      .matchAll(/0{2,}/g),
  ]
  const longest = runs.toSorted((a, b) => b[0].length - a[0].length)[0]
  if (longest === undefined) return groups.join(':')
  const end = longest.index + longest[0].length
  return `${groups.slice(0, longest.index).join(':')}::${groups.slice(end).join(':')}`
}
