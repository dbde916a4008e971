import { isPort } from '../../core/safe/network.ts'
import { carriedBy, parseNetwork, type Address, type Network } from './address.ts'
import { EgressError } from './errors.ts'
import { parseHost, type Host } from './host.ts'
import { atAddress, networkTable, type NetworkTable } from './networks.ts'
import { pathPattern, type PathPattern } from './path.ts'

/** One line of what a run may reach. Of all that match, a deny wins, wherever it stands. */
export interface EgressRule {
  /** What answers and records call it: `policy.rules[3]`, `grant.<id>`. */
  readonly id: string
  readonly effect: 'allow' | 'deny'
  /**
   * - `example.org`: that name; in a deny also every name below it
   * - `*.example.org` or `.example.org`: every name below it, not itself
   * - `203.0.113.7`, `[2001:db8::7]`, `203.0.113.0/24`: connections asked for by address
   */
  readonly host: string
  /** Absent: 443 alone for an allow, every port for a deny. */
  readonly ports?: readonly number[]
  /** Upper case; absent: any. Where only bytes of TLS are seen, a rule with methods or paths allows nothing. */
  readonly methods?: readonly string[]
  /** `/v1/messages`, `/v1/*` (one level), `/v1/**` (any depth, itself too); absent: any. */
  readonly paths?: readonly string[]
  /** Networks that are not public and that the name may stand for all the same: `10.1.0.0/16`. */
  readonly addresses?: readonly string[]
  /** Lets bytes through that are not TLS for that very name: SSH, a server that speaks first, a hidden name (ECH). */
  readonly opaque?: boolean
  /** Epoch milliseconds from which it does not hold any more. */
  readonly until?: number
}

/** A rule read and checked. */
export interface CompiledRule {
  readonly rule: EgressRule
  readonly ports: ReadonlySet<number> | undefined
  readonly methods: ReadonlySet<string> | undefined
  readonly paths: readonly PathPattern[] | undefined
  readonly addresses: readonly Network[]
  /** For hosts given as addresses. */
  readonly network: Network | undefined
  /** The name a wildcard stands below; absent for one name or address. */
  readonly below: string | undefined
}

/** Rules by the name they hold for, so that a decision looks at as many entries as the name has labels. */
export interface RuleBook {
  readonly exact: ReadonlyMap<string, readonly CompiledRule[]>
  readonly below: ReadonlyMap<string, readonly CompiledRule[]>
  readonly allowedNetworks: NetworkTable<CompiledRule>
  /** Every address a name stands for is held against these. */
  readonly deniedNetworks: NetworkTable<CompiledRule>
}

const HTTPS: ReadonlySet<number> = new Set([443])
const METHOD = /^[A-Z][A-Z0-9-]{0,31}$/
/** Ends of names that nobody can register below, so that a wildcard over all of them is one owner's. */
const PRIVATE_ENDS: ReadonlySet<string> = new Set([
  'internal',
  'local',
  'lan',
  'test',
  'example',
  'localhost',
])

/** @throws EgressError `EGRESS_GRANT_INVALID`, naming the rule */
export function compileRules(rules: readonly EgressRule[]): RuleBook {
  const compiled = rules.map(compileRule)
  const networks = (effect: EgressRule['effect']) =>
    networkTable(
      compiled.flatMap((each) =>
        each.network === undefined || each.rule.effect !== effect ? [] : [[each.network, each] as const],
      ),
    )
  return {
    exact: Map.groupBy(
      compiled.filter(({ network, below }) => network === undefined && below === undefined),
      ({ rule }) => nameOf(rule),
    ),
    below: Map.groupBy(
      compiled.filter(({ below }) => below !== undefined),
      ({ below }) => below ?? '',
    ),
    allowedNetworks: networks('allow'),
    deniedNetworks: networks('deny'),
  }
}

function compileRule(rule: EgressRule): CompiledRule {
  const methods = rule.methods?.map((method) =>
    METHOD.test(method) ? method : wrong(rule, `the method ${JSON.stringify(method)}`),
  )
  const ports = rule.ports?.map((port) => (isPort(port) ? port : wrong(rule, `the port ${port}`)))
  return {
    rule,
    ports: ports === undefined ? (rule.effect === 'allow' ? HTTPS : undefined) : new Set(ports),
    methods: methods === undefined ? undefined : new Set(methods),
    paths: rule.paths?.map((path) => pathPattern(path) ?? wrong(rule, `the path ${JSON.stringify(path)}`)),
    addresses: (rule.addresses ?? []).map(
      (text) => parseNetwork(text) ?? wrong(rule, `the network ${JSON.stringify(text)}`),
    ),
    ...whereOf(rule),
  }
}

function whereOf(rule: EgressRule): Pick<CompiledRule, 'network' | 'below'> {
  const [, base] = /^(?:\*\.|\.)(.+)$/.exec(rule.host) ?? []
  const host = base === undefined ? undefined : parseHost(base)
  if (base !== undefined) {
    if (host?.kind !== 'name') return wrong(rule, `the host ${JSON.stringify(rule.host)}`)
    const isWide = !host.text.includes('.') && !PRIVATE_ENDS.has(host.text)
    if (isWide && rule.effect === 'allow')
      return wrong(rule, `"${rule.host}", which is most of the internet: name the domains. It is`)
    return { network: undefined, below: host.text }
  }
  const network = parseNetwork(rule.host.replace(/^\[(.*)\]$/, '$1'))
  if (network !== undefined) return { network, below: undefined }
  if (parseHost(rule.host)?.kind !== 'name') return wrong(rule, `the host ${JSON.stringify(rule.host)}`)
  return { network: undefined, below: undefined }
}

function nameOf(rule: EgressRule): string {
  return parseHost(rule.host)?.text ?? wrong(rule, `the host ${JSON.stringify(rule.host)}`)
}

function wrong(rule: EgressRule, what: string): never {
  throw new EgressError(
    'EGRESS_GRANT_INVALID',
    `the rule ${rule.id} has ${what} not in the form it must have`,
    'write a name (example.org), all names below one (*.example.org), an address or a network, upper-case methods, and paths that begin with /',
    { where: rule.id },
  )
}

/** Every rule whose host holds for this one: the allows that name it, and the denies that name it or what it stands below. */
export function rulesFor(book: RuleBook, host: Host): readonly CompiledRule[] {
  if (host.kind === 'name') return rulesForName(book, host.text)
  const { address } = host
  const allows = atAddress(book.allowedNetworks, address.bytes)
  const denies = deniesOf(book, address)
  return denies.length === 0 ? allows : [...allows, ...denies]
}

/** Who denies an address means whatever carries it too. */
function deniesOf({ deniedNetworks }: RuleBook, address: Address): readonly CompiledRule[] {
  if (deniedNetworks.widths.length === 0) return []
  return [address, ...carriedBy(address)].flatMap(({ bytes }) => atAddress(deniedNetworks, bytes))
}

function rulesForName({ exact, below }: RuleBook, name: string): CompiledRule[] {
  const itself = exact.get(name)
  const found = itself === undefined ? [] : [...itself]
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const parent = name.slice(dot + 1)
    for (const each of below.get(parent) ?? []) found.push(each)
    // whoever denies a name means what its owner can make below it too
    for (const each of exact.get(parent) ?? []) if (each.rule.effect === 'deny') found.push(each)
  }
  return found
}

/** The deny, if there is one, that names this address: a name must not be a way round it. */
export function denyOfAddress(book: RuleBook, address: Address, port: number): CompiledRule | undefined {
  return deniesOf(book, address).find(({ ports }) => ports === undefined || ports.has(port))
}
