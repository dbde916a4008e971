import { NAMESPACES, type Capability, type ResourceKind } from '../../core/capability.ts'
import { PolicyError } from './error.ts'
import { isHostName, isIpv4, LIMITS, normalAddress, readPort } from './resource.ts'
import { EMPTY_RUN, hashName, hashRun } from './scan.ts'

/** One component of a pattern: a name, one with stars inside, any one component (`*`), or any number of them (`**`). */
export type Part =
  | { readonly is: 'name'; readonly text: string; readonly hash: number }
  | { readonly is: 'glob'; readonly text: string; readonly pieces: readonly string[] }
  | { readonly is: 'any' }
  | { readonly is: 'deep' }

/**
 * A compiled pattern. It is never a regular expression: `a*a*a*a*b` as one holds a process for minutes, and here takes
 * as many steps as it has components.
 */
export interface Pattern {
  readonly kind: ResourceKind
  /** As written, variables filled in; `**` when the capability had none. */
  readonly text: string
  /** In matching order: for hosts from the right. */
  readonly parts: readonly Part[]
  /** How many leading parts are names, their text, and the hash of that run. */
  readonly fixed: number
  readonly head: string
  readonly headHash: number
  /** `exact`: no stars. `tree`: the head and all below. `child`: one level below. `below`: all below. */
  readonly shape: 'exact' | 'tree' | 'child' | 'below' | 'glob'
  /** For `glob`: the parts after the head, cut at each `**`. */
  readonly runs: readonly (readonly Part[])[]
  /** Port ranges of an endpoint, first and last of each in turn; undefined is any port. */
  readonly ports: readonly number[] | undefined
}

/**
 * Compiles the pattern of a capability for its namespace. A capability without one covers every resource.
 *
 * Paths and names: whole components; `*` is exactly one (or any run of characters inside one, as in `*.md`), `**` any
 * number, none included: `/a/**` covers `/a` itself. Endpoints: `host[:ports]`, host exact, `*.example.org` (not the
 * apex) or `**`; ports `443`, `80,443`, `8000-8999` or `*`; no ports means any.
 *
 * @throws PolicyError `PATTERN_INVALID`
 */
export function compilePattern(capability: Capability): Pattern {
  const kind = NAMESPACES[capability.namespace]?.resource ?? 'name'
  const text = capability.pattern ?? '**'
  if (text.length > LIMITS.patternLength) {
    throw invalid(text, `is longer than ${LIMITS.patternLength} characters`, 'make it shorter')
  }
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text) || !text.isWellFormed()) {
    throw invalid(text, 'has a control character or is not valid Unicode', 'take it out')
  }
  if (kind === 'endpoint') return endpointPattern(text)
  if (capability.pattern === undefined) return assemble(kind, text, [{ is: 'deep' }], undefined)
  if (kind === 'path') {
    if (!text.startsWith('/')) throw invalid(text, 'is not an absolute path', 'begin it with /')
    if (text.includes('\\')) throw invalid(text, 'has a backslash', 'separate components with /')
    if (text === '/') return assemble(kind, text, [], undefined)
  }
  const components = (kind === 'path' ? text.slice(1) : text).split('/')
  return assemble(
    kind,
    text,
    components.map((component) => partOf(component, text)),
    undefined,
  )
}

const NO_RUNS: Pattern['runs'] = []

function partOf(component: string, pattern: string): Part {
  if (component === '') {
    throw invalid(pattern, 'has an empty component', 'write single slashes, and none at the end')
  }
  if (component === '.' || component === '..') {
    throw invalid(pattern, `has a ${component} component`, 'write the path it stands for')
  }
  if (component.length > LIMITS.componentLength) {
    throw invalid(pattern, `has a component longer than ${LIMITS.componentLength}`, 'make it shorter')
  }
  if (component === '*') return { is: 'any' }
  if (component === '**') return { is: 'deep' }
  if (component.includes('**')) {
    throw invalid(pattern, `has ** inside "${component}"`, 'let ** stand alone between slashes, or write *')
  }
  if (component.includes('*')) return { is: 'glob', text: component, pieces: component.split('*') }
  return { is: 'name', text: component, hash: hashName(component) }
}

