import { dirname, join } from 'node:path'
import { SandboxError } from './errors.ts'
import { whyTooWide } from './guard.ts'
import { depth, isWithin } from './paths.ts'
import type { Lookup } from './lookup.ts'

/** Where a command is, and what must be visible for it to run. */
export interface Toolchain {
  /** The absolute path to execute inside. */
  readonly program: string
  /** Directories and files outside the visible system the program needs: its own package, its interpreter. */
  readonly needs: readonly string[]
}

export interface Surroundings {
  readonly lookup: Lookup
  /** The caller's PATH. */
  readonly searchPath: string
  readonly cwd: string
  readonly home: string
  /** Whether the sandbox shows this path anyway. */
  isVisible(path: string): boolean
}

const MAX_INTERPRETERS = 3

/**
 * Finds a command the way a shell does, and what it needs from outside the visible system, so that a runtime under
 * ~/.nvm or /opt works without showing the whole home directory.
 *
 * @throws SandboxError `SANDBOX_COMMAND_MISSING`, `SANDBOX_COMMAND_INVALID`
 */
export function findToolchain(command: string, around: Surroundings): Toolchain {
  const found = findCommand(command, around)
  const needs = new Set<string>()
  const first = need(found, around, needs)
  let script = first
  // a script needs its interpreter, which may be a script again
  for (let i = 0; i < MAX_INTERPRETERS; i += 1) {
    const interpreter = interpreterOf(around.lookup.head(script))
    if (interpreter === undefined) break
    script = need(findCommand(interpreter, around), around, needs)
  }
  // as it was called, where that shows: some programs act by the name they have
  return { program: isShown(found, around, needs) ? found : first, needs: [...needs] }
}

function isShown(path: string, around: Surroundings, needs: ReadonlySet<string>): boolean {
  return around.isVisible(path) || [...needs].some((shown) => isWithin(path, shown))
}

/** Makes sure that `path`, with its links followed, will be visible; returns the path that is. */
function need(path: string, around: Surroundings, needs: Set<string>): string {
  const real = around.lookup.real(path) ?? path
  const environment = virtualEnvironment(path, around)
  if (environment !== undefined) needs.add(environment)
  if (!isShown(real, around, needs)) needs.add(packageRoot(real, around))
  return environment === undefined ? real : path
}

function findCommand(command: string, { lookup, searchPath, cwd }: Surroundings): string {
  if (command === '' || command.includes('\0')) {
    throw new SandboxError('SANDBOX_COMMAND_INVALID', 'the command is empty', 'name a program after --')
  }
  const candidates = command.includes('/')
    ? [command.startsWith('/') ? command : join(cwd, command)]
    : searchPath
        .split(':')
        .filter((directory) => directory.startsWith('/'))
        .map((directory) => join(directory, command))
  const found = candidates.find((path) => lookup.isExecutable(path))
  if (found !== undefined) return found
  throw new SandboxError(
    'SANDBOX_COMMAND_MISSING',
    `${JSON.stringify(command)} is not an executable file${command.includes('/') ? '' : ' in any directory of PATH'}`,
    'check the spelling, or give the absolute path of the program',
  )
}

/** `#!/usr/bin/env node` and `#!/opt/x/bin/python -u`: the command that will be started. */
function interpreterOf(head: string): string | undefined {
  const [, line] = /^#!\s*([^\n]+)\n?/.exec(head) ?? []
  if (line === undefined) return undefined
  const [program, ...words] = line.trim().split(/\s+/)
  if (program === undefined || !program.endsWith('/env')) return program
  return words.find((word) => !word.startsWith('-') && !word.includes('='))
}

/** The root of a Python virtual environment, which is known by the path as invoked and not by where it leads. */
function virtualEnvironment(path: string, around: Surroundings): string | undefined {
  const { lookup } = around
  const root = dirname(dirname(path))
  if (around.isVisible(path) || lookup.look(join(root, 'pyvenv.cfg'))?.kind !== 'file') return undefined
  // whoever makes an environment of the home directory itself has not said that an agent may read all of it
  return lookup.real(root) === root && whyTooWide(root, around.home) === undefined ? root : undefined
}

/**
 * The smallest directory that is this program's own: the package it belongs to, or the prefix whose bin/ it is in.
 * A directory that may hold other people's things (the home directory, what lies directly in it, /opt) is never one;
 * then the file alone must do.
 */
function packageRoot(real: string, around: Surroundings): string {
  const { lookup, home } = around
  const isOwn = (directory: string) =>
    depth(directory) >= 2 &&
    !isWithin(home, directory) &&
    (!isWithin(directory, home) || depth(directory) >= depth(home) + 2)
  for (let at = dirname(real), up = 0; isOwn(at) && up < 6; at = dirname(at), up += 1) {
    if (lookup.look(join(at, 'package.json'))?.kind === 'file') return nestedIn(at, isOwn)
  }
  const prefix = dirname(dirname(real))
  const looksLikePrefix = ['lib', 'libexec', 'share', 'include'].some(
    (name) => lookup.look(join(prefix, name))?.kind === 'directory',
  )
  return /\/s?bin$/.test(dirname(real)) && isOwn(prefix) && looksLikePrefix ? prefix : real
}

/** A package inside node_modules needs its neighbours there; an own directory is enough otherwise. */
function nestedIn(root: string, isOwn: (directory: string) => boolean): string {
  const at = root.lastIndexOf('/node_modules/')
  if (at === -1) return root
  const modules = root.slice(0, at + '/node_modules'.length)
  return isOwn(modules) ? modules : root
}
