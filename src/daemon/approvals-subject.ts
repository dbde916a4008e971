import { lstatSync } from 'node:fs'
import { basename, isAbsolute, join, normalize, relative } from 'node:path'
import {
  escalations,
  isWithin,
  riskScore,
  scoreLevel,
  SENSITIVE_BELOW_HOME,
  type Escalation,
  type Seal,
  type Segment,
  type Subject,
} from '../decide/approval/index.ts'
import type { ParsedCommand } from '../decide/inspect/command/parse.ts'
import { diskLookup, type Mount, type SandboxSpec } from '../enforce/sandbox/index.ts'
import { foreignFiles } from '../platform/foreign-files.ts'
import { linkedName, quietly, realAsFar, type Seals } from './approvals-seals.ts'

export interface SubjectOptions {
  readonly seals: Seals
  readonly parseCommand: (text: string) => ParsedCommand
  readonly home: string
  /** Warder's own places, as sensitive as any key. */
  readonly own: readonly string[]
}

/** What is about to run, as the gate was asked for it. */
export interface Planned {
  readonly spec: SandboxSpec
  readonly workspace: string
  readonly notes: readonly string[]
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash'])
const INTERPRETERS =
  /^(?:(?:ba|da|z|k|a)?sh|python[\d.]*|node|nodejs|deno|bun|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|Rscript)$/
/** Programs that do what files of the workspace tell them to. */
const DRIVEN =
  /^(?:npm|npx|pnpm|yarn|make|gmake|cmake|ninja|cargo|go|gradle|mvn|pytest|tox|nox|rake|bundle|just|bazel)$/

/** The command behind a plan, with every program of it sealed. */
export async function subjectOf(
  { spec, workspace, notes }: Planned,
  options: SubjectOptions,
): Promise<Subject> {
  const { argv, cwd, profile } = spec
  const read = await segmentsOf(spec, options)
  const reached = escalationsOf({ spec, workspace }, options)
  return {
    argv,
    cwd,
    workspace,
    profile,
    segments: read.segments,
    glue: read.glue,
    ...(read.notStanding === undefined ? {} : { notStanding: read.notStanding }),
    touches: touches(spec),
    notes: [
      ...reached.map(
        ({ why, parameter, path }) => `${why.replaceAll('_', ' ')}: ${parameter} leads to ${path}`,
      ),
      ...read.segments.flatMap(({ program }) => drivenNote(program)),
      scoreNote(spec, reached.length),
      ...notes,
    ],
  }
}

function drivenNote(program: string): string[] {
  const name = basename(program)
  return DRIVEN.test(name) ? [`${name} does what files of the workspace say; those may change`] : []
}

/** How much it could do, as a number to compare by; nothing is decided on it. */
function scoreNote(spec: SandboxSpec, escalations: number): string {
  const score = riskScore({
    writablePaths: spec.mounts.filter(isWritable).length,
    network: spec.network === undefined && spec.bridge === undefined ? 'none' : 'domains',
    mayExecute: !spec.noFork,
    escalations,
  })
  return `what it could do scores ${score}, which is ${scoreLevel(score)}`
}

// its own socket to us opens nothing by itself
function isWritable(mount: Mount): boolean {
  return mount.type === 'bind' && mount.access === 'write' && mount.identity?.kind !== 'socket'
}

export function escalationsOf(
  { spec, workspace }: Pick<Planned, 'spec' | 'workspace'>,
  { home, own }: SubjectOptions,
): Escalation[] {
  return escalations(spec.argv.slice(1), {
    home,
    cwd: spec.cwd,
    workspace,
    sensitive: [...SENSITIVE_BELOW_HOME.map((place) => join(home, place)), ...own],
    lookup: { real: realAsFar, linked: linkedName },
  })
}

interface ReadSegments {
  readonly segments: readonly Segment[]
  readonly glue: readonly string[]
  readonly notStanding?: string
}

async function segmentsOf(spec: SandboxSpec, options: SubjectOptions): Promise<ReadSegments> {
  const [program = '', ...args] = spec.argv
  const first = await segmentOf(spec, program, args, options)
  const text = shellText(program, args)
  if (text === undefined) return withSeals([first], [])
  const { at, script } = text
  // the text is taken apart below; what stands behind it is what the text calls $0, $1, …
  const shell = { ...first, args: args.filter((_, i) => i !== at) }
  const parsed = options.parseCommand(script)
  if (!parsed.parsable) return cannot([shell], `the shell's text cannot be read: ${parsed.reason}`)
  if (!parsed.isFlat) return cannot([shell], 'the shell does more than call programs one after the other')
  const segments: Segment[] = [shell]
  for (const { program: name, args: words, redirects, assignments } of parsed.segments) {
    if (redirects.length > 0) return cannot(segments, 'it redirects to files')
    if (assignments.length > 0) return cannot(segments, 'it sets variables')
    if ([name, ...words].some(({ kind }) => kind === 'dynamic')) {
      return cannot(segments, 'part of it is known to the shell alone')
    }
    const path = inPath(spec, name.text)
    if (path === undefined) return cannot(segments, `${name.text} is no program of its own`)
    segments.push(
      await segmentOf(
        spec,
        path,
        words.map(({ text: word }) => word),
        options,
      ),
    )
  }
  return withSeals(
    segments,
    glueOf(
      script,
      parsed.segments.map(({ span }) => span),
    ),
  )
}

function cannot(segments: readonly Segment[], notStanding: string): ReadSegments {
  return { segments, glue: [], notStanding }
}

function withSeals(segments: readonly Segment[], glue: readonly string[]): ReadSegments {
  const open = segments.find(({ seals }) => seals.length === 0)
  return open === undefined
    ? { segments, glue }
    : cannot(segments, `what is in ${open.program} cannot be told from here`)
}

/** `sh -c TEXT`: where the text stands, if there is one. */
function shellText(program: string, args: readonly string[]): { at: number; script: string } | undefined {
  if (!SHELLS.has(basename(program))) return undefined
  const option = args.findIndex((arg) => /^-[a-z]*c[a-z]*$/.test(arg))
  const script = args[option + 1]
  return option === -1 || script === undefined ? undefined : { at: option + 1, script }
}

function glueOf(
  script: string,
  spans: readonly { readonly start: number; readonly end: number }[],
): string[] {
  return spans.slice(1).map(({ start }, i) => script.slice(spans[i]!.end, start).trim())
}

async function segmentOf(
  spec: SandboxSpec,
  program: string,
  args: readonly string[],
  { seals }: SubjectOptions,
): Promise<Segment> {
  const paths = [program, ...codeOf(spec, program, args)].map((path) => hostPath(spec, path))
  const found = await Promise.all(
    paths.map(async (path) => (path === undefined ? undefined : seals.of(path))),
  )
  const whole = found.every((seal): seal is Seal => seal !== undefined)
  return { program, args, seals: whole ? (found as Seal[]) : [], leaving: leavingOf(spec, args) }
}

/** The interpreter a script names in its first line, and the script an interpreter is given. */
function codeOf(spec: SandboxSpec, program: string, args: readonly string[]): string[] {
  const real = hostPath(spec, program)
  const [, interpreter, word] =
    real === undefined ? [] : (/^#! *(\S+)(?:[ \t]+(\S+))?/.exec(diskLookup.head(real)) ?? [])
  const behind = [
    ...(interpreter === undefined ? [] : [interpreter]),
    ...(word !== undefined && interpreter?.endsWith('/env') === true ? [inPath(spec, word) ?? word] : []),
  ]
  if (!INTERPRETERS.test(basename(program))) return behind
  const script = args.findIndex((arg) => !arg.startsWith('-'))
  const isInline = args.slice(0, script).some((arg) => /^-[a-zA-Z]*[cem]$|^--(?:eval|print)$/.test(arg))
  if (script === -1 || isInline) return behind
  const path = absolute(args[script]!, spec.cwd)
  return hostPath(spec, path) !== undefined && isFile(hostPath(spec, path)!) ? [...behind, path] : behind
}

function isFile(path: string): boolean {
  return diskLookup.look(realAsFar(path))?.kind === 'file'
}

function absolute(path: string, cwd: string): string {
  return normalize(isAbsolute(path) ? path : join(cwd, path))
}

function inPath(spec: SandboxSpec, name: string): string | undefined {
  if (name.includes('/')) return absolute(name, spec.cwd)
  const places = (spec.env['PATH'] ?? '').split(':').filter((place) => place.startsWith('/'))
  return places
    .map((place) => join(place, name))
    .find((path) => {
      const real = hostPath(spec, path)
      return real !== undefined && diskLookup.isExecutable(real)
    })
}

/** Where what stands at `path` inside comes from out here; undefined for what is made for the inside alone. */
export function hostPath(spec: SandboxSpec, path: string): string | undefined {
  const real = throughLinks(spec, path)
  const mount = spec.mounts.findLast((each) => each.type !== 'link' && isWithin(real, each.path))
  if (mount === undefined) return undefined
  const below = relative(mount.path, real)
  if (mount.type === 'bind') return diskLookup.real(join(mount.source, below))
  if (mount.type !== 'overlay') return undefined
  const upper = join(mount.upper, below)
  if (foreignFiles.isSilent(upper)) return undefined
  const changed = quietly(() => lstatSync(upper))
  // what was deleted stands in the upper directory as a device
  if (changed !== undefined && !changed.isFile()) return undefined
  return diskLookup.real(changed === undefined ? join(mount.source, below) : upper)
}

function throughLinks({ mounts }: SandboxSpec, path: string): string {
  const link = mounts.find((each) => each.type === 'link' && isWithin(path, each.path))
  if (link?.type !== 'link') return path
  const target = isAbsolute(link.target) ? link.target : join(link.path, '..', link.target)
  return join(target, relative(link.path, path))
}

/** Words that lead out of the workspace once links are followed. */
function leavingOf(spec: SandboxSpec, args: readonly string[]): number[] {
  const home = spec.mounts.filter((each) => each.type === 'bind' || each.type === 'overlay')
  return args.flatMap((arg, at) => {
    const path = hostPath(spec, absolute(arg, spec.cwd)) ?? realAsFar(absolute(arg, spec.cwd))
    const isInside = home.some(
      (each) => isWithin(path, realAsFar(each.source)) && isWithin(spec.cwd, each.path),
    )
    return isInside ? [] : [at]
  })
}

function touches({ mounts, network, bridge }: SandboxSpec): string[] {
  const written = mounts.flatMap((mount) => {
    if (mount.type === 'overlay') return [`writes ${mount.path}, kept aside until you apply it`]
    return isWritable(mount) ? [`writes ${mount.path}`] : []
  })
  const net =
    network !== undefined || bridge !== undefined ? 'reaches the network through a proxy' : 'no network'
  return [...(written.length === 0 ? ['writes nothing outside'] : written), net]
}
