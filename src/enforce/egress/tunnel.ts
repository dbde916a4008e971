import type { Socket } from 'node:net'
import { admit, tellRefused, type Admission } from './admit.ts'
import { allowsOf, decide, type Asked } from './decide.ts'
import type { Route } from './dial.ts'
import type { EndEvent, Via } from './event.ts'
import { readFirst } from './first-bytes.ts'
import { readHello, type Hello, type HelloRead } from './hello.ts'
import { parseHost, targetName, type Target } from './host.ts'
import type { Inspection } from './inspection.ts'
import type { PlainDoor } from './plain.ts'
import { refusal, type Refusal } from './refusal.ts'
import { findRoute, follow, unreachable } from './route.ts'
import type { CompiledRule } from './rules.ts'
import type { EgressRun, Tracked } from './run.ts'
import { splice } from './splice.ts'

/** How a client that asked for a connection hears the answer; each protocol has its own words. */
export interface Asking {
  readonly via: Via
  readonly target: Target
  readonly client: Tracked
  /** What came behind the question. */
  readonly sent: Buffer
  yes(): void
  no(refused: Refusal): void
}

/** A run with all that serves it. */
export interface OpenRun {
  readonly run: EgressRun
  readonly inspection: Inspection
  readonly plain: PlainDoor
}

/** From the question to the end of the connection. Never throws; whatever fails closes it. */
export async function enter(open: OpenRun, asking: Asking): Promise<void> {
  const { run } = open
  const { target } = asking
  const hidden = open.inspection.refuseName(target.host.text)
  if (hidden !== undefined) {
    // the name itself would carry the secret into the record
    tellRefused(run, asking.via, hidden, { host: '(a name with a secret in it)', port: target.port })
    return asking.no(hidden)
  }
  const asked: Asked = { target, seen: seenLater(run, target) }
  const admission = await admit(run, asked, asking.via)
  if (!admission.allowed) return asking.no(admission.refusal)
  asking.client.target = targetName(target)
  const connection = new Connection(open, asking, admission)
  const looking = findRoute(run, target)
  const found = looking instanceof Promise ? await looking : looking
  if ('refusal' in found) return connection.refuse(found.refusal)
  await connection.go(found.route)
}

/** On port 443 TLS is all there can be; elsewhere the first bytes tell. */
function seenLater(run: EgressRun, target: Target): Asked['seen'] {
  return run.isIntercepted(target.host) || target.port !== 443 ? 'later' : 'never'
}

const TLS_ALERT_ACCESS_DENIED = Buffer.of(21, 3, 3, 0, 2, 2, 49)
const LETTER = /^[A-Z]/

class Connection {
  readonly #open: OpenRun
  readonly #asking: Asking
  readonly #admission: Admission & { readonly allowed: true }
  readonly #startedMs: number

  constructor(open: OpenRun, asking: Asking, admission: Admission & { readonly allowed: true }) {
    this.#open = open
    this.#asking = asking
    this.#admission = admission
    this.#startedMs = open.run.ports.clock.monotonicMs()
  }

