/**
 * Builds the console's pages with Vite: static files that the daemon hands out under a policy that forbids inline
 * script and style, evaluation, and every address but its own.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { build, type InlineConfig, type Plugin, type Rolldown } from 'vite'
import { ENDPOINTS } from '../src/api/endpoints.ts'
import { NAMESPACES } from '../src/core/capability.ts'
import { ROOT } from './project.ts'

/** What a browser may have to load, compressed, before the first page stands. */
export const FIRST_LOAD_MOST_BYTES = 200_000

export interface ConsoleBuild {
  readonly modules: readonly string[]
  /** Script of the first page, compressed. */
  readonly firstLoadBytes: number
}

/**
 * @param directory where the pages go; it is emptied
 * @throws Error when the first page needs more script than it may, or holds what the console's policy forbids
 */
export async function buildConsole(directory: string): Promise<ConsoleBuild> {
  const output = (await build(consoleConfig(directory))) as Rolldown.RolldownOutput
  const chunks = output.output.filter((file) => file.type === 'chunk')
  const firstLoadBytes = firstLoad(chunks)
  if (firstLoadBytes > FIRST_LOAD_MOST_BYTES) {
    throw new Error(
      `the console's first page loads ${firstLoadBytes} bytes of compressed script, and ${FIRST_LOAD_MOST_BYTES} is the most`,
    )
  }
  assertStrict(directory)
  return { modules: chunks.flatMap(({ moduleIds }) => moduleIds), firstLoadBytes }
}

function consoleConfig(directory: string): InlineConfig {
  return {
    configFile: false,
    envDir: false,
    root: join(ROOT, 'web'),
    publicDir: join(ROOT, 'web/public'),
    cacheDir: join(ROOT, 'node_modules/.vite'),
    logLevel: 'warn',
    plugins: [react(), routes()],
    build: {
      outDir: directory,
      emptyOutDir: true,
      target: 'es2023',
      assetsInlineLimit: 0, // a data: address is an inline thing too
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      license: false,
    },
  }
}

const VIRTUAL = 'virtual:routes'

/** The daemon's own table of calls, and of what policy can judge, without the schemas, which only the daemon has to hold. */
function routes(): Plugin {
  return {
    name: 'warder-routes',
    resolveId: (id) => (id === VIRTUAL ? `\0${VIRTUAL}` : undefined),
    load(id) {
      if (id !== `\0${VIRTUAL}`) return undefined
      const table = Object.entries(ENDPOINTS).map(([name, { method, path }]) => [name, [method, path]])
      const verbs = Object.entries(NAMESPACES).map(([name, namespace]) => [name, namespace.verbs])
      return [
        `export const ROUTES = ${JSON.stringify(Object.fromEntries(table))}`,
        `export const VERBS = ${JSON.stringify(Object.fromEntries(verbs))}`,
      ].join('\n')
    },
  }
}

/** The entry, and all that it imports before it runs. */
function firstLoad(chunks: readonly Rolldown.OutputChunk[]): number {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const wanted = new Set<Rolldown.OutputChunk>()
  const visit = (chunk: Rolldown.OutputChunk | undefined): void => {
    if (chunk === undefined || wanted.has(chunk)) return
    wanted.add(chunk)
    for (const name of chunk.imports) visit(byName.get(name))
  }
  for (const chunk of chunks) if (chunk.isEntry) visit(chunk)
  // the page one lands on is part of it, although it is a chunk of its own
  visit(chunks.find(({ name }) => name === 'now'))
  return [...wanted].reduce((sum, { code }) => sum + gzipSync(code).length, 0)
}

/** What the policy would refuse in the browser is refused here, where somebody reads it. */
function assertStrict(directory: string): void {
  const page = readFileSync(join(directory, 'index.html'), 'utf8')
  const bad = [
    [/<script(?![^>]*\ssrc=)/i, 'an inline script'],
    [/<style|\sstyle=/i, 'an inline style'],
    [/\son\w+=/i, 'an inline event handler'],
    [/(?:src|href)="(?:https?:)?\/\//i, 'an address outside'],
  ] as const
  for (const [pattern, what] of bad) {
    if (pattern.test(page)) throw new Error(`the console's page holds ${what}, which its policy forbids`)
  }
}

if (import.meta.main) {
  process.chdir(ROOT)
  const to = process.argv[2] ?? join(ROOT, 'dist/console')
  const { firstLoadBytes } = await buildConsole(to)
  console.log(
    `console: ${readdirSync(join(to, 'assets')).length} files, first page ${firstLoadBytes} bytes of script`,
  )
}
