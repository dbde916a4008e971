/** The measurements as tables: on a terminal, and as `docs/benchmarks.md`. */
import { cpus, release } from 'node:os'
import type { BenchResult } from '../bench/result.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly kernel: string
  readonly node: string
}

export interface BenchRun extends Machine {
  /** ISO time, UTC. */
  readonly date: string
  readonly results: readonly BenchResult[]
  /** When each was measured, where that was not with the others; by bench. */
  readonly dates?: Readonly<Record<string, string>>
}

export function machine(): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    kernel: release(),
    node: process.version,
  }
}

const TITLES = ['What', 'Value', 'p50', 'p99', 'Beside', 'Goal'] as const

/** One row of cells for each result; percentiles are in milliseconds. */
function cells({ name, unit, value, p50, p99, ratio, against, goal, ok }: BenchResult): string[] {
  return [
    name,
    `${figure(value)}${unit.startsWith('/') ? '' : ' '}${unit}`,
    p50 === undefined ? '' : figure(p50),
    p99 === undefined ? '' : figure(p99),
    ratio === undefined ? '' : `${figure(ratio)} x ${against ?? ''}`.trimEnd(),
    goal === undefined ? '' : `${goal}: ${ok === true ? 'met' : 'MISSED'}`,
  ]
}

export function textTable(results: readonly BenchResult[]): string {
  const rows = [[...TITLES], ...results.map(cells)]
  const widths = TITLES.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows
    .map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
    .join('\n')
}

/** Below which no tuning of ours can go, where that explains a figure; by bench. */
const FLOORS: Readonly<Record<string, string>> = {
  decision:
    'Of the 430 to 550 ns a decision takes when everything it needs is in the cache, about 90 are two looks at the ' +
    'clock, for the time it took, and about 155 the reading of the resource, letter by letter; the rest is the look-up ' +
    'and the evidence. CASL does neither and returns no evidence. With 10,000 grants some 400 ns more are waits for ' +
    'memory.',
  egress:
    'A request is a kilobyte that comes back; tunnels carry a ClientHello and then bytes, so that nobody pays for ' +
    'cryptography that is not the proxy’s. Everything is asked for by address, because finding names is the same work for ' +
    'all. Programs in a sandbox reach the proxy over a bridge, which is not in these figures. Warder’s new connections ' +
    'wait until they are on the disk in the ledger, and what is intercepted waits so for each request; tinyproxy is set to ' +
    'log nothing here, because it waits for the disk with each line of its log, and the row beside it shows what that ' +
    'costs. A process in Node.js cannot carry bytes faster than it makes system calls: in a kept tunnel more than half of ' +
    'its time is the kernel’s writing. Decisions are taken on URLs in turn that are allowed, denied, unnamed and malformed.',
  ledger:
    'One client waits for the disk, whose own time for a page in place is in the table, and for two threads to be woken: ' +
    'about 0.03 ms for the writer and 0.045 ms for the caller on this machine. Chaining, hashing and the database take ' +
    'some 0.05 ms. An append is acknowledged when it is on the disk and not before, and never in the thread that answers ' +
    'requests, which a slow disk would hold.',
  prompts:
    'The prefix rules are models of how Codex and Claude Code write them, not those programs: commands are split at shell ' +
    'operators, each part must be covered, what only reads is not asked, and every question is answered with the most ' +
    'lasting yes there is. The tasks that were written down, and the commands nobody approved, stand in ' +
    '`bench/prompts-tasks.ts`. What runs unasked with Warder still runs in its sandbox; what asks from medium risk asks ' +
    'more often than prefix rules do, because its allowances are for one command, and lets none of these through.',
  'sandbox-peers':
    'What a new sandbox cannot do without: bubblewrap, asked for these namespaces and mounts by a small program, takes ' +
    '15 ms from start to end, and 17 to 19 ms with what is added here (a system call filter, files of our own under ' +
    '`/etc`, read-only remounts); about fifty mounts are most of it. The rest is holding what will be mounted, looking ' +
    'at what was, and the command itself: some 3 ms when nothing else runs. A bare bubblewrap started ' +
    'from Node.js pays 8 to 12 ms more than from a small program, which is why a sandbox that is started by one can ' +
    'be as fast.',
}

/** docs/benchmarks.md */
export function benchPage({ results, date, dates = {}, cpu, cores, kernel, node }: BenchRun): string {
  const groups = [...Map.groupBy(results, ({ bench }) => bench)]
  const line = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    '# Benchmarks',
    'Written by `npm run bench`; do not edit. Both sides of every ratio were measured in the same run, taking turns.',
    `Measured on ${date.slice(0, 10)}, where nothing else is said, with Node.js ${node.replace(/^v/, '')} on ${cpu}, ${cores} cores, Linux ${kernel}. ` +
      'p50 and p99 are in milliseconds unless the value has another unit of time. Every figure is in `bench/results.json`.',
    ...groups.map(([bench, rows]) =>
      [
        `## ${bench.charAt(0).toUpperCase()}${bench.slice(1)}`,
        ...(dates[bench] === undefined ? [] : [`Measured on ${dates[bench].slice(0, 10)}, by itself.`]),
        [line(TITLES), line(TITLES.map(() => '---')), ...rows.map((result) => line(cells(result)))].join(
          '\n',
        ),
        ...(FLOORS[bench] === undefined ? [] : [FLOORS[bench]]),
      ].join('\n\n'),
    ),
  ]
    .join('\n\n')
    .concat('\n')
}

function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

/**
 * The last whole run with some of it measured again: each part is of one run, and says of which day.
 *
 * @throws Error when it was another machine: figures of two are not put side by side
 */
export function withPart(before: BenchRun, part: BenchRun): BenchRun {
  const isSame = (['cpu', 'cores', 'node'] as const).every((key) => before[key] === part[key])
  if (!isSame)
    throw new Error('what was measured before was on another machine or Node.js: measure all of it')
  const again = new Set(part.results.map(({ bench }) => bench))
  const kept = before.results.filter(({ bench }) => !again.has(bench))
  const dates = { ...before.dates, ...Object.fromEntries([...again].map((bench) => [bench, part.date])) }
  const results = [...kept, ...part.results].toSorted((a, b) => a.bench.localeCompare(b.bench))
  return { ...before, kernel: part.kernel, results, dates }
}
