import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf } from '../../core/error.ts'
import type { HookProgram } from '../../platform/hook-program.ts'
import { isHookAlive } from './alive.ts'
import { missingHooks } from './change.ts'
import { commandsIn, entriesFor } from './harness.ts'
import { readText, type SetupRecord } from './record.ts'
import { settingsIn } from './splice.ts'

/** One settings file that was set up, as it is now. */
export interface Look {
  readonly harness: string
  readonly path: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly why: string
  readonly fix?: string
}

/** Whether the hooks stand in the settings as they were written, nothing switches them off, and they answer. */
export async function lookAt(
  record: SetupRecord,
  program: HookProgram,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Look> {
  const { harness, path } = record
  const again = `warder setup ${harness}${isUsers(path, environment) ? ' --user' : ` --project '${projectOf(record)}'`}`
  const found = (state: Look['state'], why: string, fix?: string): Look => ({
    ...{ harness, path, state, why },
    ...(fix === undefined ? {} : { fix }),
  })
  try {
    const text = readText(path)
    if (text === undefined) return found('fail', 'the settings are gone, so nothing calls the hook', again)
    const entries = entriesFor(harness, program)
    const missing = missingHooks(text, entries)
    if (missing.length > 0)
      return found('fail', `no hook of ours, or another than was written, at ${missing.join(', ')}`, again)
    const off = switchedOff(record, text)
    if (off !== undefined) return found('fail', off, 'remove that setting')
    for (const { event, value } of entries.filter(({ event: name }) => /^pre|^before/i.test(name))) {
      const [command = ''] = commandsIn(value)
      const { isAlive, why } = await isHookAlive(harness, event, command, environment)
      if (!isAlive)
        return found(
          'fail',
          `the hook at ${event} does not answer, so everything is refused: ${why}`,
          'warder daemon start',
        )
    }
    if (harness === 'codex' && !isTrusted(path, environment))
      return found(
        'warn',
        'the hook answers, but Codex has no trust in it on file',
        'start codex and trust the hooks under /hooks',
      )
    return found('ok', `${entries.length} hooks, and a marked call was refused`)
  } catch (error) {
    return found('fail', messageOf(error), again)
  }
}

function isUsers(
  path: string,
  { HOME: home = '/nowhere' }: Readonly<Record<string, string | undefined>>,
): boolean {
  return dirname(dirname(path)) === home
}

function projectOf({ path, harness }: SetupRecord): string {
  return harness === 'vscode' ? dirname(dirname(dirname(path))) : dirname(dirname(path))
}

/** A switch in the same settings, or beside them, that turns every hook off. */
function switchedOff({ harness, path }: SetupRecord, text: string): string | undefined {
  if (harness !== 'claude-code') return undefined
  const beside = join(dirname(path), 'settings.local.json')
  for (const [file, content] of [
    [path, text],
    [beside, readText(beside)],
  ] as const) {
    if (content === undefined) continue
    const settings = settingsIn(content) as Record<string, unknown>
    if (settings['disableAllHooks'] === true) return `disableAllHooks in ${file} switches every hook off`
  }
  return undefined
}

/** Codex notes which hooks were reviewed in its own configuration. */
function isTrusted(
  path: string,
  { CODEX_HOME, HOME = '/' }: Readonly<Record<string, string | undefined>>,
): boolean {
  const config = readText(join(CODEX_HOME ?? join(HOME, '.codex'), 'config.toml')) ?? ''
  return config.includes('trusted_hash') && config.includes(realpathSync(path))
}
