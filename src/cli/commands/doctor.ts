import { existsSync, lstatSync } from 'node:fs'
import type { StatusAnswer } from '../../api/endpoints.ts'
import { calls } from '../../client/calls.ts'
import { messageOf, KnownError } from '../../core/error.ts'
import { createBubblewrapDriver, SANDBOX_ERRORS } from '../../enforce/sandbox/index.ts'
import { hookProgram } from '../../platform/hook-program.ts'
import { openNative } from '../../platform/native.ts'
import { verifyLedger } from '../../record/audit/index.ts'
import { openKeys } from '../../record/sign/index.ts'
import { createStopStore, wayBack } from '../../contain/stop/index.ts'
import { showChecks, type Check } from '../checks.ts'
import { command, type Context } from '../command.ts'
import { telling } from '../waiting.ts'
import { lookAt } from '../setup/look.ts'
import { records } from '../setup/record.ts'
import { secretChecks } from './secret-doctor.ts'
import { TRYING } from './status.ts'

export const doctor = command({
  name: 'doctor',
  about: 'check everything Warder stands on, and say how to mend it',
  details: ['Works while the daemon is dead. Each line was tried just now. Exit 7 when one fails.'],
  examples: [{ run: 'warder doctor', does: 'one line for each check, with the command that mends it' }],
  exits: ['unavailable'],
  async run(_input, context) {
    const status = askDaemon(context)
    status.catch(() => undefined) // each check that needs it says so in its own words
    return showChecks(context, await telling(context.out, TRYING, allChecks(context, status)))
  },
})

async function allChecks(context: Context, status: Promise<StatusAnswer>): Promise<Check[]> {
  return [
    nodeVersion(),
    ...directories(context),
    await tried('keys', () => keys(context)),
    await tried('stop file', () => stops(context)),
    await tried('ledger', () => ledger(context)),
    ...(await sandbox()),
    await tried('daemon', () => daemon(status)),
    ...(await memory(status)),
    await tried('self-test', () => selfTest(status)),
    ...(await hooks(context)),
    ...(await secretChecks(context)),
  ]
}

async function tried(
  check: string,
  look: () => Omit<Check, 'check'> | Promise<Omit<Check, 'check'>>,
): Promise<Check> {
  try {
    return { check, ...(await look()) }
  } catch (error) {
    const fix = error instanceof KnownError ? { fix: error.fix } : {}
    return { check, state: 'fail', why: messageOf(error), ...fix }
  }
}

function nodeVersion(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isNew = major > 24 || (major === 24 && minor >= 15)
  return {
    check: 'node',
    state: isNew ? 'ok' : 'fail',
    why: `${process.version} at ${process.execPath}`,
    ...(isNew ? {} : { fix: 'install Node 24.15 or newer' }),
  }
}

function directories({ config: { values } }: Context): Check[] {
  return (['paths.config', 'paths.state', 'paths.keys', 'paths.runtime'] as const).map((key) => {
    const path = values[key]
    if (!existsSync(path))
      return { check: key, state: 'warn', why: `${path} is not there yet`, fix: 'warder init' }
    const { mode, uid } = lstatSync(path)
    const isPrivate = (mode & 0o077) === 0 && uid === process.getuid?.()
    return {
      check: key,
      state: isPrivate ? 'ok' : 'fail',
      why: `${path}, mode ${(mode & 0o777).toString(8)}`,
      ...(isPrivate ? {} : { fix: `chmod 700 '${path}'` }),
    }
  })
}

function keys({ config: { values } }: Context): Omit<Check, 'check'> {
  const store = openKeys(values['paths.keys'], { create: false })
  return { state: 'ok', why: `checkpoint key ${store.signer('checkpoint').keyId.slice(0, 16)}` }
}

function stops({ config: { values } }: Context): Omit<Check, 'check'> {
  const { all, agents } = createStopStore(values['paths.state']).read()
  const [agent, stop] = all === undefined ? (Object.entries(agents)[0] ?? []) : [undefined, all]
  if (stop === undefined) return { state: 'ok', why: 'nothing is stopped' }
  const stopped = all === undefined ? Object.keys(agents) : ['every agent']
  return { state: 'warn', why: `stopped: ${stopped.join(', ')}`, fix: wayBack(stop, agent) }
}

