import { readdirSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { deedsOf, type Deed, type HookCall } from '../enforce/session/index.ts'
import { actionsOf } from './hook-actions.ts'
import type { JudgeOptions } from './hook-judge.ts'
import { meanings } from './hook-paths.ts'
import { foreignFiles } from '../platform/foreign-files.ts'
import type { TaintRoom } from './taint.ts'

/** Tools that bring words of strangers, beside those that connect somewhere themselves. */
const FETCHES = /^(?:web_?search|web_?fetch|fetch_webpage|browser_\w+)$/i
/** How many entries of a workspace are looked at after a command; with more it counts as a whole. */
const MOST_ENTRIES = 20_000
/** Clocks of file systems tick coarsely. */
const SLACK_MS = 20

export interface HookTaintOptions extends Pick<JudgeOptions, 'home' | 'path' | 'reader'> {
  readonly taint: TaintRoom
  readonly now: () => number
  readonly mostEntries?: number
}

/**
 * What a coding agent sees and writes through its own tools, as its hooks tell it: what it fetches taints it, what it
 * writes after that is marked, and what was marked taints who reads it.
 */
export class HookTaint {
  readonly #options: HookTaintOptions
  /** When the call under way began, by session and use of the tool. */
  readonly #began = new Map<string, number>()

  constructor(options: HookTaintOptions) {
    this.#options = options
  }

  /** The call was let through. */
  before(call: HookCall, agent: string, workspace: string): void {
    const { taint, now } = this.#options
    this.#began.set(keyOf(call), now())
    for (const path of this.#readBy(call, workspace)) taint.read(agent, path)
  }

  /** It has ended, well or not: what failed may have written something first. */
  after(call: HookCall, agent: string, workspace: string): void {
    const began = this.#began.get(keyOf(call))
    this.#began.delete(keyOf(call))
    const deeds = deedsIn(call)
    const [taint, from] = [this.#options.taint, deeds.map(sourceOf).find((source) => source !== undefined)]
    if (from !== undefined) taint.add(agent, ['external-data'], from)
    if (taint.labels(agent).length === 0) return
    if (deeds.length === 0 && isAbsolute(workspace)) taint.wrote(agent, workspace, true)
    for (const deed of deeds) this.#wrote(call, deed, agent, workspace, began)
  }

  forget(session: string): void {
    for (const key of this.#began.keys()) if (key.startsWith(`${session}\0`)) this.#began.delete(key)
  }

  /** What its tools open, and what a command names: which of that is a file it reads nobody knows beforehand. */
  #readBy(call: HookCall, workspace: string): readonly string[] {
    const { home, path, reader } = this.#options
    const place = {
      ...{ cwd: cwdOf(call, workspace), workspace, home, path, scripts: new Map<string, string>() },
      readScript: () => undefined, // what a script does was judged; which files are named does not hang on it
    }
    return deedsIn(call)
      .flatMap((deed) => actionsOf(deed, place, reader))
      .filter(({ action: { namespace, verb } }) => namespace === 'fs' && verb === 'read')
      .map(({ action }) => action.resource)
  }

  #wrote(call: HookCall, deed: Deed, agent: string, workspace: string, began: number | undefined): void {
    const { taint, home, mostEntries = MOST_ENTRIES } = this.#options
    if (deed.kind === 'file' && deed.verb === 'write')
      for (const path of meanings(deed.path, cwdOf(call, workspace), home)) taint.wrote(agent, path)
    if (deed.kind !== 'command' || !isAbsolute(workspace)) return
    const changed = began === undefined ? undefined : changedSince(workspace, began - SLACK_MS, mostEntries)
    if (changed === undefined) taint.wrote(agent, workspace, true)
    else for (const path of changed) taint.wrote(agent, path)
  }
}

/** @returns none where it cannot be told what it did: that may have been anything */
function deedsIn(call: HookCall): readonly Deed[] {
  try {
    return deedsOf(call)
  } catch {
    return []
  }
}

function keyOf({ session, toolUse, tool }: HookCall): string {
  return `${session}\0${toolUse === '' ? tool : toolUse}`
}

function cwdOf({ cwd }: HookCall, workspace: string): string {
  return cwd || workspace || '/'
}

function sourceOf(deed: Deed): string | undefined {
  if (deed.kind === 'connect') return hostOf(deed.url)
  // tools of other servers are labelled where their answers pass: at the MCP firewall
  return deed.kind === 'tool' && FETCHES.test(deed.name) ? deed.name : undefined
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address nobody can read'
}

/**
 * Files below a folder whose content or name changed since; links are not followed.
 *
 * @returns undefined when there is too much to look at
 */
export function changedSince(folder: string, sinceMs: number, mostEntries: number): string[] | undefined {
  const found: string[] = []
  const folders = [folder]
  let left = mostEntries
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    let entries
    if (foreignFiles.isSilent(at)) continue
    try {
      entries = readdirSync(at, { withFileTypes: true })
    } catch {
      continue // gone meanwhile, or not ours to read: what cannot be read here, nobody reads here
    }
    left -= entries.length
    if (left < 0) return undefined
    for (const entry of entries) {
      const path = join(at, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile() && changedAt(path) >= sinceMs) found.push(path)
    }
  }
  return found
}

function changedAt(path: string): number {
  try {
    return statSync(path).ctimeMs
  } catch {
    return 0
  }
}
