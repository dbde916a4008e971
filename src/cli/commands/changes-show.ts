import type { OutputOf } from '../../api/endpoints.ts'
import type { ChangeAnswer } from '../../api/changes.ts'
import { calls } from '../../client/calls.ts'
import { formatSize } from '../../core/quantity.ts'
import { command } from '../command.ts'
import type { Out } from '../out.ts'
import { argument, flag, option } from '../param.ts'
import { table } from '../table.ts'

export const changesShow = command({
  name: 'changes show',
  about: 'show what an agent changed, with differences',
  details: [
    'Each change bears the flags that keep it out of the workspace until they are accepted: protected (a name that makes tools of the host run something), secret, executable, escaping-link, large, binary, conflict (the host changed it too). Devices, pipes, sockets and set-id files are never applied. Secrets are masked in differences.',
  ],
  examples: [
    { run: 'warder changes show builder', does: 'all changes and their differences' },
    { run: 'warder changes show builder --stat', does: 'only which files, and how many lines' },
    { run: 'warder changes show builder --path src/main.c', does: 'one file' },
  ],
  args: { agent: argument('the agent', { completes: 'agent' }) },
  options: {
    path: option('only this path, with what is below it', { completes: 'file' }),
    stat: flag('counts instead of differences'),
    workspace: option('which workspace, when there are several', { value: 'DIR', completes: 'file' }),
  },
  exits: ['missing', 'conflict', 'unavailable'],
  async run({ agent, path, stat, workspace }, { client, out }) {
    const shown = await calls(await client()).call('changesShow', {
      agent,
      diff: 'true',
      ...(path === undefined ? {} : { path }),
      ...(workspace === undefined ? {} : { workspace }),
    })
    if (!shown.complete) out.warn('there is more than could be looked at; nothing can be applied')
    if (shown.inUse) out.warn('the agent runs: this may have changed by now, and cannot be applied yet')
    out.result(shown, words(shown, stat, out))
    const flagged = shown.changes.filter(({ flags }) => flags.length > 0)
    if (flagged.length > 0)
      out.note(`${flagged.length} of ${shown.changes.length} are left out unless their flag is accepted`)
    if (shown.changes.length + shown.branches.length > 0)
      out.note(
        `apply them with: warder changes apply ${agent}; forget them with: warder changes discard ${agent}`,
      )
  },
})

type Shown = OutputOf<'changesShow'>

function words({ agent, workspace, mode, branches, changes }: Shown, stat: boolean, out: Out): string {
  if (mode === 'worktree' && branches.length > 0) {
    const lines = branches.map(
      ({ ref, before, after }) => `  ${ref}: ${before?.slice(0, 12) ?? 'new'} > ${after.slice(0, 12)}`,
    )
    return [`${agent} has commits in its clone of ${workspace}; applied, they would be`, ...lines].join('\n')
  }
  if (changes.length === 0) return `${agent} changed nothing in ${workspace}`
  const rows = table(
    changes,
    [
      { title: 'WHAT', value: ({ what }) => what, style: (cell, { what }) => out.style(COLOURS[what], cell) },
      { title: 'PATH', value: pathOf, shrinks: true },
      { title: 'SIZE', value: sizeOf, right: true },
      { title: 'LINES', value: linesOf, right: true },
      { title: 'FLAGS', value: ({ flags }) => flags.join(' '), style: (cell) => out.style('yellow', cell) },
    ],
    out.width,
  )
  const diffs = stat ? [] : changes.flatMap((change) => diffOf(change, out))
  return [`${agent} in ${workspace}`, rows, ...diffs].join('\n')
}

const COLOURS = { added: 'green', changed: 'cyan', deleted: 'red', mode: 'dim', replaced: 'yellow' } as const

function pathOf({ path, before, after, contains }: ChangeAnswer): string {
  const target = after?.target === undefined ? '' : ` -> ${after.target}`
  const inner = contains === undefined || contains === 0 ? '' : ` (and ${contains} below it)`
  return `${path}${(after ?? before)?.kind === 'directory' ? '/' : ''}${target}${inner}`
}

function sizeOf({ what, before, after }: ChangeAnswer): string {
  const octal = (mode = 0): string => mode.toString(8).padStart(4, '0')
  if (what === 'mode') return `${octal(before?.mode)} > ${octal(after?.mode)}`
  return after?.kind === 'file' ? formatSize(after.sizeBytes) : ''
}

function linesOf({ diff }: ChangeAnswer): string {
  if (diff === undefined) return ''
  const lines = diff.split('\n')
  const count = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length
  return `+${count('+')} -${count('-')}`
}

function diffOf({ path, what, diff }: ChangeAnswer, out: Out): string[] {
  if (diff === undefined) return []
  const from = what === 'added' ? '/dev/null' : `a/${path}`
  const to = what === 'deleted' ? '/dev/null' : `b/${path}`
  // a name with a line break in it must not look like a line of the difference
  const head = [`--- ${JSON.stringify(from).slice(1, -1)}`, `+++ ${JSON.stringify(to).slice(1, -1)}`]
  const lines = diff
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => coloured(line, out))
  return ['', ...head.map((line) => out.style('bold', line)), ...lines]
}

function coloured(line: string, out: Out): string {
  if (line.startsWith('+')) return out.style('green', line)
  if (line.startsWith('-')) return out.style('red', line)
  return line.startsWith('@@') ? out.style('cyan', line) : line
}
