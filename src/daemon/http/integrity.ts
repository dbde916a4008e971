import type { IntegrityAnswer, ViolationAnswer } from '../../api/integrity.ts'
import type { Entry, Violation } from '../../watch/integrity/index.ts'
import type { Acts } from '../acts.ts'
import type { Integrity } from '../watch/integrity.ts'
import type { SentryFacts } from '../watch/sentry.ts'
import type { Handlers } from './app.ts'

type IntegrityHandlers = Pick<Handlers, 'integrityShow' | 'integrityDiff' | 'integrityBaseline'>

export interface IntegrityHandlersOptions {
  readonly integrity: Integrity
  readonly acts: Acts
  readonly sentry: () => SentryFacts
  /** Watches what the new baseline names. */
  readonly renew: () => Promise<void>
}

const MOST_SHOWN = 1000

export function integrityHandlers(options: IntegrityHandlersOptions): IntegrityHandlers {
  const { integrity, acts, renew } = options
  return {
    integrityShow: () => shown(options),
    async integrityDiff() {
      await integrity.pass(true)
      const { state, violations } = integrity.monitor()
      const differences = violations.slice(0, MOST_SHOWN).map(violationAnswer)
      return { state, differences, more: violations.length - differences.length }
    },
    async integrityBaseline({ accept, reason }, { credential }) {
      const asked = {
        ...{ credential, namespace: 'config', verb: 'write', resource: 'integrity/baseline' },
        ...{ risk: 'high' as const, input: { accept } },
        ...(reason === undefined ? {} : { reason }),
      }
      const { value } = await acts.act(asked, 'policy', () => integrity.take(accept))
      await renew()
      const { baseline, read, milliseconds } = value
      const unreadable = baseline.entries.filter(({ kind }) => kind === 'unreadable').map(({ path }) => path)
      return {
        revision: baseline.revision,
        files: baseline.entries.length,
        bytesRead: read.bytes,
        milliseconds,
        unreadable: unreadable.slice(0, MOST_SHOWN),
      }
    },
  }
}

function shown({ integrity, sentry }: IntegrityHandlersOptions): IntegrityAnswer {
  const { state, problems, latch, baseline, violations, evidence } = integrity.monitor()
  const { last } = integrity
  const time = (at: number): string => new Date(at).toISOString()
  return {
    ...{ state, problems: [...problems], differing: violations.length },
    instant: { ...sentry(), failed: sentry().failed.slice(0, MOST_SHOWN) },
    ...(latch === undefined ? {} : { since: time(latch.since), reason: latch.reason }),
    ...(evidence === undefined ? {} : { lastComplete: { at: time(evidence.at), state: evidence.state } }),
    ...(last === undefined
      ? {}
      : { lastPass: { at: time(last.at), milliseconds: last.milliseconds, filesRead: last.filesRead } }),
    ...(baseline === undefined
      ? {}
      : {
          baseline: {
            ...{ revision: baseline.revision, takenAt: time(baseline.takenAt) },
            ...{ files: baseline.entries.length, roots: baseline.roots.length },
          },
        }),
  }
}

function violationAnswer({ path, category, what, fields, before, after }: Violation): ViolationAnswer {
  return {
    ...{ path, category, what, fields: [...fields] },
    ...(before === undefined ? {} : { before: side(before) }),
    ...(after === undefined ? {} : { after: side(after) }),
  }
}

function side({ kind, mode, uid, gid, size, inode, birth, links, sha256, target, xattrs }: Entry) {
  return {
    ...(birth === '' ? {} : { birth: new Date(Number(BigInt(birth) / 1_000_000n)).toISOString() }),
    ...{ kind, mode: mode.toString(8).padStart(4, '0'), uid, gid, size, inode, links },
    ...{ sha256, target, xattrs },
  }
}
