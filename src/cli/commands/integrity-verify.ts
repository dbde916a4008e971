import { existsSync } from 'node:fs'
import { openExtendedAttributes } from '../../platform/extended-attributes.ts'
import { LedgerReader } from '../../record/audit/index.ts'
import { openKeys } from '../../record/sign/index.ts'
import {
  describe,
  fileStore,
  verifyOffline,
  type OfflineVerification,
  type Recorded,
} from '../../watch/integrity/index.ts'
import { messageOf } from '../../core/error.ts'
import { command, type Context } from '../command.ts'
import { EXIT } from '../exit.ts'

export const integrityVerify = command({
  name: 'integrity verify',
  about: 'compare every file with the signed baseline, offline',
  details: [
    'Needs no daemon. Checks the signature of the baseline, that the record knows of no newer one, and reads every file again. What could not be looked at does not count as verified: no baseline, or no key, is a failure. Exit 8 when it does not verify.',
  ],
  examples: [{ run: 'warder integrity verify', does: 'this machine' }],
  exits: ['unverified', 'missing'],
  async run(_input, context) {
    const { values } = context.config
    const keys = openKeys(values['paths.keys'], { create: false })
    const attributes = openExtendedAttributes()
    const recorded = recordedOffline(values['audit.directory'])
    const verification = await verifyOffline({
      store: fileStore(values['paths.state']),
      verify: (bytes, signature) => keys.signer('integrity').verify(bytes, signature),
      mac: (text) => keys.secret('integrity').mac(text),
      recorded: recorded.known,
      attributes: 'missing' in attributes ? undefined : attributes,
    })
    const whole = recorded.problem === undefined ? verification : unbelieved(verification, recorded.problem)
    context.out.result(whole, words(whole, context))
    return whole.ok ? EXIT.ok : EXIT.unverified
  },
})

/** What the record knows of the newest baseline and state; without a record nothing says that they are the newest. */
function recordedOffline(directory: string): { known: Recorded; problem?: string } {
  if (!existsSync(directory)) return { known: {}, problem: `there is no record in ${directory}` }
  const reader = new LedgerReader(directory)
  try {
    const newest = (action: string) => reader.query({ action, order: 'newest', limit: 1 })[0]?.details
    const base = newest('integrity:baseline')
    const state = newest('integrity:state')
    return {
      known: {
        ...(base === undefined
          ? {}
          : { baseline: { revision: Number(base['revision']), digest: String(base['digest']) } }),
        ...(state === undefined
          ? {}
          : { state: { revision: Number(state['revision']), state: 'unknown' as const } }),
      },
      ...(base === undefined ? { problem: 'the record knows of no baseline' } : {}),
    }
  } catch (error) {
    return { known: {}, problem: `the record cannot be asked: ${messageOf(error)}` }
  } finally {
    reader.close()
  }
}

function unbelieved(verification: OfflineVerification, problem: string): OfflineVerification {
  return { ...verification, ok: false, problems: [...verification.problems, problem] }
}

function words(
  { ok, state, problems, violations, entries, bytes }: OfflineVerification,
  { out }: Context,
): string {
  const most = 50
  return [
    ...problems.map((problem) => out.style('red', problem)),
    ...violations.slice(0, most).map((violation) => out.style('red', describe(violation))),
    ...(violations.length > most ? [`and ${violations.length - most} more`] : []),
    `${entries} files, ${(bytes / 1e6).toFixed(1)} MB read; state ${state}`,
    ok
      ? out.style(['bold', 'green'], 'everything is as the baseline says')
      : out.style(['bold', 'red'], 'NOT VERIFIED'),
  ].join('\n')
}