async function ledger({ config: { values } }: Context): Promise<Omit<Check, 'check'>> {
  const directory = values['audit.directory']
  if (!existsSync(directory)) return { state: 'warn', why: 'there is no ledger yet', fix: 'warder init' }
  const witnessPath = values['audit.witness']
  const result = await verifyLedger({
    directory,
    keys: openKeys(values['paths.keys'], { create: false })
      .publicKeys('checkpoint')
      .map(({ publicKey }) => publicKey),
    ...(witnessPath === undefined ? {} : { witnessPath }),
  })
  if (!result.ok)
    return { state: 'fail', why: result.first?.what ?? 'it does not verify', fix: 'warder audit verify' }
  const where = `${result.head.seq} entries verify`
  return witnessPath === undefined
    ? {
        state: 'warn',
        why: `${where}; no witness, so a cut tail would not be noticed`,
        fix: 'set audit.witness to a path on another disk',
      }
    : { state: 'ok', why: `${where}, seen elsewhere up to ${result.seenElsewhereUpTo}` }
}

async function sandbox(): Promise<Check[]> {
  try {
    const probe = await createBubblewrapDriver({ native: openNative() }).probe()
    const whole: Check = { check: 'sandbox', state: probe.available ? 'ok' : 'fail', why: probe.driver }
    const parts = probe.guarantees.map(({ name, inForce, why, fix }): Check => ({
      check: `  ${name}`,
      state: inForce ? 'ok' : 'warn',
      why,
      ...(fix === undefined ? {} : { fix }),
    }))
    return [whole, ...parts]
  } catch (error) {
    const fix = error instanceof KnownError ? error.fix : SANDBOX_ERRORS.SANDBOX_UNAVAILABLE.meaning
    return [{ check: 'sandbox', state: 'fail', why: messageOf(error), fix }]
  }
}

/** Asked once for all checks: it tries the sandbox anew. */
async function askDaemon(context: Context): Promise<StatusAnswer> {
  return await calls(await context.client({ start: false })).call('status', {})
}

async function daemon(asked: Promise<StatusAnswer>): Promise<Omit<Check, 'check'>> {
  try {
    const status = await asked
    if (status.policy.problem !== undefined)
      return {
        state: 'fail',
        why: `the policy file is not in force: ${status.policy.problem}`,
        fix: 'warder policy check',
      }
    return { state: 'ok', why: `pid ${status.pid}, version ${status.version}` }
  } catch (error) {
    return { state: 'warn', why: messageOf(error), fix: 'warder daemon start' }
  }
}

/** What keeps the daemon's memory from others; only it can tell. */
async function memory(asked: Promise<StatusAnswer>): Promise<Check[]> {
  try {
    const status = await asked
    return status.memory.map(({ name, inForce, why, fix }) => ({
      check: `  ${name}`,
      state: inForce ? 'ok' : 'warn',
      why,
      ...(fix === undefined ? {} : { fix }),
    }))
  } catch {
    return [] // that there is no daemon is said above
  }
}

/** Each hook that was set up, really run: a marked call has to be refused by the daemon. */
async function hooks({ config: { values }, environment }: Context): Promise<Check[]> {
  const program = hookProgram(values)
  const looks = await Promise.all(
    records(values['paths.state']).map((record) => lookAt(record, program, environment)),
  )
  return looks.map(({ harness, path, state, why, fix }) => ({
    check: `hooks of ${harness}`,
    state,
    why: `${path}: ${why}`,
    ...(fix === undefined ? {} : { fix }),
  }))
}

/** What self-tests of this boot found; the daemon knows it from the ledger. */
async function selfTest(asked: Promise<StatusAnswer>): Promise<Omit<Check, 'check'>> {
  const fix = 'warder sandbox test'
  try {
    const { sandbox } = await asked
    const open = sandbox.tests.find(({ escaped }) => escaped.length > 0)
    if (open !== undefined)
      return {
        state: 'fail',
        why: `a way out is open (profile ${open.profile}): ${open.escaped.join(', ')}`,
        fix,
      }
    const [last] = sandbox.tests.toReversed()
    if (last === undefined) return { state: 'warn', why: 'the sandbox was not tested on this boot', fix }
    return last.isGreen
      ? { state: 'ok', why: `${last.counts.stopped} ways out stopped, none open (profile ${last.profile})` }
      : {
          state: 'warn',
          why: `the last test is not complete: ${last.counts.missing} attempts are missing`,
          fix,
        }
  } catch (error) {
    return {
      state: 'warn',
      why: `not known without the daemon: ${messageOf(error)}`,
      fix: 'warder daemon start',
    }
  }
}
