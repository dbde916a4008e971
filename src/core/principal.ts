/** The roles. Owner passes authorisation and nothing else: hard exclusions, containment, sandbox and record hold for it too. */
export const ROLES = ['owner', 'operator', 'guest', 'agent', 'anonymous'] as const
export type Role = (typeof ROLES)[number]

/** How the request came in. */
export type Channel = 'local-socket' | 'agent-socket' | 'library' | 'people-socket' | 'chat' | 'console'

/** Any authenticated actor, as a frozen snapshot on every request. Only `decide/identity` makes one. */
export interface Principal {
  /** `owner`, the agent's name: `[a-z0-9][a-z0-9._-]{0,62}`, or `guest:NAME`, `device:NAME`, `chat:CHANNEL/SENDER` and `console:NAME`, which name no agent. */
  readonly id: string
  readonly role: Role
  readonly channel: Channel
  /** The user id the kernel gave for the peer, where it could be asked. */
  readonly uid?: number
  /** The role default of AI-08 the agent was given, such as `system` or `task`. */
  readonly preset?: string
  /** What it speaks in: the owner's session, an agent's run, the token of a guest or device. Never the secret behind it. */
  readonly session?: string
  /** When the authenticator made this, epoch milliseconds. */
  readonly madeAt?: number
}

const AGENT_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

/** Who the record says it was when it was Warder itself, or nobody who can be told: an agent of that name would pass for it. */
const TAKEN: readonly string[] = [...ROLES, 'warder', 'unknown']

/** Whether `name` may name an agent. The roles, `warder` and `unknown` are taken. */
export function isAgentName(name: string): boolean {
  return AGENT_NAME.test(name) && !TAKEN.includes(name)
}
