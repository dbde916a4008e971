import { isBoundTo, maySee, type BrokerEvent, type Destination, type SecretBinding } from './binding.ts'
import { refusal, type Refusal } from '../refusal.ts'
import { PLAIN, squeezed } from './forms.ts'
import type { Hit } from './search.ts'
import { isRefusal, Sieve, type Sifted } from './sieve.ts'
import { signAgain, signingOf, type Signing } from './signing.ts'
import { cut, percent, swapHead, type Head, type Header } from './swap.ts'
import { Watch, type Mark, type Part } from './watch.ts'

export interface BrokerOptions {
  readonly bindings: readonly SecretBinding[]
  readonly agent: string
  readonly run: string
  readonly now: () => number
  readonly alert: (event: BrokerEvent) => void
}

/** A request that may go, and what its body must pass through. */
export interface Cleared {
  readonly head: Head
  /** Names of the secrets that were put in. */
  readonly used: readonly string[]
  readonly body: Sieve<Mark>
  /** For what travels beside the body, such as the pings of a WebSocket: nothing is put in there. */
  readonly control: Sieve<Mark>
  /** Whether the body may come out with another length than it had. */
  readonly changesLength: boolean
  /** Whether the host knows a secret, so that its answers must be looked into. */
  readonly knowsSecret: boolean
  /** Set when the request is signed over its whole body: gather it, then call. */
  readonly sign?: (body: Buffer) => Head
}

export interface ClearedAnswer {
  readonly headers: readonly Header[]
  readonly body: Sieve<Mark>
}

/** @throws BrokerError `BROKER_BINDING_INVALID` */
export function createBroker(options: BrokerOptions): Broker {
  return new Broker(options)
}

/**
 * Puts secrets in on the way out and takes them out on the way back. Nothing here waits or touches the network: the
 * caller holds the connection, and sends only what it gets from here.
 */
export class Broker {
  readonly #watch: Watch
  readonly #options: BrokerOptions
  readonly #uses = new Map<string, number>()

  /** @throws BrokerError `BROKER_BINDING_INVALID` */
  constructor(options: BrokerOptions) {
    this.#options = options
    this.#watch = new Watch(options.bindings)
  }

  /** Whether a name that is to be resolved or connected to carries a secret; the alert has been raised. */
  refuseName(name: string): Refusal | undefined {
    const mark = this.#watch.inName(name)
    // the name itself is not told: it would carry the secret into the record
    return mark === undefined ? undefined : this.#astray(mark, '(a name with a secret in it)', 'a host name')
  }