function endpointPattern(text: string): Pattern {
  const close = text.startsWith('[') ? text.indexOf(']') : 0
  const colon = text.indexOf(':', Math.max(close, 0))
  const host = (colon === -1 ? text : text.slice(0, colon)).toLowerCase().replace(/(?<=[a-z0-9])\.$/, '')
  const ports = colon === -1 ? undefined : portRanges(text, text.slice(colon + 1))
  if (host === '**') return assemble('endpoint', text, [{ is: 'deep' }], ports)
  const isAnyBelow = host.startsWith('*.')
  const name = isAnyBelow ? host.slice(2) : host
  const address = normalAddress(name) ?? (isIpv4(name) ? name : undefined)
  if (address !== undefined && !isAnyBelow) {
    return assemble('endpoint', text, [{ is: 'name', text: address, hash: hashName(address, true) }], ports)
  }
  if (!isHostName(name)) {
    throw invalid(
      text,
      'has no host Warder can match exactly',
      'write a name such as example.org, *.example.org for what is below it, ** for any host, or an address ([::1] for IPv6)',
    )
  }
  const labels = name.split('.').toReversed()
  const parts: Part[] = labels.map((label) => ({ is: 'name', text: label, hash: hashName(label, true) }))
  return assemble('endpoint', text, isAnyBelow ? [...parts, { is: 'any' }, { is: 'deep' }] : parts, ports)
}

function portRanges(pattern: string, text: string): Pattern['ports'] {
  if (text === '*') return undefined
  return text.split(',').flatMap((range) => {
    const [low = '', high = low, ...more] = range.split('-')
    const from = readPort(low, 0)
    const to = readPort(high, 0)
    if (from === -1 || to < from || more.length > 0) {
      throw invalid(
        pattern,
        `has "${range.slice(0, 40)}" for a port`,
        'write 443, 80,443, 8000-8999 or *; IPv6 in [ ]',
      )
    }
    return [from, to]
  })
}

function assemble(
  kind: ResourceKind,
  text: string,
  parts: readonly Part[],
  ports: Pattern['ports'],
): Pattern {
  const stars = parts.reduce((sum, part) => sum + starsIn(part), 0)
  if (stars > LIMITS.stars)
    throw invalid(text, `has ${stars} stars`, `use at most ${LIMITS.stars}, or several rules`)
  if (parts.length > LIMITS.patternComponents) {
    throw invalid(text, `has ${parts.length} components`, `use at most ${LIMITS.patternComponents}`)
  }
  if (parts.some((part, i) => part.is === 'deep' && parts[i + 1]?.is === 'deep')) {
    throw invalid(text, 'has ** twice in a row', 'write it once')
  }
  const isFixed = parts.findIndex((part) => part.is !== 'name')
  const fixed = isFixed === -1 ? parts.length : isFixed
  const names = parts.slice(0, fixed).flatMap((part) => (part.is === 'name' ? [part] : []))
  const rest = parts.slice(fixed)
  return {
    kind,
    text,
    parts,
    fixed,
    head: headText(
      kind,
      names.map((name) => name.text),
      rest.length === 0,
    ),
    headHash: names.reduce((run, name) => hashRun(run, name.hash), EMPTY_RUN),
    shape: shapeOf(rest),
    runs: shapeOf(rest) === 'glob' ? cutAtDeep(rest) : NO_RUNS,
    ports,
  }
}

function starsIn(part: Part): number {
  if (part.is === 'glob') return part.pieces.length - 1
  return part.is === 'name' ? 0 : 1
}

/** One piece of memory: a text put together with `+` or cut out of another is two, and is read for every request. */
function headText(kind: ResourceKind, names: readonly string[], isExact: boolean): string {
  if (kind === 'endpoint') return names.toReversed().join('.')
  if (kind === 'name') return names.join('/')
  return names.length === 0 ? (isExact ? '/' : '') : ['', ...names].join('/')
}

function shapeOf(rest: readonly Part[]): Pattern['shape'] {
  const [first, second, third] = rest.map((part) => part.is)
  if (first === undefined) return 'exact'
  if (first === 'deep' && second === undefined) return 'tree'
  if (first === 'any' && second === undefined) return 'child'
  if (first === 'any' && second === 'deep' && third === undefined) return 'below'
  return 'glob'
}

function cutAtDeep(rest: readonly Part[]): Part[][] {
  const runs: Part[][] = [[]]
  for (const part of rest) {
    if (part.is === 'deep') runs.push([])
    else runs.at(-1)?.push(part)
  }
  return runs
}

function invalid(pattern: string, what: string, fix: string): PolicyError {
  return new PolicyError('PATTERN_INVALID', {
    what: `the pattern ${JSON.stringify(pattern.slice(0, 120))} ${what}`,
    fix,
  })
}
