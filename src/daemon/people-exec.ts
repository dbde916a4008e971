import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { RunInput } from '../api/run.ts'
import type { PeopleInput, PeopleOutput } from '../api/people-calls.ts'
import { identityError, principalOf, type Member } from '../decide/identity/index.ts'
import type { Running } from '../enforce/sandbox/index.ts'
import type { Credential } from '../gate/index.ts'
import type { Runs } from './runs.ts'

export type MemberExec = (
  member: Member & { readonly workspace: string },
  credential: Credential,
  input: PeopleInput<'exec'>,
  signal: AbortSignal,
) => Promise<PeopleOutput<'exec'>>

const MOST_OUTPUT_BYTES = 1024 * 1024
const MOST_AT_ONCE = 4
const LOOK_EVERY_MS = 1000

/**
 * Commands of guests and devices: each asked of the gate under their own name, in the smallest sandbox, in the directory
 * they were given, and collected. It ends with its caller's connection, and when the caller may no longer act.
 */
export function memberExec(runs: Runs): MemberExec {
  return async (member, credential, { argv, stdin = '', reason }, signal) => {
    const name = principalOf(member)
    if (runsOf(runs, member).length >= MOST_AT_ONCE) {
      throw identityError(
        'PEOPLE_FULL',
        `${MOST_AT_ONCE} commands of ${name} go on already`,
        'wait for one to end',
      )
    }
    const { workspace } = member
    const asked = { kind: 'exec', workspace, cwd: workspace, argv, environment: {} } as const
    const request = RunInput.parse(reason === undefined ? asked : { ...asked, reason })
    const prepared = await runs.prepare(credential, request)
    const running = await runs.open(prepared.permit.token)
    const leave = (): void => void running.kill('its caller went away').catch(() => undefined)
    signal.addEventListener('abort', leave)
    if (signal.aborted) leave()
    running.stdin.on('error', () => undefined) // it may end before it has read its input
    running.stdin.end(stdin)
    const [stdout, stderr] = await Promise.all([collected(running, 'stdout'), collected(running, 'stderr')])
    const exit = await running.exit
    signal.removeEventListener('abort', leave)
    await runs.isRecorded(running)
    return {
      ...{ run: running.runId, reason: exit.reason, stdout, stderr },
      ...(exit.code === undefined ? {} : { code: exit.code }),
      ...(exit.signal === undefined ? {} : { signal: exit.signal }),
      ...(exit.note === undefined ? {} : { note: exit.note }),
    }
  }
}

/** What goes on under the name of a guest or device. */
export function runsOf(runs: Runs, member: Pick<Member, 'what' | 'name'>): Running[] {
  return runs
    .live()
    .map(({ running }) => running)
    .filter(({ agent }) => agent === principalOf(member))
}

/** Ends what goes on under the name of a guest or device. @returns how many runs that were */
export async function endRunsOf(runs: Runs, member: Member, why: string): Promise<number> {
  const found = runsOf(runs, member)
  await Promise.all(found.map((running) => running.kill(why)))
  return found.length
}

/** Looks again and again whether everybody who runs something may still act: a time that is over takes nobody's word. */
export function endOverdue(
  runs: Runs,
  members: () => readonly Member[],
  isLive: (member: Member) => boolean,
): () => void {
  const timer = setInterval(() => {
    for (const member of members()) {
      if (!isLive(member)) void endRunsOf(runs, member, 'its time is over').catch(() => undefined)
    }
  }, LOOK_EVERY_MS).unref()
  return () => clearInterval(timer)
}

async function collected(running: Running, name: 'stdout' | 'stderr'): Promise<string> {
  const stream: Readable = running[name]
  const chunks: Buffer[] = []
  let sizeBytes = 0
  stream.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes <= MOST_OUTPUT_BYTES) chunks.push(chunk)
    else void running.kill('it printed more than a guest is sent').catch(() => undefined)
  })
  await finished(stream, { writable: false }).catch(() => undefined) // cut with its run, whose end says why
  return Buffer.concat(chunks).toString('base64')
}
