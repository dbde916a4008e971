import type { Handled } from './landlock-rules.ts'

/** Everything the launcher is told; descriptors are numbers as the launcher sees them. */
export interface Orders {
  readonly handled: Handled
  readonly uid: number
  readonly gid: number
  readonly umask: number
  readonly terminal: boolean
  readonly openFiles: number
  readonly fileBytes: number
  readonly cwd: number
  readonly baseFilter: number
  readonly ownFilter: number
  readonly rules: readonly { readonly fd: number; readonly access: bigint }[]
  /** Real paths below which modes and times may be changed. */
  readonly trees: readonly string[]
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** The orders as `native/confine.c` reads them: fields in a fixed order, each ended by a NUL, lists led by their length. */
export function encodeOrders(orders: Orders): string {
  const { handled } = orders
  const environment = Object.entries(orders.env).map(([name, value]) => `${name}=${value}`)
  const fields = [
    'confine 1',
    ...[handled.abi, handled.fs, handled.net, handled.scoped, handled.restrictFlags],
    ...[orders.uid, orders.gid, orders.umask, orders.terminal ? 1 : 0],
    ...[orders.openFiles, orders.fileBytes],
    ...[orders.cwd, orders.baseFilter, orders.ownFilter],
    ...[orders.rules.length, ...orders.rules.flatMap(({ fd, access }) => [fd, access])],
    ...[orders.trees.length, ...orders.trees],
    ...[orders.argv.length, ...orders.argv],
    ...[environment.length, ...environment],
  ].map(String)
  const torn = fields.find((field) => field.includes('\0'))
  // one field would be read as two, and everything after it as something else
  if (torn !== undefined) throw new RangeError('an order holds a NUL byte')
  return fields.map((field) => `${field}\0`).join('')
}

/** What the launcher says, a line at a time. */
export type Report =
  | { readonly type: 'ready'; readonly pid: number }
  | { readonly type: 'error'; readonly text: string }
  | { readonly type: 'stopped'; readonly count: number; readonly moving: number }
  | { readonly type: 'continued'; readonly count: number }
  | { readonly type: 'killed' }
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'signal'; readonly number: number }

/** @returns undefined for what the launcher never says */
export function parseReport(line: string): Report | undefined {
  const [, word, rest = ''] =
    /^(ready|error|stopped|continued|killed|exit|signal)(?: (.*))?$/.exec(line) ?? []
  if (word === 'error') return { type: word, text: rest.replaceAll(/[^\x20-\x7e]/g, '?') }
  if (word === 'killed') return rest === '' ? { type: word } : undefined
  const numbers = /^\d{1,10}( \d{1,10})?$/.test(rest) ? rest.split(' ').map(Number) : []
  const [first, second] = numbers
  if (first === undefined || (word === 'stopped') !== (second !== undefined)) return undefined
  if (word === 'ready') return { type: word, pid: first }
  if (word === 'stopped') return { type: word, count: first, moving: second ?? 0 }
  if (word === 'continued') return { type: word, count: first }
  if (word === 'exit') return { type: word, code: first }
  return word === 'signal' ? { type: word, number: first } : undefined
}
