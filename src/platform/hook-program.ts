import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { socketSecretPath } from './socket-secret.ts'
import type { SettingValues } from './settings.ts'

const IN_SOURCES = import.meta.url.endsWith('.ts')
const NATIVE = fileURLToPath(
  new URL(IN_SOURCES ? '../../dist/native/hook' : './native/hook', import.meta.url),
)
/** The command line itself, wherever it was installed: another of that name may come to stand first in the path. */
export const LAUNCHER = fileURLToPath(
  new URL(IN_SOURCES ? '../../bin/warder' : '../bin/warder', import.meta.url),
)

type Paths = Pick<SettingValues, 'paths.socket' | 'paths.keys'>

/** The program harnesses are told to call, as a shell's command line without an end. */
export interface HookProgram {
  /** Absolute, to be looked at. */
  readonly path: string
  readonly isNative: boolean
  /** What answers every call. */
  readonly answers: string
  /** What answers the start of a session: it may start the daemon, so it takes longer. */
  readonly starts: string
  /** What a marked call is: run, it tells the daemon that it ran. */
  readonly marked: (nonce: string) => string
}

/** The small native program where it was built, else the command line's own. */
export function hookProgram(paths: Paths, native: string = NATIVE): HookProgram {
  const settings = ['paths.socket', 'paths.keys'] as const
  const slow = [LAUNCHER, 'hook', ...settings.flatMap((key) => ['--set', `${key}=${paths[key]}`])]
    .map(word)
    .join(' ')
  const starts = `${slow} --start`
  if (!isExecutable(native))
    return {
      path: LAUNCHER,
      isNative: false,
      answers: slow,
      starts,
      marked: (nonce) => `${slow} --ran ${nonce}`,
    }
  const fast = [native, paths['paths.socket'], socketSecretPath(paths['paths.keys'])].map(word).join(' ')
  return { path: native, isNative: true, answers: fast, starts, marked: (nonce) => `${fast} --ran ${nonce}` }
}

/**
 * As it stands in a harness's settings. Every harness runs it in a shell, and only exit code 2 refuses: a program that
 * is not there, crashes or is killed must refuse as well.
 */
export function failingClosed(command: string): string {
  return `${command} || exit 2`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
