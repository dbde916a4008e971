/**
 * A complete pass over a tree of files and an incremental one, beside AIDE over the same tree in the same run: the program
 * `aide` on the path, or the one BENCH_AIDE names. Where there is none only our own figures are given.
 *
 * AIDE is told to compare what we do (content by SHA-256, kind, rights, owner, inode, names, size, links, attributes).
 * It has no incremental pass: whatever it checks, it reads.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openExtendedAttributes } from '../src/platform/extended-attributes.ts'
import { givingWay, survey, type Survey } from '../src/watch/integrity/survey.ts'
import type { Entry, Root } from '../src/watch/integrity/index.ts'
import type { BenchResult } from './result.ts'

const BENCH = 'integrity'
const FOLDERS = 100
const FILES_EACH = 100
const ROUNDS = 5

export async function run(): Promise<BenchResult[]> {
  const home = mkdtempSync(join(tmpdir(), 'bi-'))
  try {
    const tree = join(home, 'tree')
    makeTree(tree)
    return await measured(home, tree)
  } finally {
    rmSync(home, { recursive: true })
  }
}

/** Ten thousand files of 1 to 64 KiB, and ten of 16 MiB: some programs and libraries among many small ones. */
function makeTree(tree: string): void {
  for (let folder = 0; folder < FOLDERS; folder++) {
    mkdirSync(join(tree, `f${folder}`), { recursive: true })
    for (let file = 0; file < FILES_EACH; file++) {
      const size = 1024 * (1 + ((folder * 31 + file * 7) % 64))
      writeFileSync(join(tree, `f${folder}`, `file${file}`), Buffer.alloc(size, folder + file))
    }
  }
  for (let big = 0; big < 10; big++)
    writeFileSync(join(tree, `big${big}`), Buffer.alloc(16 * 1024 * 1024, big))
}

async function measured(home: string, tree: string): Promise<BenchResult[]> {
  const roots: Root[] = [{ path: tree, category: 'watched', tree: true }]
  const found = openExtendedAttributes()
  const attributes = 'missing' in found ? undefined : found
  const listings = new Map<string, readonly string[]>()
  const pass = (known: ReadonlyMap<string, Entry>): Promise<Survey> =>
    survey({ roots, known, listings, attributes, pause: givingWay(() => performance.now()) })
  const first = await pass(new Map())
  const aide = aideOver(home, tree)
  const times = { complete: [] as number[], incremental: [] as number[], aide: [] as number[] }
  // by turns, so that what else the machine does falls on all of them alike
  for (let round = 0; round < ROUNDS; round++) {
    times.complete.push(await timed(() => pass(new Map())))
    times.incremental.push(await timed(() => pass(first.entries)))
    if (aide !== undefined) times.aide.push(await timed(aide))
  }
  const [complete, incremental] = [median(times.complete), median(times.incremental)]
  const peer = times.aide.length === 0 ? undefined : median(times.aide)
  const files = first.entries.size
  const megabytes = first.read.bytes / 1e6
  return [
    { bench: BENCH, name: 'complete pass', unit: 'files/s', value: files / (complete / 1000) },
    {
      ...{ bench: BENCH, name: 'complete pass', unit: 'MB/s', value: megabytes / (complete / 1000) },
      ...beside(peer, complete, 1, 'at least as fast as AIDE'),
    },
    {
      ...{ bench: BENCH, name: `incremental pass over ${files} files`, unit: 'ms', value: incremental },
      ...beside(peer, incremental, 10, 'at least 10 times as fast as AIDE'),
    },
    ...(peer === undefined ? [] : [{ bench: BENCH, name: 'AIDE, the same tree', unit: 'ms', value: peer }]),
  ]
}

function beside(peer: number | undefined, ours: number, least: number, goal: string): Partial<BenchResult> {
  if (peer === undefined) return {}
  const ratio = peer / ours
  return { ratio, against: 'AIDE', goal, ok: ratio >= least }
}

/** @returns a check by AIDE against a database of its own; undefined where there is no AIDE */
function aideOver(home: string, tree: string): (() => Promise<void>) | undefined {
  const program = process.env['BENCH_AIDE'] ?? 'aide'
  if (spawnSync(program, ['--version']).status !== 0) return undefined
  const config = join(home, 'aide.conf')
  const lines = [
    `database_in=file:${home}/aide.db`,
    `database_out=file:${home}/aide.db`,
    'report_url=file:/dev/null',
    `${tree} ftype+p+u+g+i+n+s+l+xattrs+sha256`,
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  execFileSync(program, ['--config', config, '--init'], { stdio: 'ignore' })
  return async () => void execFileSync(program, ['--config', config, '--check'], { stdio: 'ignore' })
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
