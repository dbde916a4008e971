import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { EntryAnswer, InputOf, OutputOf, RunRequest } from '../../src/api/endpoints.ts'
import { attachRun, type RunExit } from '../../src/client/attach.ts'
import { calls, type Calls } from '../../src/client/calls.ts'
import { connect, type Client } from '../../src/client/connect.ts'
import { KnownError } from '../../src/core/error.ts'
import { readSocketSecret } from '../../src/platform/socket-secret.ts'
import { ensureDaemon } from './daemon.ts'
import { until, type House } from './house.ts'

export interface Attached {
  readonly exit: RunExit
  readonly stdout: string
  readonly stderr: string
}

/** The owner at the daemon's socket, without the command line in between. */
export interface Owner {
  readonly client: Client
  readonly call: Calls['call']
  open(request: Partial<RunRequest> & { readonly argv: string[] }): Promise<OutputOf<'open'>>
  attach(permit: string): Promise<Attached>
  ledger(filter?: InputOf<'auditList'>): Promise<EntryAnswer[]>
  /** Waits for the newest entry that looks like `wanted`; some refusals are written a moment after they are given. */
  entry(wanted: Readonly<Record<string, string>>): Promise<EntryAnswer>
}

export function keysOf(house: House): string {
  return join(house.home, '.local/share/warder/keys')
}

export function socketOf(house: House): string {
  return join(house.runtime, 'warder/warder.sock')
}

/** Writes a file of the house's configuration, such as `config.yaml` or `policy.yaml`. @returns its path */
export function configure(house: House, name: string, content: string | Uint8Array): string {
  const directory = join(house.home, '.config/warder')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

/** Starts the daemon, with these settings, and speaks to it. */
export async function owner(
  t: { after(fn: () => void): void },
  house: House,
  settings: readonly string[] = [],
): Promise<Owner> {
  const client = connect({ socketPath: socketOf(house), secret: () => readSocketSecret(keysOf(house)) })
  t.after(() => client.close())
  const words = settings.map((each) => `--set=${each}`)
  await ensureDaemon(house, words, () => client.request({ path: '/v1/runs' }))
  const { call } = calls(client)
  const ledger: Owner['ledger'] = async (filter = {}) =>
    (await call('auditList', { limit: 1000, ...filter })).entries
  return {
    client,
    call,
    ledger,
    open: (request) =>
      call('open', {
        kind: 'run',
        agent: 'agent-a',
        workspace: house.workspace,
        environment: {},
        ...request,
      }),
    attach: (permit) => attachTo(client, permit),
    async entry(wanted) {
      const fits = (entry: Readonly<Record<string, unknown>>) =>
        Object.entries(wanted).every(([field, value]) => entry[field] === value)
      let found: EntryAnswer | undefined
      await until(
        async () => (found = (await ledger()).findLast(fits)) !== undefined,
        `an entry with ${JSON.stringify(wanted)}`,
      )
      return found!
    },
  }
}

/** Spends a permit and collects what the run says; it gets no input. */
export async function attachTo(client: Client, permit: string): Promise<Attached> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  const exit = await attachRun(client, permit, {
    stdin: Readable.from([]),
    stdout: into(out),
    stderr: into(err),
  })
  return { exit, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

/** A stream that keeps what is written to it. */
export function into(chunks: Buffer[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk))
      done()
    },
  })
}

/** Fails unless it is refused with exactly this code. @returns the error, with the daemon's problem in it */
export async function refused(promise: Promise<unknown>, code: string): Promise<KnownError> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    assert.ok(error instanceof KnownError, String(error))
    assert.equal(error.code, code, error.message)
    return error
  }
  assert.fail(`not refused with ${code}, but answered: ${JSON.stringify(value)?.slice(0, 400)}`)
}
