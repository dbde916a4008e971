/**
 * The measurements: `npm run bench`, or some of them: `npm run bench -- decision ledger`. Every file of `bench/` that
 * exports `run` is one. What it is compared with has its own lockfile in `bench/`, so that Warder does not carry it.
 */
import { spawnSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { formatSize } from '../src/core/quantity.ts'
import { ROOT } from './project.ts'
import type { BenchResult } from '../bench/result.ts'

process.chdir(ROOT)
process.exitCode = await main(process.argv.slice(2))

async function main(wanted: readonly string[]): Promise<number> {
  const files = globSync('bench/*.ts').filter((file) => !/\.test\.ts$|\/result\.ts$/.test(file))
  const chosen = files
    .filter((file) => wanted.length === 0 || wanted.includes(basename(file, '.ts')))
    .toSorted()
  if (chosen.length === 0) {
    console.error(`there are: ${files.map((file) => basename(file, '.ts')).join(', ')}`)
    return 2
  }
  installPeers()
  console.log(
    `Node.js ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${formatSize(totalmem())}`,
  )
  const results: BenchResult[] = []
  let broken = 0
  for (const file of chosen) {
    console.log(`\n${file}`)
    try {
      const module: { run?: () => Promise<BenchResult[]> } = await import(pathToFileURL(file).href)
      const found = (await module.run?.()) ?? []
      for (const result of found) console.log(`  ${line(result)}`)
      results.push(...found)
    } catch (error) {
      broken += 1
      console.error(error)
    }
  }
  mkdirSync('.test-results', { recursive: true })
  writeFileSync('.test-results/bench.json', `${JSON.stringify(results, undefined, 2)}\n`)
  const missed = results.filter(({ ok }) => ok === false).length
  console.log(`\n${results.length} measured, ${missed} goals missed, ${broken} benchmarks broken`)
  return broken > 0 || results.length === 0 ? 1 : 0
}

function line({ name, unit, value, p50, p99, ratio, against, goal, ok }: BenchResult): string {
  return [
    `${name}: ${figure(value)} ${unit}`,
    p50 === undefined ? '' : `p50 ${figure(p50)}`,
    p99 === undefined ? '' : `p99 ${figure(p99)}`,
    ratio === undefined ? '' : `${figure(ratio)} x ${against ?? ''}`.trimEnd(),
    goal === undefined ? '' : `goal ${goal}: ${ok === true ? 'met' : 'MISSED'}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

function installPeers(): void {
  if (!existsSync('bench/package-lock.json')) return
  const stamp = 'bench/node_modules/.warder-lock'
  const lock = readFileSync('bench/package-lock.json', 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.log('installing what is compared with (npm ci --prefix bench)')
  const { status } = spawnSync(
    'npm',
    ['ci', '--prefix', 'bench', '--ignore-scripts', '--no-audit', '--no-fund'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  if (status !== 0) throw new Error('npm ci --prefix bench failed')
  writeFileSync(stamp, lock)
}
