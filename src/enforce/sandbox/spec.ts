import { digestOf, sha256, type Json } from '../../core/canonical.ts'
import type { MinimumLevel } from './level.ts'
import type { GuaranteeName } from './profile.ts'
import type { Recycle } from './worker-profile.ts'

/** What stood at a path when the decision was made; something else there at the start is refused. */
export interface Identity {
  readonly device: string
  readonly inode: string
  readonly kind: 'file' | 'directory' | 'socket' | 'device'
}

/** One thing the agent will see. `path` is where, and for binds also where it comes from unless `source` says so. */
export type Mount =
  | {
      readonly type: 'bind'
      readonly source: string
      readonly path: string
      readonly access: 'read' | 'write'
      /** Absent only for the parts of the system that the machine's administrator owns. */
      readonly identity?: Identity
      readonly why: string
    }
  | {
      /** A directory that seems writable: what is changed goes to `upper`, and `source` stays as it is. */
      readonly type: 'overlay'
      readonly path: string
      readonly source: string
      readonly identity: Identity
      /** A directory of ours, owned by whom the agent runs as, on a file system that takes extended attributes. */
      readonly upper: string
      /** Empty, beside `upper` on the same file system; the kernel's own. */
      readonly work: string
      readonly why: string
    }
  | { readonly type: 'link'; readonly path: string; readonly target: string; readonly why: string }
  | {
      readonly type: 'memory'
      readonly path: string
      readonly sizeBytes: number
      readonly mode: number
      readonly why: string
    }
  | {
      /** Nothing can be read or written there: an empty read-only directory, or a file that refuses to open. */
      readonly type: 'mask'
      readonly path: string
      readonly kind: 'file' | 'directory'
      /** True when nothing stands there: a mount needs something to stand on, made at the start and removed at the end. */
      readonly absent: boolean
      readonly why: string
    }
  | { readonly type: 'text'; readonly path: string; readonly text: string; readonly why: string }

export interface Limits {
  readonly wallMs?: number
  readonly memoryBytes: number
  readonly processes: number
  readonly openFiles: number
  readonly fileBytes: number
  readonly outputBytes?: number
  readonly cpuPercent: number
  /** Of memory it may keep out of swap; absent: nothing is said about it. */
  readonly lockedBytes?: number
}

/** Exactly what the door will do, as plain data. Two specs with one digest are one act. */
export interface SandboxSpec {
  readonly version: 1
  readonly profile: string
  /** The program, absolute and resolved, and its arguments. */
  readonly argv: readonly string[]
  readonly cwd: string
  /** Every variable the agent will have. Values may be secret: never log a spec. */
  readonly env: Readonly<Record<string, string>>
  /** Who the kernel outside takes it for. */
  readonly host: { readonly uid: number; readonly gid: number }
  /** Who it is inside: never 0. */
  readonly inside: {
    readonly uid: number
    readonly gid: number
    readonly user: string
    readonly home: string
  }
  /** Parents stand before what is in them. */
  readonly mounts: readonly Mount[]
  readonly limits: Limits
  readonly noFork: boolean
  /** A port of its own loopback, from which everything is carried to a Unix socket bound at this path inside. */
  readonly bridge?: { readonly port: number; readonly socket: string }
  /**
   * For programs that know nothing of proxies: every connection, wherever it goes, arrives at this Unix socket of a
   * proxy outside, which is told where it was to go. Absent: there is no network but an empty one of its own.
   */
  readonly network?: { readonly mode: 'transparent'; readonly socket: string; readonly identity: Identity }
  readonly seccompDigest: string
  readonly terminal: boolean
  /** Where it leaves its results, in memory, and how much of them may come out; absent: nothing comes out. */
  readonly outbox?: { readonly path: string; readonly totalBytes: number; readonly files: number }
  /** When it is ended and started afresh; absent: it lives as long as it likes. */
  readonly recycle?: Recycle
  /** For the files it makes: its caller's, not the daemon's own, which is for nobody else. */
  readonly umask: number
  readonly requires: readonly GuaranteeName[]
  /** The least a driver must keep; absent: `full`. */
  readonly minimumLevel?: MinimumLevel
  /** What was asked for and cannot be had from mounts, in words. */
  readonly notEnforced: readonly string[]
  /** What a person should know about this run, in words. */
  readonly notes: readonly string[]
  /** {@link specDigest} of all of the above: the bytes a permit is for. */
  readonly digest: string
}

/** SHA-256 over everything in a spec that makes a difference; environment values enter as their own digests. */
export function specDigest(spec: Omit<SandboxSpec, 'digest'>): string {
  const { notEnforced: _words, notes: _notes, env, ...rest } = { ...spec, digest: undefined }
  const hashed = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, sha256(value)]))
  // through JSON text, so that a member that is undefined and one that is absent are the same
  return digestOf(JSON.parse(JSON.stringify({ ...rest, env: hashed })) as Json)
}
