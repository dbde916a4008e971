import { isAbsolute, join, normalize } from 'node:path'
import { ApprovalError } from './error.ts'
import type { Seal, Segment, Subject } from './subject.ts'

/** What may stand in an argument's place. `literal` unless a person chose a hole. */
export const HOLES = ['path', 'number', 'hash', 'word'] as const
export type Hole = (typeof HOLES)[number]

export type ArgumentPattern = { readonly literal: string } | { readonly hole: Hole }

export interface SegmentPattern {
  readonly seals: readonly Seal[]
  readonly program: string
  readonly args: readonly ArgumentPattern[]
}

/** A command that is allowed for good: these very programs, in this order, with these arguments, there. */
export interface CommandPattern {
  readonly segments: readonly SegmentPattern[]
  readonly glue: readonly string[]
  readonly profile: string
  readonly workspace: string
  /** The directory it may run in. */
  readonly directory: string
  /** Whether also anywhere below it. */
  readonly below: boolean
}

/** Where in a command a hole is: `segment.argument`, both from 0. */
export interface HoleAt {
  readonly segment: number
  readonly argument: number
  readonly hole: Hole
}

/** The narrowest pattern: nothing but this command itself, in this directory. */
export function narrowest(subject: Subject): CommandPattern | undefined {
  const { segments, glue, notStanding, profile, workspace, cwd } = subject
  if (notStanding !== undefined || segments.length === 0) return undefined
  if (segments.some(({ seals }) => seals.length === 0)) return undefined
  return {
    segments: segments.map(({ seals, program, args }) => ({
      seals,
      program,
      args: args.map((literal) => ({ literal })),
    })),
    glue,
    profile,
    workspace,
    directory: cwd,
    below: false,
  }
}

/**
 * The pattern with holes a person chose. A hole must fit what stands in its place now.
 *
 * @throws ApprovalError `ALLOWANCE_INVALID`
 */
export function withHoles(pattern: CommandPattern, holes: readonly HoleAt[], below: boolean): CommandPattern {
  const segments = pattern.segments.map((segment) => ({ ...segment, args: [...segment.args] }))
  for (const { segment, argument, hole } of holes) {
    const args = segments[segment]?.args
    const present = args?.[argument]
    if (args === undefined || present === undefined || !('literal' in present)) {
      throw invalid(`there is no argument ${segment}.${argument} to make a hole of`)
    }
    if (!fits(hole, present.literal, pattern.directory, pattern.workspace)) {
      throw invalid(`${JSON.stringify(present.literal)} is no ${hole}, so a hole for one does not fit it`)
    }
    args[argument] = { hole }
  }
  return { ...pattern, segments, below }
}

/** Whether the command is one the pattern speaks of: every segment, every argument, every file. Case counts. */
export function matches(pattern: CommandPattern, subject: Subject): boolean {
  if (subject.notStanding !== undefined || pattern.profile !== subject.profile) return false
  if (pattern.workspace !== subject.workspace || !isThere(pattern, subject.cwd)) return false
  if (pattern.segments.length !== subject.segments.length) return false
  if (pattern.glue.length !== subject.glue.length) return false
  if (!pattern.glue.every((text, i) => text === subject.glue[i])) return false
  return pattern.segments.every((wanted, at) => {
    const found = subject.segments[at]!
    return (
      wanted.program === found.program &&
      sameSeals(wanted.seals, found.seals) &&
      wanted.args.length === found.args.length &&
      wanted.args.every((arg, i) => argumentFits(arg, i, found, subject))
    )
  })
}

function isThere({ directory, below }: CommandPattern, cwd: string): boolean {
  return cwd === directory || (below && isInside(cwd, directory))
}

function sameSeals(wanted: readonly Seal[], found: readonly Seal[]): boolean {
  return (
    wanted.length > 0 &&
    wanted.length === found.length &&
    wanted.every(({ path, sha256 }, i) => path === found[i]!.path && sha256 === found[i]!.sha256)
  )
}

function argumentFits(
  pattern: ArgumentPattern,
  at: number,
  { args, leaving }: Segment,
  { cwd, workspace }: Subject,
): boolean {
  const text = args[at]!
  if ('literal' in pattern) return pattern.literal === text
  return !leaving.includes(at) && fits(pattern.hole, text, cwd, workspace)
}

const NUMBER = /^\d{1,15}(\.\d{1,9})?$/
const HASH = /^[0-9a-f]{7,64}$/
const WORD = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}$/
const PATH = /^[^\u0000-\u001f\u007f\p{Cf}-][^\u0000-\u001f\u007f\p{Cf}]{0,1023}$/u

/** No hole takes an option: nothing that begins with a hyphen fits one. */
function fits(hole: Hole, text: string, cwd: string, workspace: string): boolean {
  switch (hole) {
    case 'number':
      return NUMBER.test(text)
    case 'hash':
      return HASH.test(text)
    case 'word':
      return WORD.test(text)
    case 'path':
      return (
        PATH.test(text) && isPlainPath(text) && isInside(join(isAbsolute(text) ? '' : cwd, text), workspace)
      )
  }
}

/** A path as one writes it: no stars for a shell to fill in, no address, no second value behind an equals sign. */
function isPlainPath(text: string): boolean {
  return !/[*?[\]{}$`~=:;&|<>!\\'"]/.test(text)
}

/** By components, after `..` was taken out; a prefix of a name is not its directory. */
function isInside(path: string, directory: string): boolean {
  const plain = normalize(path)
  const root = directory.endsWith('/') ? directory : `${directory}/`
  return plain.startsWith(root) && plain.length > root.length
}

/** The pattern as a person reads it. */
export function patternText({ segments, directory, below, profile }: CommandPattern): string {
  const parts = segments.map(({ program, args }) =>
    [program, ...args.map((arg) => ('literal' in arg ? quoted(arg.literal) : `<${arg.hole}>`))].join(' '),
  )
  return `${parts.join(' | ')}, in ${directory}${below ? ' and below' : ''}, profile ${profile}`
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : JSON.stringify(text)
}

function invalid(what: string): ApprovalError {
  return new ApprovalError('ALLOWANCE_INVALID', {
    what,
    fix: 'look at the arguments and their numbers: warder approval show ID',
  })
}