  /** Puts in what belongs there, in address and headers, and says what the body must pass through. */
  request(head: Head, to: Destination): Cleared | Refusal {
    const bound = this.#options.bindings.filter((binding) => isBoundTo(binding, to))
    const parts = this.#watch.parts.filter(({ binding }) => bound.includes(binding))
    const signing = this.#signing(head, bound)
    if (isRefusal(signing)) return signing
    const { sent, rest, used } = swapHead(head, parts)
    const found = this.#watch.inText(textOf(rest)) ?? this.#watch.inText(flatTextOf(rest))
    if (found !== undefined) return this.#astray(found, to.host, 'its address or headers')
    const places = new Map(used.map(({ part, place }) => [part.binding, place as string]))
    if (signing !== undefined) places.set(signing.binding, 'signature')
    const spent = [...places.keys()].find((binding) => !this.#hasLeft(binding))
    if (spent !== undefined) return this.#spent(spent, to)
    for (const [binding, place] of places) this.#use(binding, to, place)
    const isCarried = bound.some(({ sign }) => sign === undefined)
    return {
      ...this.#signed(isCarried ? withoutShortcuts(sent) : sent, signing),
      used: [...places.keys()].map(({ name }) => name),
      body: new Sieve(this.#watch.search, this.#outgoing(head, to, parts, new Set(places.keys()))),
      control: new Sieve(this.#watch.search, ({ needle }) =>
        this.#astray(needle.tag, to.host, 'a control frame'),
      ),
      changesLength: parts.some((part) => isBodyPart(part) && !keepsLength(part, kindOf(head.headers))),
      knowsSecret: bound.length > 0,
    }
  }

  #signed(head: Head, signing: Signing | undefined): Pick<Cleared, 'head' | 'sign'> {
    if (signing === undefined) return { head }
    if (signing.payload === undefined) return { head, sign: (body) => signAgain(head, signing, body) }
    return { head: signAgain(head, signing, Buffer.alloc(0)) }
  }

  /** Headers and body of an answer, from which every secret is taken out. */
  answer(headers: readonly Header[], from: Destination): ClearedAnswer {
    const told = new Set<string>()
    const act = (hit: Hit<Mark>) => this.#incoming(hit, from, told)
    return {
      headers: headers.map(([name, value]): Header => [name, this.#siftText(value, act)]),
      body: new Sieve(this.#watch.search, act),
    }
  }

  /** A text as it may be written down: where a value or canary stands in it, there are stars. */
  shown(text: string): string {
    return this.#siftText(text, ({ needle, start, end }) =>
      needle.tag.what === 'placeholder' ? undefined : Buffer.alloc(end - start, '*'),
    )
  }

  close(): void {
    this.#watch.close()
  }

  #siftText(text: string, act: (hit: Hit<Mark>) => Uint8Array | undefined): string {
    const sieve = new Sieve(this.#watch.search, act)
    const parts = [sieve.push(Buffer.from(text, 'latin1')), sieve.end()]
    return parts.map((part) => (part instanceof Buffer ? part.toString('latin1') : '')).join('')
  }

  /**
   * What to do with something found in the body of a request.
   *
   * @param counted bindings this request has been charged for
   */
  #outgoing(
    head: Head,
    to: Destination,
    parts: readonly Part[],
    counted: Set<SecretBinding>,
  ): (hit: Hit<Mark>, isCut: boolean) => Sifted {
    const kind = kindOf(head.headers)
    const left = new Set<SecretBinding>()
    return ({ needle: { tag }, isWhole, offset }, isCut) => {
      const { binding } = tag
      const part = parts.find((each) => each.binding === binding && each.index === tag.part)
      const isPlaceholder = tag.what === 'placeholder'
      const isExchangeable = isPlaceholder && tag.how === PLAIN && isWhole && offset === 0 && !isCut
      if (isExchangeable && part !== undefined && isBodyPart(part)) {
        if (!counted.has(binding)) {
          if (!this.#hasLeft(binding)) return this.#spent(binding, to)
          this.#use(binding, to, 'body')
          counted.add(binding)
        }
        return part.use((value) => written(value.subarray(part.commonBytes), kind))
      }
      if (!isPlaceholder || !maySee(binding, to)) return this.#astray(tag, to.host, 'its body')
      if (!left.has(binding)) this.#alert('placeholder-left', tag, to.host, 'its body')
      left.add(binding)
      return undefined
    }
  }

  #incoming(
    { needle, start, end, offset }: Hit<Mark>,
    from: Destination,
    told: Set<string>,
  ): Uint8Array | undefined {
    const { tag } = needle
    if (tag.what === 'placeholder') return undefined
    const kind = tag.what === 'canary' ? 'canary-used' : 'echo-removed'
    const key = `${kind} ${tag.binding.name}`
    if (!told.has(key)) this.#alert(kind, tag, from.host, 'an answer')
    told.add(key)
    if (tag.what === 'canary') return undefined
    // where the placeholder is written in another number of characters, stars say as little
    const isSameLength = tag.twin?.length === needle.bytes.length
    return isSameLength ? tag.twin?.subarray(offset, offset + end - start) : Buffer.alloc(end - start, '*')
  }

  #signing(head: Head, bound: readonly SecretBinding[]): Signing | Refusal | undefined {
    for (const binding of bound) {
      const found =
        binding.sign === undefined ? undefined : signingOf(head, binding, binding.sign, this.#options.now())
      if (found !== undefined) return found
    }
    return undefined
  }

  #hasLeft({ name, budget }: SecretBinding): boolean {
    return budget === undefined || (this.#uses.get(name) ?? 0) < budget.uses
  }

  #use({ name }: SecretBinding, to: Destination, where: string): void {
    this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1)
    this.#tell('secret-used', name, to.host, where)
  }

