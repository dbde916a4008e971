import type { AlertAnswer } from '../../api/alerts.ts'
import { isAtLeast } from '../../core/risk.ts'
import { firesWhen } from '../../watch/detect/index.ts'
import type { Component } from '../../watch/health/index.ts'
import type { Acts } from '../acts.ts'
import type { OpenAlerts } from '../watch/alerts-open.ts'
import type { OpenDetect } from '../watch/detect-open.ts'
import type { Handlers } from './app.ts'

type AlertHandlers = Pick<
  Handlers,
  'alertList' | 'alertFollow' | 'watchRules' | 'watchStatus' | 'watchReload'
>

export interface AlertHandlersOptions {
  readonly alerts: OpenAlerts
  readonly detect: OpenDetect
  readonly acts: Acts
  /** What every watcher says of itself. */
  readonly parts: () => readonly Component[]
}

/** What was noticed, by which rules, and how well anybody looks. */
export function alertHandlers({ alerts, detect, acts, parts }: AlertHandlersOptions): AlertHandlers {
  return {
    alertList({ severity, recent }) {
      const { alerts: found, damaged } = alerts.list(severity, recent)
      return { alerts: [...found], damaged }
    },
    async *alertFollow({ severity }, { signal }) {
      for await (const alert of alerts.follow(signal))
        if (severity === undefined || isAtLeast(alert.severity, severity)) yield answerOf(alert)
    },
    watchRules: () => ({
      rules: detect.rules.all.map(({ rule, from, isOff }) => ({
        ...{ id: rule.id, title: rule.title, severity: rule.severity, from, off: isOff },
        ...(rule.class === undefined ? {} : { class: rule.class }),
        ...{ fires: firesWhen(rule), attack: rule.attack, atlas: rule.atlas, owasp: rule.owasp },
      })),
    }),
    watchStatus() {
      const { seq, behind, cycles, windows, marks, forgotten, secondStage, rules } = detect.facts()
      const problem = detect.rules.problem()
      return {
        sources: parts().map(({ name, state, why }) => ({ name, inForce: state === 'ok', why })),
        rules,
        rulesOff: detect.rules.all.filter(({ isOff }) => isOff).map(({ rule }) => rule.id),
        rulesFile: detect.rules.path,
        ...(problem === undefined ? {} : { rulesProblem: problem }),
        ...{ seq, behind, cycles, windows, marks, forgotten },
        ...(secondStage === undefined ? {} : { secondStage }),
        alerts: alerts.facts(),
        senders: [...alerts.senders.facts()],
      }
    },
    async watchReload(_input, { credential }) {
      const asked = {
        ...{ credential, namespace: 'config', verb: 'write', resource: 'detect' },
        ...{ risk: 'high' as const, input: {}, reason: 'reads the detection rules again' },
      }
      const { value } = await acts.act(asked, 'policy', () => detect.reload())
      return { rules: detect.rules.inForce().length, changed: value }
    },
  }
}

function answerOf(alert: AlertAnswer): AlertAnswer {
  return { ...alert, evidence: { ...alert.evidence } }
}
