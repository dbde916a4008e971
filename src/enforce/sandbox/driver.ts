import type { Readable, Writable } from 'node:stream'
import type { Level } from './level.ts'
import type { GuaranteeName } from './profile.ts'
import type { SandboxSpec } from './spec.ts'
import type { StandIn } from './standin.ts'

/** One thing a driver can promise on this machine, found out by trying. */
export interface Guarantee {
  readonly name: GuaranteeName
  readonly inForce: boolean
  /** How it is kept, or why it is not. */
  readonly why: string
  /** What would change that. */
  readonly fix?: string
}

export interface Probe {
  readonly driver: string
  /** False: nothing can be started. */
  readonly available: boolean
  readonly guarantees: readonly Guarantee[]
  /** Computed from the guarantees in force; absent where nobody has asked yet: see `levelOf`. */
  readonly level?: Level
}

export interface LimitReport {
  readonly name:
    | 'memory'
    | 'processes'
    | 'cpu'
    | 'open-files'
    | 'file-size'
    | 'core-dumps'
    | 'locked-memory'
    | 'wall-clock'
    | 'output'
  readonly wanted: string
  readonly inForce: boolean
  /** The mechanism: `cgroup v1`, `cgroup v2`, `rlimit`, `affinity`, `warder`. */
  readonly by: string
  readonly note?: string
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface StartOptions {
  readonly runId: string
  readonly agent: string
  /** Needed when the spec asks for a terminal. */
  readonly terminal?: TerminalSize
  /** Told what is put into a user's project for masks to stand on, so that a crash cannot leave it there unknown. */
  readonly onStandIns?: (made: readonly StandIn[]) => void
  /** Told of the finished sandbox while its command is still held back, and waited for; when it throws, nothing begins. */
  readonly onBuilt?: (built: {
    readonly init: ProcessIdentity
    readonly pidNamespace: string
    /** Directories of this machine that are the run's own until it ends, and that its spec does not name. */
    readonly temporary?: readonly string[]
  }) => void | Promise<void>
}

export interface RunExit {
  readonly code?: number
  readonly signal?: string
  readonly reason: 'exited' | 'timeout' | 'output' | 'memory' | 'killed' | 'sandbox-failed'
  readonly durationMs: number
  readonly note?: string
}

export interface RunStats {
  readonly processes: number
  readonly memoryBytes?: number
  readonly memoryPeakBytes?: number
  readonly cpuMs?: number
  readonly outputBytes: number
}

export const RUN_SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGKILL',
] as const
export type RunSignal = (typeof RUN_SIGNALS)[number]

/** How a process outside is told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTime: string
}

/** A run that has begun. */
export interface Running {
  readonly runId: string
  readonly agent: string
  readonly profile: string
  /** The sandbox's builder, a child of ours. */
  readonly pid: number
  /** Process 1 of the sandbox, as numbered outside. */
  readonly init: ProcessIdentity
  /** The inode of its pid namespace; what `lsns` shows. */
  readonly pidNamespace: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly limits: readonly LimitReport[]
  /** With a terminal, stdin and stdout are its two directions, and stderr stays empty. */
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Tells the terminal its size; nothing happens without one. */
  resize(size: TerminalSize): void
  /** Sends a signal to the agent's first process. */
  signal(name: RunSignal): void
  /** Stops every process until {@link thaw}. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Ends everything in the sandbox, at once; resolves when nothing of it is left. */
  kill(why?: string): Promise<KillReceipt>
  stats(): RunStats
  /** Whether process 1 answers within a moment; absent: it cannot be asked. */
  isAnswering?(): Promise<boolean>
  /**
   * Runs another command in the same sandbox, with its environment, limits and filter; resolves when it has begun.
   * Absent: this driver has no way into a running sandbox.
   *
   * @throws SandboxError `SANDBOX_UNENFORCEABLE` when the machine lacks what that needs
   */
  exec?(request: ExecRequest): Promise<RunningCommand>
  /** Settles once, never rejects. */
  readonly exit: Promise<RunExit>
}

/** A further command for a running sandbox. */
export interface ExecRequest {
  /** A program without a slash is looked for in the command's own PATH. */
  readonly argv: readonly string[]
  /** In addition to, and before, the sandbox's own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Absent: the sandbox's own. */
  readonly cwd?: string
  /** Present: the command sits at a terminal of its own, of this size. */
  readonly terminal?: TerminalSize
  readonly umask?: number
  readonly wallMs?: number
  /** Of both streams together. */
  readonly maxOutputBytes?: number
}

export interface CommandExit {
  readonly code?: number
  readonly signal?: string
  readonly reason: 'exited' | 'timeout' | 'output' | 'killed' | 'failed' | 'sandbox-ended'
  readonly durationMs: number
  readonly note?: string
}

/** A further command that has begun. It ends with its sandbox at the latest. */
export interface RunningCommand {
  /** Its number inside the sandbox. */
  readonly pid: number
  /** With a terminal, stdin and stdout are its two directions, and stderr stays empty. */
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  resize(size: TerminalSize): void
  signal(name: RunSignal): void
  /** Ends it and what it started, except what went into a session of its own. */
  kill(why?: string): void
  /** Listens no more: its streams end here, and it goes on without them. */
  detach(): void
  /** Settles once, never rejects. Streams may still hold output then, or be kept open by what it started. */
  readonly exit: Promise<CommandExit>
}

export interface KillReceipt {
  readonly processesBefore: number
  readonly processesAfter: number
  readonly ms: number
}

/** One way to keep an agent in; the room knows bubblewrap, others fit behind the same three members. */
export interface SandboxDriver {
  readonly name: string
  /** Tries out, with real sandboxes, what this machine can keep; takes some hundred milliseconds. */
  probe(): Promise<Probe>
  /** What the last probe found; makes one if there is none. */
  lastProbe(): Promise<Probe>
  /** @throws SandboxError when the sandbox was not built exactly as described; then nothing ran */
  start(spec: SandboxSpec, options: StartOptions): Promise<Running>
  /** What this driver would not keep of a spec, in words; absent: nothing beyond what the spec says itself. */
  notEnforced?(spec: SandboxSpec): Promise<readonly string[]>
}
