/** The test suites, and how each is run. */
import { globSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { HARDENED, ROOT } from './project.ts'
import { runNode } from './process.ts'
import type { TestResult } from './reporter.ts'
import type { Task } from './tasks.ts'

interface TestStep {
  readonly name: string
  readonly files: () => string[]
  /** Each file in a process of its own; otherwise many share one, which is fast. */
  readonly isolated: boolean
  /** The step that must have ended before it begins. */
  readonly after?: string
}

const NEEDS_A_PROCESS = '.process.test.ts'
const BUILT = 'build' // what comes after it runs the program as it is shipped
const ALONE = 'processes' // some of these look at all mounts of the machine, which whole programs change

/** What is quick and tells most comes first. */
export const TEST_STEPS: readonly TestStep[] = [
  { name: 'project', files: () => list('{test,scripts}/*.test.ts'), isolated: false },
  {
    name: 'unit',
    files: () => list('src/**/*.test.ts').filter((file) => !file.endsWith(NEEDS_A_PROCESS)),
    isolated: false,
  },
  { name: ALONE, files: () => list(`src/**/*${NEEDS_A_PROCESS}`), isolated: true, after: BUILT },
  { name: 'journeys', files: () => list('test/journeys/**/*.test.ts'), isolated: true, after: ALONE },
  { name: 'attacks', files: () => list('test/attacks/**/*.test.ts'), isolated: true, after: ALONE },
]

/** What takes longest, and so begins before the rest of its step: the last to end should be a short one. */
export const LONGEST: readonly string[] = [
  'test/attacks/daemon-kill.test.ts',
  'test/attacks/supervisor.test.ts',
  'test/journeys/sandbox-test.test.ts',
  'test/journeys/mcp-conformance.test.ts',
  'test/attacks/stop.test.ts',
  'test/journeys/help.test.ts',
  'test/attacks/mcp-definitions.test.ts',
  'test/journeys/mcp-serve.test.ts',
  'test/journeys/daemon.test.ts',
  'test/attacks/stop-file.test.ts',
  'test/journeys/hooks-real.test.ts',
  'test/attacks/approval.test.ts',
  'test/attacks/identity.test.ts',
  'test/attacks/policy-files.test.ts',
  'test/attacks/stop-told.test.ts',
  'test/journeys/approval.test.ts',
  'src/enforce/sandbox/selftest/selftest.process.test.ts',
  'src/enforce/sandbox/control-killed.process.test.ts',
  'test/attacks/changes.test.ts',
  'test/attacks/grants.test.ts',
  'test/attacks/daemon-memory.test.ts',
]

const LARGE_PARTS = ['src/decide/', 'src/enforce/', 'src/record/']
const JOB_LIMIT_MS = 600_000
const TEST_LIMIT_MS = 120_000
const PARTS = '.test-results/parts'
const COMPILED = `${ROOT}.test-results/compiled`

/** The tasks of these suites, or of the files in them whose path contains one of `filters`. */
export function testTasks(
  steps: readonly TestStep[],
  filters: readonly string[],
  verbose: boolean,
): Task<TestResult>[] {
  const jobs = steps.flatMap((step) => {
    const files = step
      .files()
      .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
    return groups(step, files).map((group) => ({ step, group }))
  })
  const rank = (file: string): number => (LONGEST.includes(file) ? LONGEST.indexOf(file) : LONGEST.length)
  return jobs
    .toSorted(
      (a, b) => Number(a.step.isolated) - Number(b.step.isolated) || rank(a.group[0]) - rank(b.group[0]),
    )
    .map(({ step: { name, after }, group }, at) => ({
      step: name,
      ...(after === undefined ? {} : { after }),
      run: () => runFiles(`${name}-${at}`, group, verbose),
    }))
}

type Files = readonly [string, ...string[]]

/** The files that share a process: one alone, or those of a large part of the sources, or the rest of them. */
function groups({ isolated }: TestStep, files: readonly string[]): Files[] {
  const part = (file: string): string => LARGE_PARTS.find((large) => file.startsWith(large)) ?? 'the rest'
  const byPart = Object.groupBy(files, (file) => (isolated ? file : part(file)))
  return Object.values(byPart).filter((group): group is [string, ...string[]] => group !== undefined)
}

/**
 * Runs test files in one process.
 *
 * @param label what nothing that runs meanwhile is called
 * @returns one result per test; files that broke, or ran no test, add a failed one that says so
 */
export async function runFiles(label: string, files: Files, verbose: boolean): Promise<TestResult[]> {
  const path = `${PARTS}/${process.pid}-${label}.jsonl`
  mkdirSync(PARTS, { recursive: true })
  const started = performance.now()
  const { code, output } = await runNode([...flags(path), ...files], {
    timeoutMs: JOB_LIMIT_MS,
    verbose,
    // most files read the same modules: without their types they are half the work of a start
    env: { NODE_COMPILE_CACHE: COMPILED },
  })
  const results = existsSync(path) ? readResults(path) : []
  rmSync(path, { force: true })
  const hasFailure = results.some(({ result }) => result === 'failed')
  const told = new Set(results.map(({ file }) => resolve(file)))
  const silent = files.filter((file) => !told.has(resolve(file)))
  if ((code !== 0 && !hasFailure) || silent.length > 0) {
    results.push({
      file: silent[0] ?? files[0],
      name: 'the tests run to their end',
      result: 'failed',
      ms: Math.round(performance.now() - started),
      reason: [`exit code ${code}`, ...silent.map((file) => `no test ran in ${file}`), tail(output)].join(
        '\n',
      ),
    })
  }
  return results
}

function flags(path: string): string[] {
  return [
    ...HARDENED, // what the daemon runs under must hold for the code under test
    '--test',
    '--test-isolation=none', // the process is ours already
    `--test-timeout=${TEST_LIMIT_MS}`,
    '--test-reporter=./scripts/reporter.ts',
    `--test-reporter-destination=${path}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
  ]
}

/** The results a run left behind. */
export function readResults(path: string): TestResult[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): TestResult => readResult(line, path))
}

/** A line nobody can read is a test nobody knows the end of: it failed. */
function readResult(line: string, file: string): TestResult {
  try {
    return JSON.parse(line) as TestResult
  } catch {
    const reason = `a line of its results is no JSON: ${JSON.stringify(line.slice(0, 200))}`
    return { file, name: 'what it tells can be read', result: 'failed', ms: 0, reason }
  }
}

function list(pattern: string): string[] {
  return globSync(pattern).toSorted()
}

function tail(output: string): string {
  return output.trimEnd().split('\n').slice(-40).join('\n')
}
