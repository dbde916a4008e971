import type { GuaranteeName, Profile } from '../profile.ts'
import type { Limits } from '../spec.ts'

export const GROUPS = [
  'files',
  'descriptors',
  'network',
  'processes',
  'keyrings',
  'namespaces',
  'kernel',
  'limits',
  'persistence',
  'swaps',
  'endings',
] as const
export type Group = (typeof GROUPS)[number]

/** What is expected to say no. */
export type Layer =
  | 'mounts'
  | 'namespaces'
  | 'seccomp'
  | 'capabilities'
  | 'descriptors'
  | 'limits'
  | 'supervisor'

/**
 * What was made for one side of the test: outside, where attempts must succeed, or inside, where they must not. Each
 * side has canaries of its own, so that what one side did cannot pass for the other's.
 */
export interface Stage {
  readonly side: 'outside' | 'inside'
  /** In every secret, and in everything that is planted. */
  readonly token: string
  readonly root: string
  /** A copy of the prober that the run's user may start. */
  readonly tool: string
  /** The workspace of the run, a directory under `root`. */
  readonly workspace: string
  /** The user's home directory. */
  readonly home: string
  /** A file of Warder's own, where no agent may look. */
  readonly own: string
  /** A process of the host with the token in its environment, and one that may be killed. */
  readonly bystander: number
  readonly victim: number
  /** Ports of services on the host that answer with the token; absent where the host has no such address. */
  readonly ports: { readonly tcp?: number; readonly tcp6?: number; readonly udp?: number }
  /** An address of the host that is not loopback, with a service behind `port`. */
  readonly outward?: { readonly address: string; readonly port: number }
  /** An abstract socket of the host. */
  readonly abstract: string
  /** Of a System V shared memory segment. */
  readonly shmKey: number
  /** What detached processes call themselves, so that they can be found from outside. */
  readonly mark: string
}

/** What the attempts are tried against. */
export interface Target {
  readonly profile: Profile
  readonly limits: Limits
  readonly architecture: 'x86_64' | 'aarch64'
  /** Memory nobody uses: what would need more than half of it is not tried. */
  readonly freeMemoryBytes: number
}

/** What became of one side's try. */
export interface Answer {
  readonly did: boolean
  /** 0, or the kernel's number for why not. */
  readonly errno: number
  readonly note: string
}

/** An attempt with a sandbox of its own. */
export interface Alone {
  /** What is done from outside once it said `ready`; the control's process, or the sandbox. */
  readonly then?: 'kill-wrapper' | 'kill-init' | 'stop' | 'rename-over'
  /** Wall-clock limit asked for this run. */
  readonly maxSeconds?: number
  /** Whether what it left behind decides, instead of its own word. */
  readonly bySurvivors?: boolean
}

/** One way out. */
export interface Attempt {
  readonly name: string
  readonly group: Group
  /** In one line. */
  readonly tries: string
  readonly stoppedBy: Layer
  /** What no longer holds when it gets through. */
  readonly guarantee: GuaranteeName
  /** Must be stopped at the lowest level too: that a guarantee is known to be missing excuses nothing. */
  readonly atEveryLevel: boolean
  /** Without its control the whole test is not complete; false where many hosts refuse it to everybody. */
  readonly isRequired: boolean
  /** Why no sandbox of this kind stops it; it is tried all the same. */
  readonly alwaysOpen?: string
  /** Why it gets through, and takes nothing with it, while the first process inside is this program. */
  readonly openUnder?: { readonly program: string; readonly why: string }
  /** The order for the prober; undefined where this host has nothing to try it on. */
  readonly order: (stage: Stage, target: Target) => readonly string[] | undefined
  /** Looks outside for what the attempt was after; without it the attempt's own word counts. */
  readonly happened?: (stage: Stage) => boolean
  /** Why it makes no sense with this profile or on this host. */
  readonly unless?: (target: Target) => string | undefined
  readonly alone?: Alone
}

type Given = Pick<Attempt, 'name' | 'tries' | 'order'> & Partial<Attempt>

/** A list of attempts that share most of what they are. */
export function group(
  shared: Partial<Attempt> & { readonly group: Group },
  list: readonly Given[],
): Attempt[] {
  return list.map((each) => ({
    stoppedBy: 'mounts',
    guarantee: 'namespaces',
    atEveryLevel: false,
    isRequired: true,
    ...shared,
    ...each,
  }))
}
