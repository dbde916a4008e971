/** The checks that are not tests: each answers undefined, or what is wrong. */
import { existsSync, readFileSync } from 'node:fs'
import { build } from './build.ts'
import { staleDocs } from './generated.ts'
import { runNode } from './process.ts'

interface Check {
  readonly name: string
  readonly run: (verbose: boolean) => Promise<string | undefined>
}

const LIMIT_MS = 300_000

/** In the order they begin. */
export const CHECKS: readonly Check[] = [
  { name: 'install', run: async () => installed() },
  {
    name: 'build',
    run: async () => {
      await build()
      return undefined
    },
  },
  { name: 'types', run: (verbose) => tool(['node_modules/typescript/bin/tsc', '-p', '.'], verbose) },
  {
    name: 'pages', // the console's are for a browser, and have its types
    run: (verbose) => tool(['node_modules/typescript/bin/tsc', '-p', 'web'], verbose),
  },
  {
    name: 'lint',
    run: (verbose) =>
      tool(['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', ...CODE], verbose),
  },
  { name: 'format', run: (verbose) => tool(['node_modules/oxfmt/bin/oxfmt', '--check', ...CODE], verbose) },
  { name: 'docs', run: staleDocs },
]

const CODE = ['src', 'test', 'scripts', 'bench', 'web']

async function tool(args: readonly string[], verbose: boolean): Promise<string | undefined> {
  const { code, output } = await runNode(args, { timeoutMs: LIMIT_MS, verbose })
  return code === 0 ? undefined : output
}

interface Manifest {
  readonly version?: string
  readonly engines?: { readonly node?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Whether what is installed is what the manifest pins, on a Node.js that is new enough. */
function installed(): string | undefined {
  const { dependencies = {}, devDependencies = {} } = manifest('package.json')
  const wrong = Object.entries({ ...dependencies, ...devDependencies })
    .map(([name, pinned]) => {
      const path = `node_modules/${name}/package.json`
      const found = existsSync(path) ? manifest(path).version : 'nothing'
      return found === pinned ? undefined : `${name}: ${pinned} is pinned, ${found} is installed`
    })
    .filter((line) => line !== undefined)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 24 || (major === 24 && minor < 15)) wrong.push(`Node.js ${process.version} is older than 24.15`)
  return wrong.length === 0 ? undefined : [...wrong, 'run: npm ci'].join('\n')
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest
}
