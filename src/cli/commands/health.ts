import type { HealthAnswer } from '../../api/health.ts'
import { calls } from '../../client/calls.ts'
import { command, type Context } from '../command.ts'
import { EXIT } from '../exit.ts'

export const health = command({
  name: 'health',
  about: 'how each part of Warder is, and whether it keeps its objectives',
  details: [
    'What nobody could look at counts as degraded, never as well. The sandbox is not tried anew for it: warder status does that. Objectives are counted over seven days; without data none is claimed to be met.',
    'Exit 0 when everything is well, 8 when something is degraded or unknown, 7 when something has failed or no daemon answers.',
  ],
  examples: [
    { run: 'warder health', does: 'one line for each part, and one for each objective' },
    { run: 'warder health --json', does: 'the same for a script' },
  ],
  exits: ['unavailable', 'unverified'],
  async run(_input, context) {
    const answer = await calls(await context.client({ start: false })).call('health', {})
    context.out.result(answer, screen(answer, context))
    return { ok: EXIT.ok, degraded: EXIT.unverified, failed: EXIT.unavailable }[answer.overall]
  },
})

const COLOURS = { ok: 'green', off: 'dim', degraded: 'yellow', unknown: 'yellow', failed: 'red' } as const

function screen({ overall, components, slo }: HealthAnswer, { out }: Context): string {
  const wide = Math.max(...components.map(({ name }) => name.length), 7)
  const lines = components.map(({ name, state, why, fix }) => {
    const isWell = state === 'ok' || state === 'off' || fix === undefined || why.includes(fix)
    return `${name.padEnd(wide)}  ${out.style(COLOURS[state], state.padEnd(8))}  ${why}${isWell ? '' : ` (${fix})`}`
  })
  return [
    `${'overall'.padEnd(wide)}  ${out.style(['bold', COLOURS[overall]], overall)}`,
    ...lines,
    ...mending(components),
    '',
    ...slo.map((each) => objective(each)),
  ].join('\n')
}

/** What to type, for who does not want to read all of it. */
function mending(components: HealthAnswer['components']): string[] {
  const fixes = components.flatMap(({ state, fix }) => (state === 'ok' || state === 'off' ? [] : (fix ?? [])))
  return fixes.length === 0 ? [] : ['', `to mend it: ${[...new Set(fixes)].join('; ')}`]
}

function objective({ about, objective: wanted, good, total, state, burned }: HealthAnswer['slo'][number]) {
  const share = total === 0 ? '' : `, ${percent(good / total)} of ${total.toLocaleString('en')}`
  const used = total === 0 ? '' : `, ${percent(burned)} of what may fail is used up`
  return `${state.padEnd(7)}  ${about} (${percent(wanted)})${share}${used}`
}

/** Rounded down, so that what is missed by little does not look as if it were met. */
function percent(share: number): string {
  return `${Math.floor(share * 100_000) / 1000} %`
}
