import type { BoxAnswer } from '../../api/sandbox.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import type { Out } from '../out.ts'
import { optionalArgument, option } from '../param.ts'
import { table } from '../table.ts'
import { definedOnly } from './running.ts'

export const sandboxExplain = command({
  name: 'sandbox explain',
  about: 'show what would be visible in a sandbox, before anything runs',
  examples: [
    { run: 'warder sandbox explain agent', does: 'for a coding agent in this directory' },
    { run: 'warder sandbox explain --agent builder', does: 'with what policy and grants give that agent' },
  ],
  args: { profile: optionalArgument('the profile (default: agent)', { completes: 'profile' }) },
  options: {
    agent: option('the agent', { completes: 'agent' }),
    workspace: option('the workspace (default: this directory)', { value: 'DIR', completes: 'file' }),
  },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ profile, agent, workspace }, { client, out, cwd, environment }) {
    const answer = await calls(await client()).call('sandboxExplain', {
      kind: 'run',
      agent: agent ?? 'example',
      profile: profile ?? 'agent',
      workspace: workspace ?? cwd,
      argv: ['/usr/bin/true'],
      environment: definedOnly(environment),
    })
    out.result(answer, words(answer, out))
  },
})

type Row = BoxAnswer['visible'][number]

function words(explained: BoxAnswer, out: Out): string {
  const columns = [
    { title: 'WHAT', value: ({ what }: Row) => what },
    { title: 'HOW', value: ({ how }: Row) => how },
    { title: 'WHY', value: ({ why }: Row) => why, shrinks: true },
  ]
  const part = (title: string, rows: readonly Row[]) =>
    rows.length === 0 ? [] : [`${out.style('bold', title)}\n${table(rows, columns, out.width)}\n`]
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0
      ? []
      : [`${out.style('bold', title)}\n${lines.map((line) => `  ${line}`).join('\n')}\n`]
  return [
    `runs as ${explained.user} in ${explained.cwd}; network ${explained.network}\n`,
    ...part('May be changed', explained.writable),
    ...part('Hidden or kept as it is', explained.masked),
    ...part('May be read', explained.visible),
    ...part('Limits', explained.limits),
    ...list('Environment', [explained.environment.join(' ')]),
    ...list('Not enforced', explained.notEnforced),
    ...list('Notes', explained.notes),
  ]
    .join('\n')
    .trimEnd()
}
