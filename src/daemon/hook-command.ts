import type { Finding } from '../core/action.ts'
import type { RiskLevel } from '../core/risk.ts'
import { changedBy, type ChangeVerb } from './hook-changes.ts'
import { findProgram, globbed, meanings } from './hook-paths.ts'

/** A command line, read: what the daemon needs of the room that reads them. */
export interface CommandWords {
  readonly program: Word
  readonly args: readonly Word[]
  readonly redirects: readonly { readonly operator: string; readonly target: Word }[]
}

interface Word {
  readonly kind: 'literal' | 'dynamic'
  readonly text: string
}

export type Parsed =
  | { readonly parsable: true; readonly segments: readonly CommandWords[] }
  | { readonly parsable: false; readonly reason: string }

export interface RatingContext {
  readonly home: string
  readonly workspace: string
  readonly cwd: string
  readonly resolve: (name: string) => string | undefined
  readonly readScript: (path: string) => string | undefined
}

/** The room that looks into commands. */
export interface CommandReader {
  parse(text: string): Parsed
  rate(
    text: string,
    context: RatingContext,
  ): { readonly risk: RiskLevel; readonly findings: readonly Finding[] }
}

/** What one command line starts, touches and names, with its rating. */
export interface CommandDeeds {
  readonly risk: RiskLevel
  readonly findings: readonly Finding[]
  /** Programs, as absolute paths. */
  readonly spawns: readonly string[]
  /** Files a redirection opens. */
  readonly files: readonly { readonly verb: 'read' | 'write'; readonly path: string }[]
  /** Paths it names, which it may do anything with. */
  readonly names: readonly string[]
  /** Those of them that its programs are known to write, move or remove. */
  readonly changes: readonly { readonly verb: ChangeVerb; readonly path: string }[]
}

/** What a shell does by itself and nobody has to be asked for. */
const HARMLESS = new Set(
  ': [ [[ test true false cd pushd popd dirs pwd echo printf export readonly local declare typeset set unset shift read return exit break continue wait jobs let times type umask getopts'.split(
    ' ',
  ),
)
/** What makes a shell run something else: as good as another shell. */
const SHELL = '/bin/bash'
const RUNS_MORE = new Set(
  'eval source . exec command builtin trap alias enable hash bind complete fc'.split(' '),
)
const NO_FILE = new Set(['/dev/null', '/dev/stdout', '/dev/stderr', '/dev/stdin', '/dev/tty', '/dev/zero'])
/** What runs a file that is named to it, and what may have written the file a moment before. */
const INTERPRETER =
  /^(?:ba|da|z|k|a|fi)?sh$|^(?:python|node|perl|ruby|php|lua|deno|bun|make|source|\.)[\d.]*$/
const WRITER = /^(?:tee|cp|mv|ln|install|curl|wget|dd|sed|tar|unzip|rsync|scp|git)$/
const MOST_DIRECTORIES = 8
const MOST_NAMES = 2000

export interface CommandPlace {
  readonly cwd: string
  readonly workspace: string
  readonly home: string
  /** The PATH programs are looked for in. */
  readonly path: string
  readonly readScript: (path: string) => string | undefined
}

/** Reads, rates and resolves a command line. Never throws for what is in it: what cannot be known is of high risk. */
export function commandDeeds(text: string, place: CommandPlace, reader: CommandReader): CommandDeeds {
  const { home, workspace, cwd, readScript } = place
  const resolve = (name: string) => findProgram(name, place.path)
  const rated = reader.rate(text, { home, workspace, cwd, resolve, readScript })
  const parsed = reader.parse(text)
  if (!parsed.parsable) {
    const note = `the command cannot be read: ${parsed.reason}`
    return unknown(rated, { spawns: [SHELL], files: [], names: [], changes: [] }, 'hook.unreadable', note)
  }
  const reading = new Reading(place)
  for (const segment of parsed.segments) reading.segment(segment)
  const { spawns, files, names, changes, doubt } = reading
  const deeds = { spawns: [...spawns], files, names: [...names], changes }
  // a shell that starts no program is still one
  if (deeds.spawns.length === 0) deeds.spawns.push(SHELL)
  return doubt === undefined ? { ...rated, ...deeds } : unknown(rated, deeds, 'hook.unknown', doubt)
}

function unknown(
  { risk, findings }: Pick<CommandDeeds, 'risk' | 'findings'>,
  deeds: Pick<CommandDeeds, 'spawns' | 'files' | 'names' | 'changes'>,
  rule: string,
  note: string,
): CommandDeeds {
  const atLeast = risk === 'critical' ? risk : 'high'
  return { ...deeds, risk: atLeast, findings: [...findings, { rule, risk: 'high', note }] }
}

