/**
 * The measurements: `npm run bench`, or some of them: `npm run bench -- decision ledger`. Every file of `bench/` that
 * exports `run` is one. What it is compared with has its own lockfile in `bench/`, so that Warder does not carry it.
 * Each is a process of its own. A run of all of them also writes `bench/results.json` and `docs/benchmarks.md`; a run of
 * some puts them in there with `--keep`, on the same machine.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { messageOf } from '../src/core/error.ts'
import { benchPage, machine, textTable, withPart, type BenchRun } from './bench-page.ts'
import { ROOT } from './project.ts'
import type { BenchResult } from '../bench/result.ts'

const RESULTS = 'bench/results.json'

/** Those that compare with engines which are not part of Warder. */
const NEED_PEERS = new Set(['decision', 'sandbox-peers'])

process.chdir(ROOT)
const KEEP = '--keep'
const words = process.argv.slice(2)
process.exitCode = await main(
  words.filter((word) => word !== KEEP),
  words.includes(KEEP),
)

async function main(wanted: readonly string[], keep: boolean): Promise<number> {
  const files = benchmarks()
  const names = [...files.keys()]
  const unknown = wanted.filter((name) => !files.has(name))
  if (unknown.length > 0) {
    console.error(`no benchmark ${unknown.join(', ')}; there are: ${names.join(', ')}`)
    return 2
  }
  const chosen = names.filter((name) => wanted.length === 0 || wanted.includes(name))
  const missing = chosen.some((name) => NEED_PEERS.has(name)) ? installPeers() : undefined
  const about = machine()
  console.log(`${about.cpu}, ${about.cores} cores, Linux ${about.kernel}, Node.js ${about.node}`)
  const results: BenchResult[] = []
  const broken: string[] = []
  const skipped: string[] = []
  for (const name of chosen) {
    if (missing !== undefined && NEED_PEERS.has(name)) {
      skipped.push(`${name}: ${missing}`)
      continue
    }
    console.log(`\n${name}`)
    try {
      const found = await measured(files.get(name)!)
      console.log(textTable(found))
      results.push(...found)
    } catch (error) {
      broken.push(name)
      console.error(error)
    }
  }
  const whole = chosen.length === names.length && broken.length === 0 && skipped.length === 0
  write({ ...about, date: new Date().toISOString(), results }, whole ? 'whole' : keep ? 'part' : 'nothing')
  return conclude(results, broken, skipped)
}

/** Names to files, in the order of the names. */
function benchmarks(): ReadonlyMap<string, string> {
  const files = globSync('bench/*.ts')
    .toSorted()
    .filter((file) => /export (?:async )?function run\(/.test(readFileSync(file, 'utf8')))
  return new Map(files.map((file) => [basename(file, '.ts'), file]))
}

/** @throws when the measurement failed, or left no results */
async function measured(file: string): Promise<BenchResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'warder-bench-'))
  try {
    const results = join(directory, 'results.json')
    const words = [...process.execArgv, 'scripts/bench-one.ts', file, results]
    const child = spawn(process.execPath, words, { stdio: 'inherit' })
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    if (code !== 0) throw new Error(`${file} ended with ${code ?? signal}`)
    return JSON.parse(readFileSync(results, 'utf8')) as BenchResult[]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A part of the measurements must not look like the whole of them: what is kept of one says of which day it is. */
function write(run: BenchRun, keep: 'whole' | 'part' | 'nothing'): void {
  const json = (of: BenchRun) => `${JSON.stringify(of, undefined, 2)}\n`
  mkdirSync('.test-results', { recursive: true })
  writeFileSync('.test-results/bench.json', json(run))
  if (keep === 'nothing')
    return console.log(
      `\nnot all were measured: bench/results.json and docs/benchmarks.md stay (${KEEP}: put in)`,
    )
  const kept = keep === 'whole' ? run : withPart(JSON.parse(readFileSync(RESULTS, 'utf8')) as BenchRun, run)
  writeFileSync(RESULTS, json(kept))
  writeFileSync('docs/benchmarks.md', benchPage(kept))
  console.log('\nwritten: bench/results.json, docs/benchmarks.md')
}

function conclude(
  results: readonly BenchResult[],
  broken: readonly string[],
  skipped: readonly string[],
): number {
  const missed = results.filter(({ ok }) => ok === false)
  for (const what of skipped) console.log(`SKIPPED ${what}`)
  for (const { bench, name, goal } of missed) console.log(`MISSED ${bench}: ${name}: ${goal}`)
  console.log(
    `${results.length} measured, ${missed.length} goals missed, ${skipped.length} skipped, ${broken.length} broken`,
  )
  return broken.length > 0 || results.length === 0 ? 1 : 0
}

/** @returns why the engines to compare with are not here; undefined when they are */
function installPeers(): string | undefined {
  const stamp = 'bench/node_modules/.warder-lock'
  try {
    const lock = readFileSync('bench/package-lock.json', 'utf8')
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return undefined
    console.log('installing what is compared with (npm ci --prefix bench)')
    const args = ['ci', '--prefix', 'bench', '--ignore-scripts', '--no-audit', '--no-fund']
    const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) return 'npm ci --prefix bench failed, so there is nothing to compare with'
    writeFileSync(stamp, lock)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
