import { badPayload, type HookError } from './errors.ts'
import type { HookCall } from './call.ts'
import { patchedFiles } from './patch.ts'

/** One thing a tool is about to do, in words policy knows. Paths are as the tool was given them: nothing is resolved yet. */
export type Deed =
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'file'; readonly verb: 'read' | 'write' | 'list' | 'delete'; readonly path: string }
  | { readonly kind: 'connect'; readonly url: string }
  | { readonly kind: 'tool'; readonly name: string }

type Input = HookCall['input']
type Reader = (input: Input) => readonly Deed[]

const command: Reader = (input) =>
  each(input, 'command', 'cmd').map((text) => ({ kind: 'command' as const, text }))
const file =
  (verb: 'read' | 'write' | 'list' | 'delete', ...keys: string[]): Reader =>
  (input) =>
    each(input, ...keys).map((path) => ({ kind: 'file' as const, verb, path }))
const files =
  (verb: 'read' | 'write', key: string, inner?: string): Reader =>
  (input) =>
    list(input, key).flatMap((one) =>
      (typeof one === 'string' ? [one] : each(isInput(one) ? one : {}, inner ?? '')).map((path) => ({
        kind: 'file' as const,
        verb,
        path,
      })),
    )
const patch: Reader = (input) => each(input, 'command', 'input', 'patch').flatMap(patchedFiles)
const PATHS = ['file_path', 'filePath', 'path', 'target_file', 'notebook_path', 'dirPath'] as const
const searched: Reader = (input) =>
  roots(input, 'glob', 'includePattern').map((path) => looking('read', path))
const globbed: Reader = (input) => roots(input, 'pattern', 'glob').map((path) => looking('list', path))
const looking = (verb: 'read' | 'list', path: string): Deed => ({ kind: 'file', verb, path })

/** What each built-in tool does. A tool that is not here is asked about by its name. */
const TOOLS: Readonly<Record<string, Reader>> = {
  // Claude Code and Codex
  Bash: command,
  Read: file('read', ...PATHS),
  NotebookRead: file('read', ...PATHS),
  Write: file('write', ...PATHS),
  Edit: file('write', ...PATHS),
  MultiEdit: file('write', ...PATHS),
  NotebookEdit: file('write', ...PATHS),
  LS: file('list', ...PATHS),
  Glob: globbed,
  Grep: searched,
  WebFetch: (input) => each(input, 'url').map((url) => ({ kind: 'connect' as const, url })),
  apply_patch: patch,
  // Cursor
  Shell: command,
  Delete: file('delete', ...PATHS),
  // VS Code
  run_in_terminal: command,
  runTerminalCommand: command,
  read_file: file('read', ...PATHS),
  list_dir: file('list', ...PATHS),
  create_file: file('write', ...PATHS),
  create_directory: file('write', ...PATHS),
  replace_string_in_file: file('write', ...PATHS),
  insert_edit_into_file: file('write', ...PATHS),
  edit_notebook_file: file('write', ...PATHS),
  multi_replace_string_in_file: files('write', 'replacements', 'filePath'),
  editFiles: files('write', 'files', 'path'),
  grep_search: searched,
  file_search: globbed,
  fetch_webpage: (input) => list(input, 'urls').map((url) => ({ kind: 'connect', url: String(url) })),
}

const MCP = /^(?:mcp__(?<server>.+?)__|MCP:(?:(?<other>[^:]+):)?)(?<tool>.+)$/i

/**
 * Everything a call would do; never empty.
 *
 * @throws HookError `HOOK_PAYLOAD` when a tool that is known lacks what says on what it acts
 */
export function deedsOf(call: Pick<HookCall, 'tool' | 'input'>): readonly Deed[] {
  const { tool, input } = call
  const known = Object.hasOwn(TOOLS, tool) ? TOOLS[tool] : undefined
  const deeds = known?.(input) ?? [{ kind: 'tool', name: toolName(tool) }, ...shellOf(input)]
  if (deeds.length === 0) throw badPayload(`${tool} was given nothing to act on`)
  return deeds
}

/** `mcp__github__create_issue` and `MCP:github:create_issue` are `github/create_issue`. */
export function toolName(tool: string): string {
  const { server, other, tool: name } = MCP.exec(tool)?.groups ?? {}
  return name === undefined ? tool : `${server ?? other ?? 'mcp'}/${name}`
}

/** A tool nobody knows that is given a command line most likely runs it. */
function shellOf(input: Input): readonly Deed[] {
  const texts = ['command', 'cmd'].map((key) => optional(input, key)).filter((text) => text !== '')
  return texts.map((text) => ({ kind: 'command', text }))
}

/** Where a search begins, for each pattern it is given. */
function roots(input: Input, ...keys: readonly string[]): readonly string[] {
  const path = optional(input, 'path')
  const patterns = keys.map((key) => optional(input, key)).filter((pattern) => pattern !== '')
  return patterns.length === 0 ? [path || '.'] : patterns.map((pattern) => searchRoot(path, pattern))
}

/** The directory a search begins in: what stands before the first wildcard. */
function searchRoot(path: string, pattern: string): string {
  const fixed = pattern.replace(/[*?[{][^]*$/, '')
  // behind a wildcard it may climb or begin anew: then it may end anywhere
  if (/(?:^|[/,{])(?:\.\.|~|\/)(?=[/,}]|$)|[{,](?:\/|~)/.test(pattern.slice(fixed.length))) return '/'
  if (fixed.startsWith('/')) return fixed
  return [path, fixed].filter((part) => part !== '').join('/') || '.'
}

/**
 * What stands at each of these keys. Which of them a harness takes is its own affair: whoever sets two of them would
 * show one to us and have the other one acted on, so all of them count.
 */
function each(input: Input, ...keys: readonly string[]): readonly string[] {
  const found = keys.flatMap((key) => {
    const value = Object.hasOwn(input, key) ? input[key] : undefined
    if (value === undefined || value === null || value === '') return []
    if (typeof value === 'string') return [value]
    // a command as a list of words is one that no shell reads
    if (isWords(value)) return [value.map(shellWord).join(' ')]
    throw badPayload(`the ${key} of the tool's input is not a text`)
  })
  if (found.length === 0) throw missing(keys)
  return [...new Set(found)]
}

function optional(input: Input, key: string): string {
  const value = Object.hasOwn(input, key) ? input[key] : undefined
  return typeof value === 'string' ? value : ''
}

function list(input: Input, key: string): readonly unknown[] {
  const value = Object.hasOwn(input, key) ? input[key] : undefined
  if (!Array.isArray(value)) throw missing([key])
  return value as unknown[]
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string')
}

function isInput(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One word as a shell reads it back. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function missing(keys: readonly string[]): HookError {
  return badPayload(`the tool's input has no ${keys.join(' or ')}`)
}
