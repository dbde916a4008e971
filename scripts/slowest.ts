import type { TestResult } from './reporter.ts'

const MOST = 20

/** What the tests took, longest first: the files, with how many tests are in each, and then single tests. */
export function slowest(results: readonly TestResult[], most = MOST): string {
  const byFile = Map.groupBy(results, ({ file }) => file)
  const files = [...byFile].map(([file, tests]) => ({
    ms: tests.reduce((sum, { ms }) => sum + ms, 0),
    what: `${file} (${tests.length})`,
  }))
  const tests = results.map(({ file, name, ms }) => ({ ms, what: `${file}: ${name}` }))
  return ['the slowest files, and how many tests each has', ...rows(files, most)]
    .concat('the slowest tests', ...rows(tests, most))
    .join('\n')
}

interface Took {
  readonly ms: number
  readonly what: string
}

function rows(all: readonly Took[], most: number): string[] {
  return all
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, most)
    .map(({ ms, what }) => `${(ms / 1000).toFixed(1).padStart(8)} s  ${what}`)
}
