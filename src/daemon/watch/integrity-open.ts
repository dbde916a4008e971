import { bindingName } from '../../watch/canary/index.ts'
import { canaryHandlers } from '../http/canaries.ts'
import { integrityHandlers } from '../http/integrity.ts'
import { guardLoosening } from '../people-wiring.ts'
import { Canaries } from './canaries.ts'
import { Integrity } from './integrity.ts'
import type { BuiltRun } from './run-watcher.ts'
import { Sentry } from './sentry.ts'
import type { Raise, WatchOptions } from './wire.ts'

/**
 * The baseline and the canaries, and the one program that tells of touches for both. Before there is a baseline or a
 * canary nothing is started.
 */
export function openIntegrity(options: WatchOptions, raise: Raise) {
  const { acts, people, secrets, clock, out, lost } = options
  const sentry: Sentry = new Sentry({
    onTouch: (touch) => {
      canaries.touched(touch)
      integrity.touched(touch)
    },
    onLost: () => void integrity.pass(false),
    wanted: () => ({
      files: canaries.files(),
      directories: [...new Set([...integrity.directories(), ...canaries.directories()])],
    }),
  })
  const facts = () => sentry.facts()
  const integrity = new Integrity(options, raise, facts)
  const canaries = new Canaries(options, raise, facts)
  const renew = () => sentry.renew()
  people.onToken = (token, uid, by) => canaries.shown(token, uid, by)
  out.ways.lookFor = () =>
    canaries
      .tokens()
      .flatMap((canary) =>
        canary.value === undefined ? [] : [{ name: bindingName(canary), value: canary.value }],
      )
  const handlers = guardLoosening(people, {
    ...integrityHandlers({ integrity, acts, sentry: facts, renew }),
    ...canaryHandlers({ canaries, acts, secrets: secrets.handlers, now: () => clock.now(), renew }),
  })
  return {
    handlers,
    parts: () => [integrity.part(), canaries.part()],
    models: (run: BuiltRun) => integrity.models(run),
    /** Of the last complete pass, for who recovers. */
    evidence: () => integrity.evidence(),
    begin(): void {
      integrity.begin()
      canaries.begin()
      void renew().catch(lost)
    },
    close(): void {
      sentry.close()
      integrity.close()
      canaries.close()
    },
  }
}
