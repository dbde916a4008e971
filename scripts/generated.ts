/** Every file that is written by a program, and the check that what is committed is what would be written now. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../src/core/error.ts'
import { openApiDocument } from '../src/daemon/http/openapi.ts'
import { policyJsonSchema } from '../src/decide/policy/schema.ts'
import { profileJsonSchema } from '../src/enforce/sandbox/profile.ts'
import { detectJsonSchema } from '../src/watch/detect/schema.ts'
import { controlsPageLike } from './controls.ts'
import { DETECT_REGIONS } from './detect-page.ts'
import { shippedModule } from './detect-rules.ts'
import { errorsPage } from './errors.ts'
import { commandsPage } from './manual.ts'
import { POLICY_REGIONS } from './policy-page.ts'
import { THREAT_REGIONS } from './threats.ts'

interface Generated {
  readonly path: string
  /** @param now the file as it is; empty when there is none */
  readonly make: (now: string) => Promise<string>
}

/** Add a file here, and `npm run docs` writes it and `npm test` watches it. */
export const GENERATED: readonly Generated[] = [
  { path: 'docs/errors.md', make: () => errorsPage() },
  { path: 'docs/controls.md', make: async (now) => controlsPageLike(now) },
  { path: 'docs/cli.md', make: () => commandsPage() },
  { path: 'schemas/policy.schema.json', make: async () => policyJsonSchema() },
  { path: 'schemas/profile.schema.json', make: async () => json(profileJsonSchema()) },
  { path: 'schemas/detect.schema.json', make: async () => json(detectJsonSchema()) },
  { path: 'src/watch/detect/shipped.ts', make: async () => shippedModule() },
  { path: 'docs/detection.md', make: async (now) => fillRegions(now, DETECT_REGIONS) },
  { path: 'docs/policy.md', make: async (now) => fillRegions(now, POLICY_REGIONS) },
  { path: 'schemas/openapi.json', make: async () => json(openApiDocument(packageVersion())) },
  { path: 'docs/threat-model.md', make: async (now) => fillRegions(now, THREAT_REGIONS) },
]

interface Stale {
  readonly path: string
  /** What the file should hold; absent when it cannot be made. */
  readonly right?: string
  readonly problem: string
}

/** Writes what is not up to date; returns what was wrong with each file, and whether it still is. */
export async function writeGenerated(): Promise<{ written: string[]; problems: string[] }> {
  const stale = await findStale()
  for (const { path, right } of stale) {
    if (right === undefined) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, right)
  }
  return {
    written: stale.filter(({ right }) => right !== undefined).map(({ path }) => path),
    problems: stale.filter(({ right }) => right === undefined).map(({ problem }) => problem),
  }
}

/** What is out of date, in words; undefined when nothing is. */
export async function staleDocs(): Promise<string | undefined> {
  const stale = await findStale()
  if (stale.length === 0) return undefined
  return [...stale.map(({ problem }) => problem), 'run: npm run docs'].join('\n')
}

async function findStale(): Promise<Stale[]> {
  const stale: Stale[] = []
  for (const { path, make } of GENERATED) {
    const now = existsSync(path) ? readFileSync(path, 'utf8') : ''
    try {
      const right = await make(now)
      if (right !== now) stale.push({ path, right, problem: `${path} is not what the sources say` })
    } catch (error) {
      stale.push({ path, problem: `${path} cannot be made: ${messageOf(error)}` })
    }
  }
  return stale
}

/**
 * Replaces what stands between `<!-- generated:NAME -->` and `<!-- /generated -->`; the rest of a page is written by hand.
 *
 * @throws Error when a region is missing, or the page has one that nobody fills
 */
export function fillRegions(page: string, regions: Readonly<Record<string, () => string>>): string {
  const left = new Set(Object.keys(regions))
  const filled = page.replaceAll(
    /(<!-- generated:([a-z-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_, open: string, name: string, close: string) => {
      const make = regions[name]
      if (make === undefined) throw new Error(`nothing fills the region "${name}"`)
      left.delete(name)
      return `${open}${make()}\n${close}`
    },
  )
  if (left.size > 0) throw new Error(`the page lacks the regions ${[...left].join(', ')}`)
  return filled
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

function packageVersion(): string {
  return (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version
}
