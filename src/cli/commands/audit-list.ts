import { calls } from '../../client/calls.ts'
import type { EntryAnswer, InputOf } from '../../api/endpoints.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { command } from '../command.ts'
import { localTime, type Out } from '../out.ts'
import { choiceOption, flag, integerOption, option } from '../param.ts'
import { instant } from '../instant.ts'

export const FILTERS = {
  agent: option('only what this agent did', { completes: 'agent' }),
  action: option('only actions that begin so, such as fs: or process:spawn'),
  decision: choiceOption('only this decision', ['allow', 'ask', 'deny']),
  result: option('only this result: allowed, denied, success, failure, timeout, violation, cancelled, error'),
  risk: choiceOption('only this risk level', RISK_LEVELS),
  type: option('only this event type, such as capability, policy or containment'),
  since: option('from this time on: 2h, 7d, or 2026-01-31T12:00Z', { value: 'TIME' }),
  until: option('up to this time', { value: 'TIME' }),
  unsettled: flag('only permits that were never settled'),
} as const

interface FilterInput {
  readonly agent: string | undefined
  readonly action: string | undefined
  readonly decision: 'allow' | 'ask' | 'deny' | undefined
  readonly result: string | undefined
  readonly risk: (typeof RISK_LEVELS)[number] | undefined
  readonly type: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
  readonly unsettled: boolean
}

export function filterOf(input: FilterInput, now: number): InputOf<'auditList'> {
  const { since, until, unsettled, agent, action, decision, result, risk, type } = input
  const plain = Object.entries({ agent, action, decision, result, risk, type }).filter(
    ([, value]) => value !== undefined,
  )
  return {
    ...Object.fromEntries(plain),
    ...(since === undefined ? {} : { since: instant(since, now) }),
    ...(until === undefined ? {} : { until: instant(until, now) }),
    ...(unsettled ? { unsettled: 'true' } : {}),
  }
}

export function entryLine(entry: EntryAnswer, out: Out): string {
  const said = entry.decision === '' ? entry.result : entry.decision
  const colour =
    entry.result === 'denied'
      ? 'red'
      : entry.decision === 'allow' || entry.result === 'success'
        ? 'green'
        : 'yellow'
  const why = entry.rule === '' ? '' : ` ${entry.layer}/${entry.rule}`
  return `${entry.seq}  ${localTime(Date.parse(entry.timestamp)).slice(0, 19)}  ${out.style(colour, said.padEnd(9))} ${entry.agent}  ${entry.action}${entry.target === '' ? '' : `:${entry.target}`}${out.style('dim', why)}`
}

export const auditList = command({
  name: 'audit list',
  about: 'list what happened',
  examples: [
    { run: 'warder audit list --decision deny --since 1h', does: 'what was refused in the last hour' },
    { run: 'warder audit list --agent builder --json', does: 'everything one agent did, for a script' },
  ],
  options: { ...FILTERS, limit: integerOption('at most so many, the newest (default 50)', 1, 10_000) },
  exits: ['unavailable'],
  async run({ limit, ...filter }, { client, out, clock }) {
    const { entries } = await calls(await client()).call('auditList', {
      ...filterOf(filter, clock.now()),
      limit: limit ?? 50,
    })
    out.table(
      entries,
      [
        { title: 'SEQ', value: ({ seq }) => String(seq), right: true },
        { title: 'TIME', value: ({ timestamp }) => localTime(Date.parse(timestamp)).slice(0, 19) },
        { title: 'WHO', value: ({ agent }) => agent },
        {
          title: 'SAID',
          value: ({ decision, result }) => (decision === '' ? result : decision),
          style: (cell, { result }) => out.style(result === 'denied' ? 'red' : 'green', cell),
        },
        {
          title: 'ACTION',
          value: ({ action, target }) => (target === '' ? action : `${action}:${target}`),
          shrinks: true,
        },
        { title: 'LAYER', value: ({ layer }) => layer },
        { title: 'RULE', value: ({ rule }) => rule, shrinks: true },
      ],
      { value: { entries }, empty: 'nothing in the ledger matches' },
    )
  },
})