  get #client(): Socket {
    return this.#asking.client.socket
  }

  get #rule(): CompiledRule {
    return this.#admission.rule
  }

  /** Before anything was said to the client. */
  refuse(refused: Refusal): void {
    this.#tellEnd(whyOf(refused))
    this.#asking.no(refused)
  }

  async go(route: Route): Promise<void> {
    const { run } = this.#open
    const { target } = this.#asking
    if (run.isIntercepted(target.host)) return await this.#intercept(route)
    let dialled
    try {
      dialled = await follow(run, route)
    } catch (error) {
      return this.refuse(unreachable(target, error))
    }
    if (this.#client.destroyed) return void dialled.socket.destroy()
    this.#client.on('close', () => dialled.socket.destroy())
    this.#asking.yes()
    await this.#carry(dialled.socket, dialled.address)
  }

  async #intercept(route: Route): Promise<void> {
    const { run, inspection } = this.#open
    const { target, client } = this.#asking
    this.#asking.yes()
    const first = await this.#firstBytes()
    if (first === undefined) return this.#breakOff(SILENT)
    if (first.value.kind === 'not-tls') return this.#serveOrRefuse(first.bytes, undefined)
    // whatever a second hello says goes no further: its TLS ends here, and nobody has its key
    const wrong = this.#wrongHello(first.value, 'opened')
    if (wrong !== undefined) return this.#breakOff(wrong, true)
    client.isWaiting = false
    this.#client.once('close', () => this.#tellEnd({ labels: ['content-inspected'] }))
    inspection.interceptor.tls(this.#client, first.bytes, {
      host: target.host.text,
      port: target.port,
      dial: async () => (await follow(run, route)).socket,
      pins: run.pinsFor(target.host),
      ...(run.ports.roots === undefined ? {} : { roots: run.ports.roots }),
    })
  }

  async #carry(upstream: Socket, address: string | undefined): Promise<void> {
    if (this.#isOpaque()) return this.#splice(upstream, address, this.#asking.sent)
    const first = await this.#firstBytes()
    if (first === undefined) return this.#breakOff(SILENT)
    if (first.value.kind === 'not-tls') return this.#serveOrRefuse(first.bytes, upstream)
    const wrong = this.#wrongHello(first.value, 'carried') ?? this.#unseen()
    if (wrong !== undefined) return this.#breakOff(wrong, true)
    this.#splice(upstream, address, first.bytes)
  }

  /** One of the rules that let it through says that it need not be TLS. */
  #isOpaque(): boolean {
    const { run } = this.#open
    const allows = allowsOf(run.book, this.#asking.target, run.ports.clock.now())
    return allows.some(
      ({ rule, methods, paths }) => rule.opaque === true && methods === undefined && paths === undefined,
    )
  }

  #firstBytes() {
    this.#asking.client.isWaiting = true
    return readFirst(this.#client, this.#asking.sent, understood, this.#open.run.ports.limits.headMs)
  }

  /** What is not TLS can only be plain HTTP, and not on the port of TLS. */
  #serveOrRefuse(bytes: Buffer, upstream: Socket | undefined): void {
    const { target, client } = this.#asking
    if (target.port === 443 || !LETTER.test(bytes.toString('latin1', 0, 1))) {
      return this.#breakOff(
        refusal(
          'protocol',
          this.#rule.rule.id,
          `what was sent to ${targetName(target)} is not TLS`,
          `if another protocol is meant, say so: opaque in ${this.#rule.rule.id}`,
        ),
      )
    }
    upstream?.destroy() // each request is decided on and connected by itself
    this.#client.once('close', () => this.#tellEnd({}))
    this.#client.unshift(bytes)
    this.#open.plain.serve(client, target)
  }

  #wrongHello(read: HelloRead, tls: 'opened' | 'carried'): Refusal | undefined {
    const { target } = this.#asking
    if (read.kind === 'malformed')
      return refusal('malformed', 'egress.tls', read.why, 'use a TLS library that follows RFC 8446')
    if (read.kind !== 'hello') return undefined
    const { hello } = read
    return (
      this.#hiddenName(hello) ??
      (tls === 'carried' && hello.hidesName ? hidesName(target, this.#rule) : undefined) ??
      wrongName(hello, target, this.#rule)
    )
  }

  #hiddenName({ serverName }: Hello): Refusal | undefined {
    return serverName === undefined ? undefined : this.#open.inspection.refuseName(serverName)
  }

  /** TLS on a port where a request could have been seen: a rule for methods or paths does not cover it. */
  #unseen(): Refusal | undefined {
    const { run } = this.#open
    const verdict = decide(
      run.book,
      run.grant.agent,
      { target: this.#asking.target, seen: 'never' },
      run.ports.clock.now(),
    )
    return verdict.effect === 'deny' ? verdict.refusal : undefined
  }

  #splice(upstream: Socket, address: string | undefined, sent: Buffer): void {
    const { client } = this.#asking
    client.isWaiting = false
    client.isCounted = true
    splice(this.#open.run, client, upstream, sent, ({ bytesOut, bytesIn, broken }) => {
      const how = { bytesOut, bytesIn, ...UNSEEN, ...(address === undefined ? {} : { address }) }
      this.#tellEnd(broken === undefined ? how : { ...how, ...whyOf(broken) })
    })
  }

  /** After the client was told yes there are no words left but those of TLS. */
  #breakOff(refused: Refusal, isTls = false): void {
    this.#tellEnd(whyOf(refused))
    if (isTls && this.#client.writable)
      this.#client.end(TLS_ALERT_ACCESS_DENIED, () => this.#client.destroy())
    else this.#client.destroy()
  }

  #tellEnd(facts: Partial<EndEvent>): void {
    const { run } = this.#open
    const { target } = this.#asking
    run.tell({
      kind: 'end',
      runId: run.grant.runId,
      agent: run.grant.agent,
      id: this.#admission.id,
      at: run.ports.clock.now(),
      host: target.host.text,
      port: target.port,
      bytesOut: 0,
      bytesIn: 0,
      labels: [],
      secrets: [],
      findings: [],
      ms: Math.round(run.ports.clock.monotonicMs() - this.#startedMs),
      ...facts,
    })
  }
}

const UNSEEN = { labels: ['content-not-inspected'] } as const

function whyOf({ code, reason, fix }: Refusal): Pick<EndEvent, 'code' | 'reason' | 'fix'> {
  return { code, reason, fix }
}

function understood(bytes: Buffer): HelloRead | undefined {
  if (bytes.length === 0) return undefined
  const read = readHello(bytes)
  return read.kind === 'more' ? undefined : read
}

/** A dummy (GREASE) looks like the real thing, so that whom it is for is known only where TLS is opened. */
function hidesName(target: Target, { rule }: CompiledRule): Refusal {
  const host = target.host.text
  const entry = `hosts: [${JSON.stringify(host)}], ports: [${target.port}]`
  return refusal(
    'protocol',
    rule.id,
    `the TLS for ${targetName(target)} hides whom it is for (ECH, as every browser’s does)`,
    `add to "egress:" in the policy file: - { id: ${entryId(host)}, ${entry}, inspect: true }, which opens its TLS here (or opaque: true, which lets anything through to it); or switch Encrypted Client Hello off in the program`,
  )
}

function entryId(host: string): string {
  return host.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')
}

/** The name in the hello is the name that was asked for; one who asked for an address names nobody. */
function wrongName(hello: Hello, target: Target, { rule }: CompiledRule): Refusal | undefined {
  const fix = `let the program say in TLS where it goes, or say opaque in ${rule.id}`
  if (hello.serverName === undefined) {
    return target.host.kind === 'address'
      ? undefined
      : refusal('mismatch', rule.id, `the TLS for ${targetName(target)} names no host`, fix)
  }
  const named = parseHost(hello.serverName)
  const isSame = named?.kind === 'name' && named.text === target.host.text
  return isSame
    ? undefined
    : refusal('mismatch', rule.id, `the TLS for ${targetName(target)} is for another host`, fix)
}

const SILENT = refusal(
  'timeout',
  'egress.time',
  'nothing that could be understood came in time',
  'let the program speak first and at once; where the server does (SSH, SMTP), say opaque in the rule',
)
