/** The status of every control, from the registry and the results of the last whole test run. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import {
  CONTROLS,
  CONTROL_STATES,
  controlStatus,
  type Control,
  type ControlState,
  type ControlStatus,
  type TestOutcome,
} from '../src/core/control.ts'

const PAGE = 'docs/controls.md'

/**
 * Writes `dist/controls.json`, which the command line shows.
 *
 * @returns one line for people: how many controls are in which state
 */
export function writeControls(outcomes: readonly TestOutcome[]): string {
  const statuses = CONTROLS.map((control) => controlStatus(control, outcomes))
  if (existsSync('dist')) {
    const controls = CONTROLS.map((control, at) => {
      const { state, reason } = statuses[at] ?? { state: 'implemented' }
      return { ...control, status: state, ...(reason === undefined ? {} : { reason }) }
    })
    writeFileSync('dist/controls.json', `${JSON.stringify({ controls }, undefined, 2)}\n`)
  }
  const counts = CONTROL_STATES.map((state) => {
    const count = statuses.filter((status) => status.state === state).length
    return count === 0 ? undefined : `${count} ${state}`
  })
  return `controls: ${counts.filter((text) => text !== undefined).join(', ')}`
}

/** The page with the states of a run. */
export function controlsPage(outcomes: readonly TestOutcome[]): string {
  return page(CONTROLS.map((control) => [control, controlStatus(control, outcomes)] as const))
}

/** The page as the registry has it now, with the states `committed` tells: tests run on another machine than the check. */
export function controlsPageLike(committed: string): string {
  return page(CONTROLS.map((control) => [control, statusIn(committed, control.id)] as const))
}

export function writeControlsPage(outcomes: readonly TestOutcome[]): void {
  writeFileSync(PAGE, controlsPage(outcomes))
}

type Row = readonly [Control, ControlStatus]

const STATE_LINE = /^\*\*State:\*\* (.*?)(?:\. (.*))?$/

function page(rows: readonly Row[]): string {
  return [
    '# Controls',
    '',
    '<!-- written by `npm run docs`; change src/core/controls/ instead -->',
    '',
    'Every promise Warder makes, what it leaves open, the code that keeps it and the tests that try to break it.',
    'The states come from the last whole test run before this page was written:',
    '',
    '- **verified**: all its tests ran and passed',
    '- **implemented**: the code is there, but not all its tests ran',
    '- **not run here**: some of its tests were skipped on that machine, for the reason given',
    '- **failed**: one of its tests failed; do not rely on it',
    '',
    'On your machine `warder status` and `warder doctor` tell which of them are in force.',
    '',
    '| Control | Layer | State |',
    '| --- | --- | --- |',
    ...rows.map(([{ id, title, layer }, { state }]) => `| [${title}](#${id}) | ${layer} | ${state} |`),
    '',
    ...rows.flatMap(section),
  ].join('\n')
}

function section([
  { id, title, promise, limits, module, tests, facility },
  { state, reason },
]: Row): string[] {
  return [
    `<a id="${id}"></a>`,
    '',
    `## ${title}`,
    '',
    `**State:** ${state}${reason === undefined ? '' : `. ${reason.replaceAll(/\s+/g, ' ')}`}`,
    '',
    promise,
    '',
    `- Not covered: ${limits}`,
    `- Code: [${module}](../${module})`,
    `- Tests: ${tests.map((reference) => `[${reference}](../${reference.split('#')[0]})`).join(', ')}`,
    ...(facility === undefined ? [] : [`- Needs from the host: \`${facility}\``]),
    '',
  ]
}

function statusIn(committed: string, id: string): ControlStatus {
  const lines = committed.split('\n')
  const anchor = lines.indexOf(`<a id="${id}"></a>`)
  const line = anchor < 0 ? undefined : lines.slice(anchor).find((text) => STATE_LINE.test(text))
  const [, word, reason] = STATE_LINE.exec(line ?? '') ?? []
  const state = CONTROL_STATES.find((known): known is ControlState => known === word) ?? 'implemented'
  return reason === undefined ? { id, state } : { id, state, reason }
}

/** The outcomes a run left in `.test-results/results.jsonl`; none when there was no whole run. */
export function lastOutcomes(path = '.test-results/results.jsonl'): TestOutcome[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line): TestOutcome => JSON.parse(line))
}