  #spent({ name, budget }: SecretBinding, to: Destination): Refusal {
    this.#tell('budget-spent', name, to.host, 'a request')
    return refusal(
      'secret',
      'secret-budget',
      `the secret ${name} has been used ${budget?.uses ?? 0} times, which is all this run may`,
      'start the run again, or give the secret a larger budget',
    )
  }

  #astray(mark: Mark, host: string, where: string): Refusal {
    const { name, hosts, places } = mark.binding
    const kind = mark.what === 'canary' ? 'canary-used' : 'secret-astray'
    this.#alert(kind, mark, host, where)
    const what = mark.what === 'value' ? 'the secret' : `the ${mark.what} of the secret`
    return refusal(
      'secret',
      kind,
      `${what} ${name} stands in ${where} (${mark.how}), where it does not belong`,
      `send it only to ${hosts.join(', ')}, in its ${places.join(' or ')}`,
    )
  }

  #alert(kind: BrokerEvent['kind'], mark: Mark, host: string, where: string): void {
    this.#tell(kind, mark.binding.name, host, `${where} (${mark.how})`)
  }

  #tell(kind: BrokerEvent['kind'], secret: string, host: string, where: string): void {
    const { agent, run, alert } = this.#options
    alert({ kind, secret, agent, run, host, where })
  }
}

const isBodyPart = ({ places }: Part): boolean => places.includes('body')

type BodyKind = 'json' | 'form' | 'other'

function kindOf(headers: readonly Header[]): BodyKind {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1].toLowerCase() ?? ''
  if (/^application\/(?:[\w.+-]+\+)?json\b/.test(type)) return 'json'
  return type.startsWith('application/x-www-form-urlencoded') ? 'form' : 'other'
}

/** The value as the body's kind writes it. */
function written(value: Uint8Array, kind: BodyKind): Buffer {
  if (kind === 'json') return Buffer.from(JSON.stringify(Buffer.from(value).toString('utf8')).slice(1, -1))
  return kind === 'form' ? Buffer.from(percent(value)) : Buffer.from(value)
}

function keepsLength({ use, placeholder, commonBytes }: Part, kind: BodyKind): boolean {
  return (
    use((value) => written(value.subarray(commonBytes), kind).length) === placeholder.length - commonBytes
  )
}

/**
 * What would let an agent read an answer in slices too small to recognise, or packed: toward a host that knows a secret
 * every answer comes whole and plain.
 */
const SHORTCUTS = new Set(['range', 'if-range', 'accept-encoding', 'te', 'sec-websocket-extensions'])

function withoutShortcuts(head: Head): Head {
  const kept = head.headers.filter(([name]) => !SHORTCUTS.has(name.toLowerCase()))
  return { ...head, headers: [...kept, ['Accept-Encoding', 'identity']] }
}

function textOf({ method, target, headers }: Head): string {
  return [method, target, ...headers.flat()].join('\n')
}

/** Everything an agent can choose, put end to end without what stands between: a secret in two halves is whole here. */
function flatTextOf({ target, headers }: Head): string {
  const [path, query = ''] = cut(target, '?')
  const values = query.split('&').map((pair) => cut(pair, '=')[1] ?? pair)
  const decode = (text: string) =>
    text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, two: string) => String.fromCharCode(Number.parseInt(two, 16)))
  const own = headers.filter(([name]) => !NOT_CHOSEN.has(name.toLowerCase())).map(([, value]) => value)
  const pieces = [...path.split('/'), ...values, ...own]
  return `${squeezed(decode(pieces.join('')))}\n${squeezed(headers.map(([name]) => name).join(''))}`
}

const NOT_CHOSEN = new Set([
  'host',
  'connection',
  'content-length',
  'user-agent',
  'accept',
  'accept-encoding',
])
