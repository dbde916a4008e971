import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { hookProgram } from '../../platform/hook-program.ts'
import { command, type Context } from '../command.ts'
import { EXIT } from '../exit.ts'
import { flag, option, optionalArgument } from '../param.ts'
import { checkSettings, diffLines, hasHooks, ourHooks, withHooks, withoutHooks } from '../setup/change.ts'
import { SETUP_ERRORS, SetupError } from '../setup/errors.ts'
import { entriesFor, HARNESSES, NOTES, settingsFile, type HarnessName } from '../setup/harness.ts'
import { lookAt } from '../setup/look.ts'
import { isHarness, readRecord, readText, records, restore, sha256, writeSettings } from '../setup/record.ts'
import { CliError, CLI_ERRORS } from '../failure.ts'

export const setup = command({
  name: 'setup',
  about: 'let a coding agent ask Warder before each use of a tool, or take that back',
  details: [
    'Finds the settings of Claude Code, Codex, Cursor or VS Code, shows what changes, keeps the file as it was in the state directory, and writes Warder’s hooks into it; comments and everything else stay. Then it runs the hook as the agent would, with a marked call that must be refused.',
    'Done twice it changes nothing. --remove puts the file back byte for byte when nobody changed it since; else it takes out exactly what was put in.',
    'A hook answers; it holds nobody. What a tool does once it runs, and a program that does not call its hook, only the sandbox stops: warder run.',
  ],
  examples: [
    { run: 'warder setup claude-code --user', does: 'for every project of yours' },
    { run: 'warder setup codex --project . --dry-run', does: 'shows what would change in .codex/hooks.json' },
    { run: 'warder setup --remove claude-code', does: 'puts its settings back' },
  ],
  args: { harness: optionalArgument(`one of ${HARNESSES.join(', ')}`, { value: 'AGENT' }) },
  options: {
    user: flag('the settings of this user, for every project; the default'),
    project: option('the settings of one project', { value: 'DIR', completes: 'file' }),
    dryRun: flag('show what would change, and change nothing'),
    remove: flag('take it back; without a name, everywhere'),
  },
  exits: ['missing', 'unavailable'],
  async run({ harness, project, user, dryRun, remove }, context) {
    if (harness !== undefined && !isHarness(harness)) throw usage(`there is no coding agent ${harness}`)
    if (user && project !== undefined) throw usage('--user and --project exclude each other')
    if (remove) return takeBack(harness, project, dryRun, context)
    if (harness === undefined) throw usage('which coding agent?')
    return putIn(harness, project, dryRun, context)
  },
})

function usage(what: string): CliError {
  return new CliError(CLI_ERRORS, 'USAGE', {
    what,
    fix: `warder setup ${HARNESSES.join('|')} [--user | --project DIR], or warder setup --remove`,
  })
}

function fileOf(
  harness: HarnessName,
  project: string | undefined,
  { home, cwd, environment }: Context,
): string {
  const scope = { home, environment }
  if (project === undefined) return settingsFile(harness, scope)
  const directory = resolve(cwd, project)
  if (!existsSync(directory)) throw usage(`${directory} is not there`)
  return settingsFile(harness, { ...scope, project: realpathSync(directory) })
}

async function putIn(
  harness: HarnessName,
  project: string | undefined,
  dryRun: boolean,
  context: Context,
): Promise<number> {
  const { config, out, environment } = context
  const state = config.values['paths.state']
  const path = fileOf(harness, project, context)
  const program = hookProgram(config.values)
  const entries = entriesFor(harness, program)
  const read = readText(path)
  if (read !== undefined) checkSettings(read, path)
  const known = readRecord(state, path)
  const isDone = read !== undefined && known !== undefined && hasHooks(read, entries)
  // hooks of an earlier installation make room; what was before them is still what is put back
  const isOurs = known !== undefined && read !== undefined && sha256(read) === known.after
  const old = read === undefined || ourHooks(read).length === 0 ? read : withoutHooks(read, known?.made ?? [])
  const { text, made } = isDone
    ? { text: read, made: known.made }
    : withHooks(old ?? '', harness, entries, path)
  const diff = isDone ? [] : diffLines(read ?? '', text)
  if (dryRun || isDone) {
    const said = isDone ? `already set up: ${path}` : `would change ${path}`
    if (!isDone || dryRun) {
      out.result({ harness, path, changed: false, diff }, [said, ...diff].join('\n'))
      return EXIT.ok
    }
  } else {
    const before = isOurs ? known.before : old === undefined ? null : Buffer.from(old).toString('base64')
    writeSettings(state, { harness, path, before, made: made.map((keys) => [...keys]) }, text, read)
  }
  await calls(await context.client()).call('hookList', {}) // a daemon, so that the hook has somebody to ask
  const record = readRecord(state, path)
  const look = record && (await lookAt(record, program, environment))
  out.result(
    { harness, path, changed: !isDone, diff, alive: look?.state !== 'fail', why: look?.why ?? '' },
    [
      isDone ? `already set up: ${path}` : `changed ${path}; as it was: ${state}/setup`,
      ...diff,
      `${look?.state === 'fail' ? out.style('red', 'does not answer') : out.style('green', 'alive')}: ${look?.why ?? ''}`,
    ].join('\n'),
  )
  if (!program.isNative)
    out.warn('the native hook program is not built: each question starts a whole Node, which takes longer')
  for (const note of NOTES[harness]) out.note(note)
  out.note(
    `What ${harness} may do is said by policy, for the agent ${harness}: docs/hooks.md has rules to begin with.`,
  )
  return look === undefined || look.state === 'fail' ? EXIT.unavailable : EXIT.ok
}

function takeBack(
  harness: HarnessName | undefined,
  project: string | undefined,
  dryRun: boolean,
  context: Context,
): number {
  const state = context.config.values['paths.state']
  const path = harness === undefined || project === undefined ? undefined : fileOf(harness, project, context)
  const meant = records(state).filter(
    (each) =>
      (harness === undefined || each.harness === harness) && (path === undefined || each.path === path),
  )
  if (meant.length === 0) {
    throw new SetupError(SETUP_ERRORS, 'SETUP_MISSING', {
      what: `nothing was set up for ${harness ?? 'any coding agent'}${path === undefined ? '' : ` at ${path}`}`,
      fix: 'look at: warder doctor',
    })
  }
  const done = meant.map((record) => ({
    harness: record.harness,
    path: record.path,
    done: dryRun ? 'would be taken back' : restore(state, record, (text) => withoutHooks(text, record.made)),
  }))
  const words = {
    restored: 'as it was, byte for byte',
    removed: 'our hooks taken out, later changes kept',
    gone: 'no longer there',
  }
  context.out.result(
    { removed: done },
    done.map((each) => `${each.path}: ${words[each.done as keyof typeof words] ?? each.done}`).join('\n'),
  )
  return EXIT.ok
}
