import type { ParsedInputOf } from '../../api/endpoints.ts'
import type { Action } from '../../core/action.ts'
import { digestOf, type Json } from '../../core/canonical.ts'
import { CAPABILITY_ERRORS, CapabilityError, parseCapability } from '../../core/capability.ts'
import { newId } from '../../core/id.ts'
import { isAtLeast, type RiskLevel } from '../../core/risk.ts'
import {
  check,
  explain,
  PolicyEngine,
  testPolicy,
  type Policy,
  type CheckContext,
  type PolicyOptions,
} from '../../decide/policy/index.ts'
import { pass, type Rooms } from '../../gate/index.ts'
import type { Acts } from '../acts.ts'
import { speaker } from '../runs.ts'
import type { Handlers } from './app.ts'
import { plain, verdictAnswer } from './problem.ts'

type PolicyHandlers = Pick<
  Handlers,
  'decide' | 'policyShow' | 'policyCheck' | 'policyExplain' | 'policyTest' | 'policyReload'
>

export interface PolicyHandlerOptions {
  readonly engine: PolicyEngine
  readonly engineOptions: PolicyOptions
  readonly rooms: Rooms
  readonly acts: Acts
  readonly now: () => number
  readonly file: string
  /** Reads the policy file and puts it in force; returns whether it changed anything. */
  readonly reload: () => boolean
  readonly checkContext: () => Promise<CheckContext>
}

export function policyHandlers(options: PolicyHandlerOptions): PolicyHandlers {
  const { engine, engineOptions, rooms, acts, now, file, reload, checkContext } = options
  const read = (text: string, name: string) => {
    const scratch = new PolicyEngine(engineOptions)
    return { scratch, policy: scratch.load(text, name) }
  }
  return {
    async decide(input, { credential }) {
      const action = actionOf(input)
      return verdictAnswer(
        await pass({ id: newId(), credential: speaker(credential, input.as), action }, rooms),
      )
    },
    policyShow() {
      const { source } = engine.policy()
      return {
        file,
        digest: engine.digest(),
        epoch: engine.epoch(),
        text: source.text,
        policy: { ...source.value },
      }
    },
    async policyCheck({ text, file: name }) {
      const policy = text === undefined ? engine.policy() : read(text, name ?? 'the given policy').policy
      const findings = check(policy, await checkContext()).map((finding) => ({ ...finding }))
      return { file: policy.source.file, digest: policy.digest, rules: rulesIn(policy), findings }
    },
    policyExplain(input, { credential }) {
      const who = rooms.identify(speaker(credential, input.as))
      const { decision, voices, change } = explain(engine, who, actionOf(input), now())
      return {
        decision: {
          ...decision,
          capabilities: [...decision.capabilities],
          evidence: plain(decision.evidence),
        },
        matched: voices.map((voice) => ({ ...voice })),
        ...(change === undefined ? {} : { change: { ...change } }),
      }
    },
    policyTest({ text, file: name, policy }) {
      const subject = policy === undefined ? engine : read(policy, 'the given policy').scratch
      const cases = testPolicy(subject, text, name ?? 'the expectations', now()).map(
        ({ decision, expected, ...rest }) => ({
          ...rest,
          expect: expected.effect,
          expectRule: expected.rule ?? '',
          got: decision.effect,
          rule: decision.rule,
          reason: decision.reason,
        }),
      )
      const passed = cases.filter(({ ok }) => ok).length
      return { passed, failed: cases.length - passed, cases }
    },
    async policyReload(_input, { credential }) {
      const asked = {
        credential,
        namespace: 'policy',
        verb: 'reload',
        resource: '',
        risk: 'high' as const,
        input: { file },
      }
      const { value: changed } = await acts.act(asked, 'policy', reload)
      return { digest: engine.digest(), epoch: engine.epoch(), rules: rulesIn(engine.policy()), changed }
    },
  }
}

/** As a person counts them in the file: warder status says the same number. */
function rulesIn({ source }: Policy): number {
  return source.value.rules?.length ?? 0
}

/** The action a question names: its resource must be exact, for a pattern is a rule and not a deed. */
function actionOf(input: ParsedInputOf<'decide'>): Action {
  const { namespace, verb, pattern = '' } = parseCapability(input.capability)
  if (verb === '*') {
    throw new CapabilityError(CAPABILITY_ERRORS, 'CAPABILITY_INVALID', {
      what: `"${namespace}:*" names every action, and only one can be done`,
      fix: 'name one action and one resource',
    })
  }
  const { risk, sensitivity, reason, task, format } = input
  const optional = Object.entries({ sensitivity, reason, task, format }).filter(
    ([, value]) => value !== undefined,
  )
  const action = { namespace, verb, resource: pattern, risk: atLeastUsual(namespace, verb, risk) }
  return {
    ...action,
    ...Object.fromEntries(optional),
    bytes: digestOf({ ...action, task: task ?? null } as Json),
  }
}

const READS = new Set(['read', 'list', 'status', 'resolve', 'verify'])

/** A caller may call its action worse than it usually is, never better. */
function atLeastUsual(namespace: string, verb: string, claimed: RiskLevel | undefined): RiskLevel {
  const isBorder = ['policy', 'grant', 'firewall', 'sec', 'model'].includes(namespace)
  const usual = READS.has(verb) ? 'low' : isBorder || verb === 'delete' || verb === 'kill' ? 'high' : 'medium'
  return claimed !== undefined && isAtLeast(claimed, usual) ? claimed : usual
}
