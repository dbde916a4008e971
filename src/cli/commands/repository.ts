import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync } from 'node:fs'
import { neutralGit } from '../../enforce/workspace/index.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'

/** What of a repository is looked at: the index, what differs in it from the last commit, or every commit there is. */
export type Extent = 'tracked' | 'staged' | 'history'

export interface Repository {
  readonly root: string
  /** The index git works with just now; in a hook it may be a temporary one. */
  readonly index: string | undefined
}

/** One version of one file. */
export interface Blob {
  readonly id: string
  readonly path: string
}

export interface ReadBlob extends Blob {
  /** Absent when it is not there or longer than {@link MOST_BLOB_BYTES}. */
  readonly bytes?: Buffer
  readonly why?: string
}

export const MOST_BLOB_BYTES = 64 * 1024 * 1024
const PROGRAMS = ['/usr/bin/git', '/usr/local/bin/git', '/bin/git', '/opt/homebrew/bin/git']
const LINK = '160000' // another repository at a commit: nothing of it is here
const NEWLINE = 10

/** @throws CliError `FILE_INVALID` when `directory` is in no repository with files */
export async function repositoryAt(
  directory: string,
  { GIT_INDEX_FILE: index }: Readonly<Record<string, string | undefined>>,
): Promise<Repository> {
  const told = await text({ root: directory, index: undefined }, ['rev-parse', '--show-toplevel'])
  return { root: told.replace(/\n$/, ''), index }
}

/**
 * Where git looks for hooks of this repository, as its owner configured git.
 *
 * @param environment of whoever uses the repository; their configuration may name another place
 */
export async function hooksOf(
  { root }: Repository,
  { HOME, XDG_CONFIG_HOME }: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const environment = {
    ...{ PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
    ...(HOME === undefined ? {} : { HOME }),
    ...(XDG_CONFIG_HOME === undefined ? {} : { XDG_CONFIG_HOME }),
  }
  const args = ['rev-parse', '--path-format=absolute', '--git-path', 'hooks'] // which runs nothing
  return (await finished(spawnGit(args, root, environment), root)).replace(/\n$/, '')
}

/** The files of that extent, each version once. */
export async function blobsOf(repository: Repository, extent: Extent): Promise<Blob[]> {
  if (extent === 'history') {
    const told = await text(repository, [
      'rev-list',
      '--all',
      '--objects',
      '--filter=object:type=blob',
      '--filter-provided-objects',
    ])
    return told.split('\n').flatMap((line) => {
      const at = line.indexOf(' ')
      return at > 0 ? [{ id: line.slice(0, at), path: line.slice(at + 1) }] : []
    })
  }
  return extent === 'staged' ? await staged(repository) : await tracked(repository)
}

async function tracked(repository: Repository): Promise<Blob[]> {
  const told = await text(repository, ['ls-files', '--stage', '--full-name', '-z'])
  return told.split('\0').flatMap((record) => {
    const [, mode, id, path] = /^(\d{6}) ([0-9a-f]+) \d\t(.+)$/s.exec(record) ?? []
    return id === undefined || path === undefined || mode === LINK ? [] : [{ id, path }]
  })
}

async function staged(repository: Repository): Promise<Blob[]> {
  const born = await text(repository, ['rev-parse', '--verify', '--quiet', 'HEAD']).then(
    () => true,
    () => false,
  )
  if (!born) return await tracked(repository)
  const told = await text(repository, [
    'diff-index',
    '--cached',
    '--no-renames',
    '--diff-filter=ACMT',
    '-z',
    'HEAD',
  ])
  const fields = told.split('\0')
  const blobs: Blob[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode, id] = /^:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]/.exec(fields[at]!) ?? []
    if (id === undefined) throw unreadable(repository.root, fields[at]!)
    if (mode !== LINK) blobs.push({ id, path: fields[at + 1]! })
  }
  return blobs
}

/** What is in them, one after the other, in the order asked for. */
export async function* readBlobs(repository: Repository, blobs: readonly Blob[]): AsyncGenerator<ReadBlob> {
  const child = started(repository, ['cat-file', '--batch'])
  const ended = new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done))
  ended.catch(() => undefined) // told of below
  child.stdin.on('error', () => undefined) // its end tells why
  child.stdin.end(blobs.map(({ id }) => `${id}\n`).join(''))
  const output = new Bytes(child.stdout)
  try {
    for (const blob of blobs) {
      const [, kind, size] = (await output.line()).split(' ')
      if (kind === 'missing') yield { ...blob, why: 'the repository does not have it' }
      else {
        const isTooLong = Number(size) > MOST_BLOB_BYTES
        const bytes = await output.take(Number(size), !isTooLong)
        await output.take(1, false) // the newline behind it
        yield isTooLong ? { ...blob, why: 'it is longer than 64 MiB' } : { ...blob, bytes }
      }
    }
    if ((await ended) !== 0) throw unreadable(repository.root, 'git cat-file ended with an error')
  } finally {
    child.kill('SIGKILL')
  }
}

/** The commits a version of a file came with, shortened; the newest first. */
export async function commitOf(repository: Repository, { id }: Blob): Promise<string> {
  const told = await text(repository, ['log', '--all', '--format=%h', `--find-object=${id}`])
  return told.trim().split('\n').at(-1) ?? ''
}

/** Bytes of a stream, a line or a count at a time. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf(NEWLINE)
      if (end >= 0) {
        const line = this.#held.toString('utf8', 0, end)
        this.#held = this.#held.subarray(end + 1)
        return line
      }
      this.#held = Buffer.concat([this.#held, await this.#next()])
    }
  }

  /** @param isKept whether they are wanted; else they are passed over, however many they are */
  async take(count: number, isKept: boolean): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = count; left > 0;) {
      if (this.#held.length === 0) this.#held = await this.#next()
      const part = this.#held.subarray(0, left)
      this.#held = this.#held.subarray(part.length)
      left -= part.length
      if (isKept) parts.push(part)
    }
    return Buffer.concat(parts)
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next()
    if (done === true) throw unreadable('the repository', 'git cat-file ended too early')
    return value
  }
}

/** Nothing that the repository names is run. */
function started({ root, index }: Repository, words: readonly string[]): ChildProcessWithoutNullStreams {
  const { args, env } = neutralGit(words)
  return spawnGit(args, root, { ...env, ...(index === undefined ? {} : { GIT_INDEX_FILE: index }) })
}

function spawnGit(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): ChildProcessWithoutNullStreams {
  const program = PROGRAMS.find((path) => existsSync(path))
  if (program !== undefined) return spawn(program, args, { cwd, env, stdio: 'pipe' })
  throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
    what: `there is no git in ${PROGRAMS.join(', ')}`,
    fix: 'install git, or look at the files as they are: warder scan secret DIR',
  })
}

function text(repository: Repository, args: readonly string[]): Promise<string> {
  return finished(started(repository, args), repository.root)
}

async function finished(child: ChildProcessWithoutNullStreams, root: string): Promise<string> {
  child.stdin.on('error', () => undefined).end()
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done))
  if (code === 0) return Buffer.concat(out).toString('utf8')
  throw unreadable(root, Buffer.concat(err).toString('utf8').trim().split('\n')[0] ?? '')
}

function unreadable(where: string, why: string): CliError {
  return new CliError(CLI_ERRORS, 'FILE_INVALID', {
    what: `${where} cannot be read as a repository of git: ${why.slice(0, 300)}`,
    fix: 'name a directory in a repository of yours, or look at the files as they are: warder scan secret DIR',
    where,
  })
}
