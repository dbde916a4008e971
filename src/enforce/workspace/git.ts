import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { WorkspaceError } from './errors.ts'

/**
 * Git for the host, with everything off that a repository's own files can make it run. Every key here has been a way
 * to run a command of somebody else's choice; the command line beats every configuration file.
 */
const OFF: readonly string[] = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.sshCommand=/bin/false',
  'core.gitProxy=',
  'core.askPass=/bin/false',
  'core.pager=cat',
  'core.editor=/bin/false',
  'sequence.editor=/bin/false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.alternateRefsCommand=/bin/true',
  'credential.helper=',
  'credential.interactive=false',
  'diff.external=',
  'gpg.program=/bin/false',
  'gpg.openpgp.program=/bin/false',
  'gpg.ssh.program=/bin/false',
  'gpg.ssh.defaultKeyCommand=/bin/false',
  'gpg.x509.program=/bin/false',
  'commit.gpgSign=false',
  'tag.gpgSign=false',
  'log.showSignature=false',
  'protocol.allow=never',
  'protocol.file.allow=always',
  'protocol.ext.allow=never',
  'fetch.recurseSubmodules=false',
  'submodule.recurse=false',
  'fetch.fsckObjects=true',
  'transfer.fsckObjects=true',
  'gc.auto=0',
  'maintenance.auto=false',
  'uploadpack.packObjectsHook=',
  'safe.bareRepository=explicit',
  'advice.detachedHead=false',
]

/** Nothing of the caller's environment: a variable of git's own can name a command as well. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '/bin/false',
  SSH_ASKPASS: '/bin/false',
  GIT_SSH: '/bin/false',
  GIT_SSH_COMMAND: '/bin/false',
  GIT_EDITOR: '/bin/false',
  GIT_SEQUENCE_EDITOR: '/bin/false',
  GIT_PAGER: 'cat',
  GIT_ALLOW_PROTOCOL: 'file',
  GIT_PROTOCOL_FROM_USER: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TEMPLATE_DIR: '',
}

/** What of git's commands shows files would otherwise hand to a program named by the repository. */
const SHOWING = new Set(['diff', 'log', 'show', 'format-patch', 'diff-tree', 'diff-index', 'diff-files'])

export interface GitCall {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface NeutralOptions {
  /** The repository itself: nothing is looked for, and no pointer file is followed. */
  readonly gitDir?: string
  readonly workTree?: string
  /** Overrides for what a repository names itself, from {@link driversOff}. */
  readonly drivers?: readonly string[]
}

/** The arguments and environment of a git call that runs nothing but git. The first word is git's command. */
export function neutralGit(
  [command = '', ...rest]: readonly string[],
  { gitDir, workTree, drivers = [] }: NeutralOptions = {},
): GitCall {
  const shown = SHOWING.has(command) ? ['--no-ext-diff', '--no-textconv'] : []
  const off = [...OFF, ...drivers].flatMap((each) => ['-c', each])
  const where = [
    ...(gitDir === undefined ? [] : [`--git-dir=${gitDir}`]),
    ...(workTree === undefined ? [] : [`--work-tree=${workTree}`]),
  ]
  const args = ['--no-pager', '--literal-pathspecs', ...where, ...off, command, ...shown, ...rest]
  return { args, env: ENVIRONMENT }
}

/**
 * Overrides for the filters, difference and merge drivers that a configuration names.
 *
 * @param names the keys of that configuration, as `git config --list --name-only` gives them
 * @throws WorkspaceError `GIT_UNSAFE` for a name that cannot be written as an override
 */
export function driversOff(names: readonly string[]): string[] {
  const drivers = names.flatMap((name) => /^((?:filter|diff|merge)\.[^\n]+)\.[a-z]+$/is.exec(name)?.[1] ?? [])
  return [...new Set(drivers)].flatMap((driver) => {
    // everything behind the first equals sign would count as the value
    if (driver.includes('=')) throw unsafe(`a driver is named ${JSON.stringify(driver)}`)
    if (/^filter\./i.test(driver))
      return [`${driver}.clean=`, `${driver}.smudge=`, `${driver}.process=`, `${driver}.required=false`]
    if (/^diff\./i.test(driver)) return [`${driver}.command=`, `${driver}.textconv=`]
    return [`${driver}.driver=/bin/false`]
  })
}

export interface GitOptions extends NeutralOptions {
  readonly cwd: string
  /** Set when Warder is root: git runs as whom the files belong to. */
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly timeoutMs?: number
}

const MOST_OUTPUT_BYTES = 16 * 1024 * 1024
const TIMEOUT_MS = 300_000
const PROGRAMS = ['/usr/bin/git', '/usr/local/bin/git', '/bin/git', '/opt/homebrew/bin/git']

/** Runs git, neutralised. @returns what it wrote to its output; @throws WorkspaceError `GIT_MISSING`, `GIT_FAILED` */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const program = PROGRAMS.find((path) => existsSync(path))
  if (program === undefined) {
    throw new WorkspaceError(
      'GIT_MISSING',
      `there is no git in ${PROGRAMS.join(', ')}`,
      'install git, or use --workspace-mode overlay',
    )
  }
  const call = neutralGit(args, options)
  const { code, stdout, stderr } = await finished(program, call, options)
  if (code === 0) return stdout
  throw new WorkspaceError(
    'GIT_FAILED',
    `git ${args[0] ?? ''} ended with ${code}: ${stderr.trim().split('\n').slice(-3).join('; ').slice(0, 500)}`,
    'look at the repository named; nothing was checked out',
  )
}

function finished(
  program: string,
  { args, env }: GitCall,
  { cwd, user, timeoutMs = TIMEOUT_MS }: GitOptions,
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    code: number | string
    stdout: string
    stderr: string
  }>()
  // a group of its own, so that what git started ends with it
  const child = spawn(program, args, { cwd, env, ...user, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const out: Buffer[] = []
  const err: Buffer[] = []
  let bytes = 0
  let why: string | undefined
  const end = (reason: string): void => {
    why = reason
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  const keep = (into: Buffer[]) => (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MOST_OUTPUT_BYTES) into.push(chunk)
    else if (why === undefined) end('too much output')
  }
  child.stdout.on('data', keep(out))
  child.stderr.on('data', keep(err))
  const timer = setTimeout(() => end(`no end after ${timeoutMs / 1000} s`), timeoutMs)
  child.once('error', (cause) => {
    clearTimeout(timer)
    reject(
      new WorkspaceError('GIT_FAILED', `git does not start: ${cause.message}`, 'install git again', {
        cause,
      }),
    )
  })
  child.once('close', (code, signal) => {
    clearTimeout(timer)
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString()
    resolve({ code: why ?? code ?? signal ?? 'no code', stdout: text(out), stderr: text(err) })
  })
  return promise
}

export function unsafe(what: string): WorkspaceError {
  return new WorkspaceError(
    'GIT_UNSAFE',
    `git is not let near this repository: ${what}`,
    'look at it by hand, in a sandbox: warder exec --workspace DIR -- git …',
  )
}
