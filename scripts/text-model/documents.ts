/** Ordinary documents of the machine the model is trained on: man pages, READMEs, sources, logs. Harmless, all of them. */
import { globSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { isHeldBack, type Line, type TextSet } from './corpora.ts'

interface Shelf {
  readonly family: string
  readonly globs: readonly string[]
  /** How many are taken; which, the hash of their names says. */
  readonly count: number
}

const SHELVES: readonly Shelf[] = [
  {
    family: 'man-pages',
    globs: ['/usr/share/man/man[1-8]/*.gz', '/usr/share/man/{de,fr,es,it,ru,ja,pt_BR,zh_CN}/man*/*.gz'],
    count: 1400,
  },
  {
    family: 'readmes',
    globs: [
      '/usr/lib/node_modules/**/*.md',
      '/usr/share/doc/**/*.{md,markdown,rst}',
      '/usr/share/doc/**/{README,NEWS,FAQ,TODO,copyright,changelog}*',
      '/usr/share/doc/**/*.{txt,txt.gz,md.gz,rst.gz,info.gz}',
      '/usr/share/info/*.gz',
      '/usr/share/perl/**/*.pod',
      '/usr/lib/**/perl*/**/*.pod',
      join(homedir(), '.pyenv/versions/3.1*/lib/python3*/site-packages/*.dist-info/METADATA'),
      join(homedir(), '.pyenv/**/*.{md,rst}'),
      'node_modules/**/*.md',
      'bench/node_modules/**/*.md',
    ],
    count: 3200,
  },
  {
    family: 'sources',
    globs: [
      '/usr/lib/node_modules/**/*.js',
      join(homedir(), '.pyenv/versions/3.1[23]*/lib/python3*/**/*.py'),
      '/usr/include/**/*.h',
      '/usr/share/perl/**/*.pm',
      'node_modules/**/*.{js,ts,mjs}',
      'bench/node_modules/**/*.{js,ts,mjs}',
    ],
    count: 1400,
  },
  {
    family: 'this-project',
    globs: [
      'docs/*.md',
      'changes/*',
      'README.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'src/**/*.ts',
      'bench/*.ts',
      'test/journeys/*.ts',
    ],
    count: 900,
  },
  {
    family: 'logs-and-settings',
    globs: [
      '/var/log/**/*.log',
      '/etc/**/*.{conf,cfg,yaml,yml,xml,json}',
      '/usr/lib/systemd/system/*.service',
      '/usr/share/**/*.{xml,json,desktop}',
    ],
    count: 500,
  },
]

/** Where this project itself keeps attacks. */
const NOT_HARMLESS = [
  'src/decide/inspect/text/**',
  'src/decide/inspect/mcp/**',
  '**/docs/inspection.md',
] as const

const LONGEST = 60_000
const SHORTEST = 300
/** A file of more is a table or a bundle, not something somebody reads. */
const LARGEST_FILE = 400_000

export function machineDocuments(): TextSet {
  const lines = SHELVES.flatMap(({ family, globs, count }) =>
    chosen(globs, count).flatMap((file): Line[] => {
      const text = textIn(file)
      if (text === undefined) return []
      return [
        { text, kind: 'document', set: 'documents of the machine', family, isHeldBack: isHeldBack(text) },
      ]
    }),
  )
  return {
    name: 'documents of the machine',
    licence: 'of the packages they come with; weights only',
    lines: distinct(lines),
  }
}

function chosen(globs: readonly string[], count: number): string[] {
  const files = globSync([...globs], { exclude: [...NOT_HARMLESS] })
  const order = new Map(files.map((file) => [file, createHash('sha256').update(file).digest('hex')]))
  return files.toSorted((a, b) => (order.get(a)! < order.get(b)! ? -1 : 1)).slice(0, count)
}

function textIn(file: string): string | undefined {
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size === 0 || size > LARGEST_FILE || !statSync(file).isFile()) return undefined
  const bytes = readFileSync(file)
  const raw = file.endsWith('.gz') ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8')
  if (raw.includes('\0')) return undefined
  const text = (file.includes('/man/') ? fromRoff(raw) : raw).slice(0, LONGEST)
  return text.length < SHORTEST ? undefined : text
}

/** The words of a man page: what a reader sees, near enough for a model that looks at words. */
function fromRoff(page: string): string {
  return page
    .split('\n')
    .filter((line) => !/^['.]\\"/.test(line))
    .map((line) => line.replace(/^['.][A-Za-z]{1,3}\b ?/, ''))
    .join('\n')
    .replaceAll(/\\f(?:\[[A-Z]*\]|.)/g, '')
    .replaceAll(/\\\((?:lq|rq|aq|dq)/g, "'")
    .replaceAll(/\\([-.e&|'` ])/g, '$1')
    .replaceAll(/\n{3,}/g, '\n\n')
}

function distinct(lines: readonly Line[]): Line[] {
  return [...new Map(lines.map((line) => [line.text, line])).values()]
}