/** One command line as it is gone through: directories it may be in by then, and files it has written. */
class Reading {
  readonly #place: CommandPlace
  readonly #directories: Set<string>
  readonly #written = new Set<string>()
  readonly spawns = new Set<string>()
  readonly files: { readonly verb: 'read' | 'write'; readonly path: string }[] = []
  readonly names = new Set<string>()
  readonly changes: { readonly verb: ChangeVerb; readonly path: string }[] = []
  doubt: string | undefined

  constructor(place: CommandPlace) {
    this.#place = place
    this.#directories = new Set([place.cwd])
  }

  segment({ program, args, redirects }: CommandWords): void {
    this.#program(program)
    const base = program.text.slice(program.text.lastIndexOf('/') + 1)
    for (const arg of args) for (const text of this.#texts(arg)) this.#name(text, base)
    for (const { verb, word } of changedBy(base, args)) {
      const paths = this.#texts(word).flatMap((text) => this.#each(text))
      for (const path of paths) this.changes.push({ verb, path })
    }
    if (program.text === 'cd' || program.text === 'pushd') this.#move(args)
    for (const { operator, target } of redirects) this.#redirect(operator, target)
  }

  #program(program: Word): void {
    const { text, kind } = program
    if (kind === 'dynamic') {
      if (text === '') return // it only assigns, or only redirects
      this.#doubt(`only the shell knows which program ${text.slice(0, 60)} is`)
      this.spawns.add(SHELL)
    } else if (RUNS_MORE.has(text)) this.spawns.add(SHELL)
    else if (text.includes('/')) for (const path of this.#each(text)) this.#spawn(path)
    else if (!HARMLESS.has(text)) this.#spawn(findProgram(text, this.#place.path) ?? `/not-in-path/${text}`)
  }

  #spawn(path: string): void {
    this.spawns.add(path)
    if (this.#written.has(path)) this.#doubt(`it runs ${path}, which it writes itself`)
  }

  /** A `cd` that fails leaves the shell where it was: from then on it may be in either place. */
  #move(args: readonly Word[]): void {
    const to = args.find(({ text }) => !text.startsWith('-'))
    if (to === undefined) this.#directories.add(this.#place.home)
    else {
      const texts = this.#texts(to)
      if (texts.length === 0) this.#doubt('only the shell knows which directory it changes to')
      for (const path of texts.flatMap((text) => this.#each(text))) this.#directories.add(path)
    }
    if (this.#directories.size > MOST_DIRECTORIES) this.#doubt('it changes its directory too often')
  }

  #redirect(operator: string, target: Word): void {
    if (operator.startsWith('<<') || (/[<>]&$/.test(operator) && /^\d*-?$/.test(target.text))) return
    const texts = this.#texts(target)
    if (texts.length === 0) return this.#doubt(`only the shell knows which file ${operator} opens`)
    const verb = operator.includes('>') ? 'write' : 'read'
    for (const path of texts.flatMap((text) => this.#each(text))) {
      if (NO_FILE.has(path)) continue
      this.files.push({ verb, path })
      if (verb === 'write') this.#written.add(path)
      if (operator === '<>') this.files.push({ verb: 'read', path })
    }
  }

  /** What an argument may name: itself, what stands behind `=`, `@` or `:`, and a word as a shell expands its braces. */
  #name(text: string, program: string): void {
    const parts = new Set([text, ...text.split(/[=@:,]/)])
    for (const part of parts) {
      if (part === '' || part.startsWith('-') || part.length > 4096) continue
      if (this.names.size > MOST_NAMES) return this.#doubt('it names too many files to look at each')
      for (const path of this.#each(part)) {
        this.names.add(path)
        // written and run in one line, so nobody could have read what is run
        if (this.#written.has(path) && INTERPRETER.test(program))
          this.#doubt(`it runs ${path}, which it writes itself`)
        if (WRITER.test(program)) this.#written.add(path)
      }
    }
  }

  /** What a word is once the shell has read it, as far as that can be told without one; nothing where it cannot. */
  #texts(word: Word): readonly string[] {
    if (word.kind === 'literal') return [word.text]
    const text = word.text
      .replaceAll(/["']/g, '')
      .replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, this.#place.home)
    if (/[$`()<>\\"']/.test(text)) return []
    if (!/[*?[{]/.test(text)) return [text]
    const found = [...this.#directories].flatMap((cwd) => globbed(text, cwd))
    if (found.length > MOST_NAMES) this.#doubt('it names too many files to look at each')
    return [text, ...found.slice(0, MOST_NAMES)]
  }

  #each(path: string): readonly string[] {
    try {
      return [...this.#directories].flatMap((cwd) => meanings(path, cwd, this.#place.home))
    } catch {
      this.#doubt(`it cannot be known where ${path.slice(0, 80)} leads`)
      return []
    }
  }

  #doubt(note: string): void {
    this.doubt ??= note
  }
}
