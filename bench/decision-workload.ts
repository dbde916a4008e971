import { referenceMatches } from '../src/decide/policy/match.reference.ts'

/** One statement of the workload, before any engine has compiled it. */
export interface BenchGrant {
  readonly agent: string
  /** `namespace:verb`. */
  readonly operation: string
  readonly kind: 'path' | 'endpoint' | 'name'
  readonly pattern: string
  readonly deny: boolean
  readonly from: number
  readonly until: number
}

export interface BenchRequest {
  readonly agent: string
  readonly operation: string
  readonly resource: string
}

export interface Workload {
  readonly name: string
  readonly agents: readonly string[]
  readonly grants: readonly BenchGrant[]
  /** Half of them allowed. Re-parsed from JSON before every pass, so that no engine finds a hash ready in a string. */
  readonly requests: readonly BenchRequest[]
  readonly truth: readonly boolean[]
}

export const NOW = 1_800_000_000_000
const ALWAYS = { from: NOW - 3_600_000, until: NOW + 3_600_000 }
const OVER = { from: NOW - 7_200_000, until: NOW - 1 }
const LATER = { from: NOW + 1, until: NOW + 7_200_000 }
const PATHS = ['fs:read', 'fs:write', 'fs:delete', 'fs:list', 'fs:mkdir', 'process:spawn']
const NAMES = ['tool:call', 'pkg:install', 'service:restart']
const REQUESTS = 100_000

/** Numbers that look random and are the same in every run. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Half literals, a third prefixes, hosts below a domain, stars in the middle, one in twenty a deny inside an own prefix. */
export function makeWorkload(name: string, grantCount: number, agentCount: number, seed = 7): Workload {
  const roll = dice(seed)
  const agents = Array.from({ length: agentCount }, (_, i) => `agent-${i}`)
  const grants: BenchGrant[] = []
  for (let i = 0; i < grantCount; i++) {
    const agent = agents[i % agentCount]!
    const lot = roll(100)
    const time = roll(100) < 12 ? (roll(2) === 0 ? OVER : LATER) : ALWAYS
    const path = PATHS[roll(PATHS.length)]!
    const at = `/srv/team-${roll(50)}/project-${i}`
    const base = { agent, deny: false, ...time }
    if (lot < 35) grants.push({ ...base, operation: path, kind: 'path', pattern: `${at}/src/file-${i}.ts` })
    else if (lot < 50) {
      grants.push({
        ...base,
        operation: NAMES[roll(NAMES.length)]!,
        kind: 'name',
        pattern: `group-${roll(40)}/item-${i}`,
      })
    } else if (lot < 78) {
      grants.push({ ...base, operation: path, kind: 'path', pattern: `${at}/**` })
      if (roll(5) === 0 && grants.length < grantCount) {
        grants.push({
          ...base,
          ...ALWAYS,
          deny: true,
          operation: path,
          kind: 'path',
          pattern: `${at}/private/**`,
        })
        i++
      }
    } else if (lot < 92) {
      grants.push({
        ...base,
        operation: 'net:connect',
        kind: 'endpoint',
        pattern: `*.zone-${i}.example.org:443`,
      })
    } else grants.push({ ...base, operation: path, kind: 'path', pattern: `${at}/*/log/today-*.log` })
  }
  const { requests, truth } = ask(grants, agents, roll)
  return { name, agents, grants, requests, truth }
}

function ask(grants: readonly BenchGrant[], agents: readonly string[], roll: (below: number) => number) {
  // in one big cell only what shares the number can matter; the whole cell would take hours
  const near = Map.groupBy(
    grants,
    ({ agent, operation, pattern }) => `${agent} ${operation} ${numberIn(pattern)}`,
  )
  const requests: BenchRequest[] = []
  const truth: boolean[] = []
  const wanted = { true: REQUESTS / 2, false: REQUESTS / 2 }
  for (let tries = 0; requests.length < REQUESTS && tries < REQUESTS * 40; tries++) {
    const grant = grants[roll(grants.length)]!
    const request = vary(grant, agents, roll)
    const { agent, operation, resource } = request
    const live = (near.get(`${agent} ${operation} ${numberIn(resource)}`) ?? []).filter(
      ({ kind, pattern, from, until }) =>
        from <= NOW && NOW < until && referenceMatches(kind, pattern, resource),
    )
    const isAllowed = live.length > 0 && !live.some(({ deny }) => deny)
    if (wanted[`${isAllowed}`]-- <= 0) continue
    requests.push(request)
    truth.push(isAllowed)
  }
  return { requests, truth }
}

/** The number that makes each generated pattern its own. */
function numberIn(text: string): string | undefined {
  return /(?:project|item|zone)-(\d+)/.exec(text)?.[1]
}

function vary(grant: BenchGrant, agents: readonly string[], roll: (below: number) => number): BenchRequest {
  const hit = grant.pattern
    .replace(/\/\*\*$/, ['/src/deep/down/main.ts', '/a.txt', '', '/private/key'][roll(4)]!)
    .replace('*.zone', `${['api', 'a.b', 'www'][roll(3)]}.zone`)
    .replace('/*/', `/run-${roll(100)}/`)
    .replace('-*.', `-${roll(24)}.`)
  const { agent, operation } = grant
  switch (roll(8)) {
    case 0:
      return {
        agent,
        operation,
        resource: `${hit.replace(':443', '')}x${grant.kind === 'endpoint' ? ':443' : ''}`,
      }
    case 1:
      return { agent: agents[roll(agents.length)]!, operation, resource: hit }
    case 2: {
      const others = grant.kind === 'path' ? PATHS : grant.kind === 'name' ? NAMES : ['net:listen']
      return { agent, operation: others[roll(others.length)]!, resource: hit }
    }
    default:
      return { agent, operation, resource: hit }
  }
}
