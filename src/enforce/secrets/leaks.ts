import { readdirSync, readFileSync } from 'node:fs'
import { constants, open, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { isAllowedSecret } from '../../core/allowed-secret.ts'
import type { RiskLevel } from '../../core/risk.ts'
import { isSecretVariable } from '../../core/secret-variable.ts'

/** What the rules found in a text; never the value itself. */
export interface LeakMatch {
  readonly rule: string
  readonly risk: RiskLevel
  readonly start: number
  readonly end: number
  /** The same for the same value, on this installation only. */
  readonly tag: string
}

export interface LeakPorts {
  /** The rules for shapes of secrets. */
  readonly scan: (text: string) => readonly LeakMatch[]
  /** The names of stored secrets whose very value stands in these bytes. */
  readonly known: (bytes: Uint8Array) => readonly string[]
  /** A tag like those of `scan`, for a value found by the name of its variable. */
  readonly tag: (text: string) => string
  readonly now: () => number
}

export interface Leak {
  /** `environment of process 12 (node)`, a path, … */
  readonly where: string
  readonly line?: number
  /** `stored` when it is the very value of a secret, else the rule's name. */
  readonly rule: string
  readonly risk: RiskLevel
  /** Four characters and a tag; the name of the secret when it is a stored one. */
  readonly shown: string
}

export interface LeakPlaces {
  readonly home: string
  /** Below which everything is read; absent: no project. */
  readonly project?: string
  readonly procDirectory?: string
}

const HISTORIES = [
  ...['.bash_history', '.zsh_history', '.local/share/fish/fish_history', '.ash_history', '.sh_history'],
  ...[
    '.python_history',
    '.node_repl_history',
    '.psql_history',
    '.mysql_history',
    '.sqlite_history',
    '.rediscli_history',
  ],
]
/** Directories whose files are read, whatever they are called. */
const CONFIGS = [
  '.config',
  '.env',
  '.netrc',
  '.npmrc',
  '.pypirc',
  '.docker/config.json',
  '.aws/config',
  '.kube/config',
]
const SKIPPED = new Set([
  'node_modules',
  '.git',
  '.venv',
  'venv',
  '__pycache__',
  'target',
  '.cache',
  'Cache',
  'CacheStorage',
])

const MOST_FILE_BYTES = 1024 * 1024
const MOST_FILES = 20_000
const MOST_DEPTH = 12

/**
 * Looks for secrets where none should be: in what processes were started with, in histories of shells, in
 * configuration, in a project. Reads only; what it may not read it leaves out. Never yields a value.
 */
export async function* findLeaks(places: LeakPlaces, ports: LeakPorts): AsyncGenerator<Leak> {
  const seen = new Set<string>() // a project may lie in a directory of configuration, or be the home itself
  for await (const leak of everywhere(places, ports)) {
    const key = JSON.stringify(leak)
    if (!seen.has(key)) yield leak
    seen.add(key)
  }
}

async function* everywhere(places: LeakPlaces, ports: LeakPorts): AsyncGenerator<Leak> {
  yield* inProcesses(places.procDirectory ?? '/proc', ports)
  for (const name of HISTORIES) yield* inFile(join(places.home, name), ports)
  const left = { files: MOST_FILES }
  for (const name of CONFIGS) yield* below(join(places.home, name), ports, left, 4)
  if (places.project !== undefined) yield* below(places.project, ports, { files: MOST_FILES }, MOST_DEPTH)
}

function* inProcesses(proc: string, ports: LeakPorts): Generator<Leak> {
  for (const pid of readdirSync(proc).filter((name) => /^\d+$/.test(name))) {
    const read = (name: string): Buffer => {
      try {
        return readFileSync(join(proc, pid, name))
      } catch {
        return Buffer.alloc(0) // another's, or it has ended
      }
    }
    const about = `process ${pid} (${read('comm').toString('utf8').trim().slice(0, 15)})`
    for (const word of words(read('cmdline'))) yield* inText(`command line of ${about}`, word, ports)
    for (const word of words(read('environ'))) yield* inVariable(`environment of ${about}`, word, ports)
  }
}

function words(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at)
    found.push(bytes.subarray(at, end === -1 ? bytes.length : end))
    at = end === -1 ? bytes.length : end + 1
  }
  return found
}

function* inVariable(where: string, word: Buffer, ports: LeakPorts): Generator<Leak> {
  const [first, ...more] = inText(where, word, ports)
  if (first !== undefined) return yield* [first, ...more]
  const at = word.indexOf('=')
  const name = word.toString('utf8', 0, Math.max(0, at))
  const value = word.toString('utf8', at + 1)
  // by its name alone, and long enough not to be a switch or a path to a file
  if (at > 0 && isSecretVariable(name) && value.length > 20 && !value.startsWith('/'))
    yield {
      where,
      rule: `variable ${name.slice(0, 64)}`,
      risk: 'medium',
      shown: masked(value, ports.tag(value)),
    }
}

function* inText(where: string, bytes: Buffer, ports: LeakPorts): Generator<Leak> {
  const stored = ports.known(bytes)
  for (const name of stored) yield { where, rule: 'stored', risk: 'critical', shown: name }
  if (stored.length > 0) return
  const text = bytes.toString('utf8')
  for (const { rule, risk, start, end, tag } of ports.scan(text)) {
    const line = lineOf(text, start)
    if (isAllowedSecret(line.text, ports.now())) continue
    yield { where, line: line.number, rule, risk, shown: masked(text.slice(start, end), tag) }
  }
}

async function* inFile(path: string, ports: LeakPorts): AsyncGenerator<Leak> {
  const bytes = await smallFile(path)
  if (bytes === undefined) return
  try {
    yield* inText(path, bytes, ports)
  } finally {
    bytes.fill(0)
  }
}

async function* below(
  path: string,
  ports: LeakPorts,
  left: { files: number },
  depth: number,
): AsyncGenerator<Leak> {
  const directory = await opendir(path).catch(() => undefined)
  if (directory === undefined) {
    left.files -= 1
    return yield* inFile(path, ports)
  }
  for await (const entry of directory) {
    if (left.files <= 0) return
    if (entry.isSymbolicLink() || SKIPPED.has(entry.name)) continue // a link leads elsewhere, or in a circle
    const inside = join(path, entry.name)
    if (entry.isDirectory() && depth > 0) yield* below(inside, ports, left, depth - 1)
    else if (entry.isFile()) {
      left.files -= 1
      yield* inFile(inside, ports)
    }
  }
}

/** @returns undefined for what is no plain text of a reasonable size */
async function smallFile(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const stat = await file.stat()
    if (!stat.isFile() || stat.size > MOST_FILE_BYTES || stat.size === 0) return undefined
    const bytes = await file.readFile()
    return bytes.subarray(0, 8192).includes(0) ? undefined : bytes
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}

function lineOf(text: string, at: number): { readonly number: number; readonly text: string } {
  const begin = text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', at)
  let number = 1
  for (let from = text.indexOf('\n'); from !== -1 && from < at; from = text.indexOf('\n', from + 1))
    number += 1
  return { number, text: text.slice(begin, end === -1 ? text.length : end) }
}

/** Enough to know which one it is for whoever has it, too little to use. */
function masked(value: string, tag: string): string {
  return value.length < 12 ? `… ${tag}` : `${value.slice(0, 4)}… ${tag}`
}
