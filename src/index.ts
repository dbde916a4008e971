/**
 * Warder as a library: the same gate, permits, sandbox and record as the command line, for programs that run agents.
 *
 * @example
 * ```ts
 * import { openWarder } from 'warder'
 * await using warder = await openWarder()
 * const verdict = await warder.decide({ as: 'builder', capability: 'fs:read:/srv/data/a.csv' })
 * const result = await warder.run({ kind: 'exec', workspace: process.cwd(), argv: ['wc', '-l', 'README.md'] })
 * ```
 */
import { homedir } from 'node:os'
import type { EndpointName, InputOf, OutputOf, RunRequest } from './api/endpoints.ts'
import { callInProcess } from './daemon/in-process.ts'
import { callDaemon } from './client/library.ts'
import { systemClock } from './platform/clock.ts'
import { ambient, loadConfig } from './platform/config.ts'

export { KnownError } from './core/error.ts'
// small expressions from text nobody trusts
export {
  evaluate,
  evaluateExpression,
  readExpression,
  type Expression,
  type Outcome,
  type Values,
} from './core/expression/expression.ts'
export { EXPRESSION_CODES, type ExpressionCode, type Failure } from './core/expression/fault.ts'
export { EXPRESSION_LIMITS, type Budget } from './core/expression/limits.ts'
export { runScript, type ScriptOutcome } from './core/expression/script.ts'
export type { Value } from './core/expression/value.ts'
// text that was checked once and says so in its type
export {
  isArgumentWord,
  operands,
  parseArgumentWord,
  quoteForShow,
  type ArgumentWord,
  type Operands,
} from './core/safe/argument.ts'
export { parseCommandLine } from './core/safe/command-line.ts'
export { FormError, type Checked } from './core/safe/form.ts'
export {
  isCommitHash,
  isDomainPattern,
  isEnvironmentName,
  isNameLabel,
  isServiceName,
  parseCommitHash,
  parseDomainPattern,
  parseEnvironmentName,
  parseNameLabel,
  parseServiceName,
  type CommitHash,
  type DomainPattern,
  type EnvironmentName,
  type NameLabel,
  type ServiceName,
} from './core/safe/name.ts'
export {
  isCidrBlock,
  isPort,
  parseCidrBlock,
  parsePort,
  type CidrBlock,
  type Port,
} from './core/safe/network.ts'
export {
  isGitPath,
  isInside,
  isRelativePath,
  isSafeFileName,
  parseGitPath,
  parseRelativePath,
  parseSafeFileName,
  type GitPath,
  type RelativePath,
  type SafeFileName,
} from './core/safe/path.ts'
export { isTimeWindow, parseTimeWindow, timeWindowMs, type TimeWindow } from './core/safe/time-window.ts'
// files, programs and memory, each held tighter than Node holds them
export {
  CommandError,
  run as runCommand,
  type CommandOptions,
  type CommandResult,
} from './platform/command.ts'
export { LockedBuffer, LockedMemoryError, protectProcess, type LockedKind } from './platform/locked-memory.ts'
export { teeReport, type TeeReport } from './platform/memory-encryption.ts'
export { SafePathError } from './platform/safe-path-error.ts'
export { SafeRoot, type SafeRootOptions } from './platform/safe-path.ts'
export type { EndpointName, InputOf, OutputOf, RunRequest } from './api/endpoints.ts'

/** What a run leaves behind. */
export interface RunResult {
  /** Absent when a signal or a limit ended it. */
  readonly code?: number
  readonly signal?: string
  /** `exited`, `timeout`, `output`, `memory`, `killed` or `sandbox-failed`. */
  readonly reason: string
  readonly durationMs: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface Warder extends AsyncDisposable {
  /** Any call of the API, typed; refusals and errors are thrown as {@link KnownError}. */
  call<N extends EndpointName>(name: N, input: InputOf<N>): Promise<OutputOf<N>>
  /** May they? Decided and recorded; opens nothing. */
  decide(input: InputOf<'decide'>): Promise<OutputOf<'decide'>>
  /** Runs one command in its sandbox under a permit, and collects what it says. @throws KnownError when it is refused */
  run(input: LibraryRun): Promise<RunResult>
  /** The same in the sandbox of an agent that runs, beside it. @throws KnownError when it is refused or there is none */
  runInside(input: LibraryInside): Promise<RunResult>
  /** Entries of the ledger. */
  audit(filter?: InputOf<'auditList'>): Promise<OutputOf<'auditList'>['entries']>
  close(): Promise<void>
}

export interface LibraryRun extends Omit<RunRequest, 'environment' | 'terminal'> {
  /** What the command's environment is filtered from (default: none). */
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
}

export interface LibraryInside extends Omit<InputOf<'execIn'>, 'terminal'> {
  readonly input?: string | Uint8Array
}

export interface OpenOptions {
  /** `daemon` (default) uses this user's daemon and starts one if none runs; `in-process` is a whole Warder here. */
  readonly mode?: 'daemon' | 'in-process'
  /** Settings, as `--set` takes them: `{'paths.state': '/var/lib/x'}`. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Opens Warder. In process it takes the ledger's lock, so it and a daemon of the same user exclude each other.
 *
 * @throws KnownError `CONFIG_*`, `DAEMON_*`, `AUDIT_*`
 */
export async function openWarder({ mode = 'daemon', settings = {} }: OpenOptions = {}): Promise<Warder> {
  const world = { ...ambient(), home: homedir() }
  const config = await loadConfig({ ...world, flags: settings })
  const open = mode === 'daemon' ? callDaemon : callInProcess
  const backend = await open({ config, clock: systemClock, home: world.home, environment: world.env })
  const close = () => backend.close()
  return {
    call: (name, input) => backend.call(name, input),
    decide: (input) => backend.call('decide', input),
    run: ({ input, environment = {}, ...request }) =>
      backend.run({ ...request, environment: { ...environment } }, input),
    runInside: ({ input, ...request }) => backend.runInside(request, input),
    audit: async (filter = {}) => (await backend.call('auditList', filter)).entries,
    close,
    [Symbol.asyncDispose]: close,
  }
}
