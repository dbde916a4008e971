/** Two network namespaces with a cable between them, made and gone with the test; the machine's own is never touched. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'

const NSENTER = '/usr/bin/nsenter'
const PLACES = ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft']

/** Why tests of the firewall cannot run here; false when they can. */
export function whyNoNetwork(): string | false {
  if (process.platform !== 'linux') return 'NOT tried: this is no Linux'
  if (process.getuid?.() !== 0) return 'NOT tried: making networks needs root'
  if (!PLACES.some((place) => existsSync(place))) return 'NOT tried: nft is missing (apt install nftables)'
  try {
    execFileSync('/usr/bin/unshare', ['--net', '/bin/true'], { stdio: 'ignore' })
    return false
  } catch {
    return 'NOT tried: this machine lets nobody make a network namespace'
  }
}

export interface Network {
  /** The words to start a program in it. */
  readonly through: readonly string[]
  /** Runs a program in it. @returns its standard output */
  run(...words: readonly [string, ...string[]]): string
  peer(ports: readonly number[], uid?: number): Promise<Peer>
}

export interface Peer {
  /** `open`, the code of the error, or `no answer`. */
  dial(to: { host: string; port: number; from?: string; waitMs?: number }): Promise<string>
  /** Many at once, kept open. */
  flood(to: { host: string; port: number; from?: string; times: number; waitMs: number }): Promise<string[]>
  /** How many connections it accepted on a port. */
  served(port: number): Promise<number>
}

/** Networks that end with `end()`, and also when this process dies: each lives as long as a pipe to it. */
export function networks(): { make: () => Promise<Network & { pid: number }>; end: () => void } {
  const children: ChildProcessWithoutNullStreams[] = []
  const start = (file: string, words: readonly string[]) => {
    const child = spawn(file, [...words])
    child.stdin.on('error', () => undefined)
    child.stderr.pipe(process.stderr)
    children.push(child)
    return child
  }
  return {
    async make() {
      const holder = start('/usr/bin/unshare', ['--net', '--', '/bin/sh', '-c', 'echo here; exec cat'])
      await new Promise((resolve) => holder.stdout.once('data', resolve))
      const pid = holder.pid ?? assert.fail('no namespace')
      const enter = [`--net=/proc/${pid}/ns/net`]
      const through = [NSENTER, ...enter, '--']
      const run = (...words: readonly [string, ...string[]]) =>
        execFileSync(NSENTER, [...enter, '--', ...words], { encoding: 'utf8' })
      run('/usr/sbin/ip', 'link', 'set', 'lo', 'up')
      const peer: Network['peer'] = async (ports, uid = 0) => {
        const user = uid === 0 ? [] : [`--setuid=${uid}`, `--setgid=${uid}`]
        const program = new URL('network-peer.ts', import.meta.url).pathname
        return await peerOf(
          start(NSENTER, [...enter, ...user, '--', process.execPath, program, ...ports.map(String)]),
          ports,
        )
      }
      return { pid, through, run, peer }
    },
    end: () => children.forEach((child) => child.stdin.destroy()),
  }
}

async function peerOf(child: ChildProcessWithoutNullStreams, ports: readonly number[]): Promise<Peer> {
  const waiting = new Map<number, (words: { results?: string[]; served?: number }) => void>()
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  const said = { count: 0, orders: 0 }
  createInterface({ input: child.stdout }).on('line', (line) => {
    const words = JSON.parse(line) as { id?: number; results?: string[]; served?: number }
    if (words.id !== undefined) return waiting.get(words.id)?.(words)
    said.count += 1
    if (said.count === ports.length + 1) resolve()
  })
  const order = async (what: object) => {
    const id = ++said.orders
    const answer = new Promise<{ results?: string[]; served?: number }>((done) => waiting.set(id, done))
    child.stdin.write(`${JSON.stringify({ id, ...what })}\n`)
    return await answer
  }
  await ready
  return {
    dial: async ({ waitMs = 10_000, ...to }) =>
      (await order({ ...to, waitMs })).results?.[0] ?? assert.fail(),
    flood: async (to) => (await order(to)).results ?? assert.fail(),
    served: async (port) => (await order({ host: '', port, times: 0, waitMs: 0 })).served ?? assert.fail(),
  }
}
