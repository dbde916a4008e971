/** The decision alone, on one URL as it comes: its host read, its rule found among so many, method and path compared. */
import { allowsOf, decide, refusedAddress } from '../src/enforce/egress/decide.ts'
import { classOf, parseAddress } from '../src/enforce/egress/address.ts'
import { parseTarget } from '../src/enforce/egress/host.ts'
import { compileRules, type EgressRule } from '../src/enforce/egress/rules.ts'
import type { BenchResult } from './result.ts'

const SIZES = [10, 1000, 10_000] as const
const WARM_UP = 20_000
const SAMPLED = 50_000
const MOST_MICROSECONDS = 30
const ADDRESS = '203.0.113.7'
const PUBLIC = '93.184.215.14'

interface Asked {
  readonly url: string
  readonly method: string
  readonly isAllowed: boolean
}

export function decisions(): BenchResult[] {
  return SIZES.map((size) => {
    const book = compileRules(rulesOf(size))
    const asked = questions(size)
    const times: number[] = []
    for (let at = 0; at < WARM_UP + SAMPLED; at++) {
      const one = asked[at % asked.length]!
      const started = process.hrtime.bigint()
      const isAllowed = judge(book, one)
      const took = Number(process.hrtime.bigint() - started) / 1000
      if (isAllowed !== one.isAllowed) throw new Error(`${one.method} ${one.url}: ${isAllowed}`)
      if (at >= WARM_UP) times.push(took)
    }
    times.sort((a, b) => a - b)
    const [p50, p99] = [times[Math.floor(SAMPLED / 2)]!, times[Math.floor(SAMPLED * 0.99)]!]
    return {
      bench: 'egress',
      name: `decision on a URL, ${size.toLocaleString('en')} rules`,
      ...{ unit: 'µs', value: p50, p50, p99 },
      ...{ goal: `p99 < ${MOST_MICROSECONDS} µs`, ok: p99 < MOST_MICROSECONDS },
    }
  })
}

/** As the proxy does it for an intercepted request; instead of looking names up, all of them stand for one address. */
function judge(book: ReturnType<typeof compileRules>, { url, method }: Asked): boolean {
  const [, authority = '', path = '/'] = /^https:\/\/([^/?#]+)([^?#]*)/.exec(url) ?? []
  const target = parseTarget(authority, 443)
  if (target === undefined) return false
  const now = Date.now()
  if (decide(book, 'bench', { target, seen: { method, path } }, now).effect === 'deny') return false
  const address = target.host.kind === 'address' ? target.host.address : parseAddress(PUBLIC)
  if (address === undefined) return false
  const allows = allowsOf(book, target, now)
  return refusedAddress(book, allows, target, address, classOf(address)) === undefined
}

/** Of ten rules six name a host, one all below one, one denies, one has methods and paths, one is a network. */
function rulesOf(size: number): EgressRule[] {
  return Array.from({ length: size }, (_, at): EgressRule => {
    const id = `policy.rules[${at}]`
    const group = Math.floor(at / 10)
    if (at % 10 === 6) return { id, effect: 'allow', host: `*.below${group}.example` }
    if (at % 10 === 7) return { id, effect: 'deny', host: `bad.below${group}.example` }
    if (at % 10 === 8)
      return { id, effect: 'allow', host: `api${group}.example`, methods: ['GET'], paths: ['/v1/**'] }
    if (at % 10 === 9)
      return { id, effect: 'allow', host: group === 0 ? ADDRESS : `198.51.${group % 256}.${group >> 8}` }
    return { id, effect: 'allow', host: `host${at}.example` }
  })
}

function questions(size: number): Asked[] {
  const groups = Math.ceil(size / 10)
  return Array.from({ length: 500 }, (_, at) => (at * 7919) % groups).flatMap((group): Asked[] => [
    { url: `https://host${group * 10}.example/a/b?c=d`, method: 'GET', isAllowed: true },
    { url: `https://HOST${group * 10}.Example./`, method: 'POST', isAllowed: true },
    { url: `https://deep.er.below${group}.example/`, method: 'GET', isAllowed: true },
    { url: `https://very.bad.below${group}.example/`, method: 'GET', isAllowed: false },
    { url: `https://api${group}.example/v1/items/17`, method: 'GET', isAllowed: true },
    { url: `https://api${group}.example/v1/items/17`, method: 'DELETE', isAllowed: false },
    { url: `https://api${group}.example/v1/%2e%2e/admin`, method: 'GET', isAllowed: false },
    { url: `https://nobody${group}.example/`, method: 'GET', isAllowed: false },
    { url: 'https://2130706433/', method: 'GET', isAllowed: false },
    { url: `https://user@host${group * 10}.example/`, method: 'GET', isAllowed: false },
  ])
}
