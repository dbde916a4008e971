import { join } from 'node:path'
import type { Finding } from '../../core/incident.ts'
import { createSecondStage, Detector, type DetectorFacts, type Observed } from '../../watch/detect/index.ts'
import { componentOf, type Component } from '../../watch/health/index.ts'
import type { OpenAlerts } from './alerts-open.ts'
import { DetectRules } from './detect-rules.ts'
import { Staging } from './detect-stage.ts'
import { Detecting } from './detect.ts'
import type { WatchOptions } from './wire.ts'

export interface OpenDetect {
  readonly rules: DetectRules
  /** Something a watcher of the host saw is held against the rules. */
  observe(event: Observed): void
  /** @returns whether other rules are in force now. @throws DetectError, FileError */
  reload(): Promise<boolean>
  facts(): ReturnType<Detecting['facts']> & DetectorFacts & { readonly secondStage?: string }
  /** How well it sees, for whoever asks what is in force. */
  parts(): readonly Component[]
  begin(): void
  close(): Promise<void>
}

type Needs = Pick<WatchOptions, 'values' | 'home' | 'ledger' | 'taint' | 'clock' | 'redact' | 'lost'>

/** Rules over the record: what they find goes to the alerts. */
export function openDetect(options: Needs, alerts: OpenAlerts): OpenDetect {
  const { values, home, ledger, taint, clock, redact, lost } = options
  const now = () => clock.now()
  const rules = new DetectRules(values['detect.rules'])
  const detector = new Detector([], home)
  const model = values['detect.model_url']
  const staging =
    model === undefined
      ? undefined
      : new Staging({ stage: createSecondStage({ url: model, redact }), worsen: alerts.worsen })
  const raise = (finding: Finding): void => {
    alerts.raise(finding)
    staging?.consider(finding)
  }
  const reload = async (): Promise<boolean> => {
    const isOther = await rules.load()
    if (isOther) detector.load(rules.inForce())
    return isOther
  }
  const detecting = new Detecting({
    ...{ ledger, detector, raise, now, lost },
    cursorFile: join(values['paths.state'], 'watch', 'cursor.json'),
    sync: alerts.sync,
    told: alerts.told,
    labelsOf: (agent) => taint.labels(agent),
    monotonicMs: () => clock.monotonicMs(),
    everyMs: values['detect.interval'],
    cycle: async () => void (await reload()),
    prepare: async () => {
      try {
        await reload()
      } catch (error) {
        // the shipped rules at least; the file is told of, and shown wherever protection is
        await rules.shippedOnly()
        detector.load(rules.inForce())
        throw error
      }
    },
  })
  const sources = () => {
    const { name, inForce, why } = detecting.facts()
    const problem = rules.problem()
    const modelProblem = staging?.problem()
    return [
      { name, inForce, ...(why === undefined ? {} : { why }) },
      { name: 'rules', inForce: problem === undefined, ...(problem === undefined ? {} : { why: problem }) },
      ...(staging === undefined
        ? []
        : [
            {
              name: 'second stage',
              inForce: modelProblem === undefined,
              ...(modelProblem === undefined ? {} : { why: modelProblem }),
            },
          ]),
    ]
  }
  return {
    rules,
    observe: (event) => detecting.observe(event),
    reload,
    facts: () => ({
      ...detecting.facts(),
      ...detector.facts(),
      ...(staging === undefined ? {} : { secondStage: staging.name }),
    }),
    parts: () => [componentOf('detection', sources(), 'warder watch status')],
    begin: () => detecting.begin(),
    close: () => detecting.close(),
  }
}
