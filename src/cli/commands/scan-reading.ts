import { createReadStream, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../core/error.ts'
import {
  createHttpGuard,
  createShippedTextScanner,
  TEXT_CHANNELS,
  type TextChannel,
  type TextFinding,
  type TextOutcome,
  type TextScanner,
  type TextVerdict,
} from '../../decide/inspect/text/index.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import type { Out, Style } from '../out.ts'
import { choiceOption, option } from '../param.ts'

/** What `scan text`, `scan file`, `scan dir` and `scan url` have in common: reading, judging, showing. */

/** A text that was judged, or what could not be. */
export interface Judged extends TextVerdict {
  readonly name: string
  readonly findings: readonly Shown[]
}

interface Shown extends TextFinding {
  /** From 1. */
  readonly line: number
}

export interface Judgement {
  readonly channel: TextChannel
  readonly texts: Judged[]
  readonly unread: { readonly name: string; readonly why: string }[]
}

export interface Judge {
  readonly scanner: TextScanner
  readonly judgement: Judgement
}

const FAIL_AT = ['marked', 'blocked'] as const
type FailAt = (typeof FAIL_AT)[number]
const MOST_BYTES = 64 * 1024 ** 2
/** What is made by machines and read by none: a copy of what stands elsewhere. */
const SKIPPED = new Set(['.git', 'node_modules'])

export const JUDGING_OPTIONS = {
  channel: choiceOption(
    'where the text would come from, which settles how it is weighed (document)',
    TEXT_CHANNELS,
  ),
  failAt: choiceOption('exit 8 from this verdict on (blocked)', FAIL_AT),
  guard: option('ask a second opinion of a guard on this machine, such as http://127.0.0.1:8085/judge', {
    value: 'URL',
  }),
}

export const JUDGING_DETAILS = [
  'A verdict is clean, marked (risk 0.3 and more: handed on with a caution) or blocked (0.6 and more). It is a tripwire with measured recall, not a guarantee (docs/inspection.md): what is not found is not proved to be absent. Nothing is recorded, and no daemon is needed.',
  'Exit 0 when no verdict reaches --fail-at (default: blocked), 8 when one does, and 8 when something could not be read.',
] as const

export function judgeFor(channel: TextChannel = 'document', guard: string | undefined): Judge {
  const scanner = createShippedTextScanner(guard === undefined ? undefined : createHttpGuard({ url: guard }))
  return { scanner, judgement: { channel, texts: [], unread: [] } }
}

export async function judgeText(name: string, text: string, { scanner, judgement }: Judge): Promise<void> {
  const verdict = await scanner.judge(text, { channel: judgement.channel })
  const findings = verdict.findings.map((finding) => ({ ...finding, line: lineOf(text, finding.start) }))
  judgement.texts.push({ name, ...verdict, findings })
}

/** @throws CliError `FILE_INVALID` for a path that is named and not there */
export async function judgePath(path: string, judge: Judge): Promise<void> {
  const about = lstatSync(path, { throwIfNoEntry: false })
  if (about === undefined) {
    throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
      what: `there is no file ${path}`,
      fix: 'name an existing file or directory',
      where: path,
    })
  }
  if (about.isDirectory()) return await judgeDirectory(path, judge)
  if (about.isFile()) return await judgeFile(path, judge)
  judge.judgement.unread.push({ name: path, why: 'it is neither a file nor a directory' })
}

async function judgeDirectory(path: string, judge: Judge): Promise<void> {
  try {
    const entries = readdirSync(path, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) await judgeDirectory(join(path, entry.name), judge)
      if (entry.isFile()) await judgeFile(join(path, entry.name), judge)
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    judge.judgement.unread.push({ name: path, why: systemCode(error)! })
  }
}

async function judgeFile(path: string, judge: Judge): Promise<void> {
  try {
    const bytes = await bytesOf(createReadStream(path))
    if (bytes === undefined) judge.judgement.unread.push({ name: path, why: 'it is larger than 64 MiB' })
    else await judgeText(path, textIn(bytes), judge)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    judge.judgement.unread.push({ name: path, why: systemCode(error)! })
  }
}

/** @returns undefined when there is more than is read */
export async function bytesOf(input: NodeJS.ReadableStream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk)
    sizeBytes += bytes.length
    if (sizeBytes > MOST_BYTES) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** UTF-8, UTF-16 with its mark, or of anything else the runs that can be read: a byte of nothing must not hide the rest. */
export function textIn(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le')
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // not UTF-8: read like any other bytes
  }
  return (bytes.toString('latin1').match(/[\t\x20-\x7e]{6,}/g) ?? []).join('\n')
}

export function toldOf({ judgement }: Judge, out: Out, failAt: FailAt = 'blocked'): number {
  out.result(judgement, textFor(judgement, out))
  const isReached = judgement.texts.some(
    ({ verdict }) => verdict === 'blocked' || (failAt === 'marked' && verdict === 'marked'),
  )
  return isReached || judgement.unread.length > 0 ? EXIT.unverified : EXIT.ok
}

const COLOUR: Readonly<Record<TextOutcome, Style>> = { clean: 'green', marked: 'yellow', blocked: 'red' }
const MOST_SHOWN = 5
const MOST_OF_A_TEXT = 100

function textFor({ texts, unread }: Judgement, out: Out): string {
  const shown = texts.length === 1 ? texts : texts.filter(({ verdict }) => verdict !== 'clean')
  const rows = shown.flatMap((judged) => rowsFor(judged, out))
  const missing = unread.map(({ name, why }) => `${plain(name)}: ${out.style('red', 'not read')}: ${why}`)
  const notes = [...new Set(texts.flatMap((judged) => judged.notes))].map((note) => `note: ${plain(note)}`)
  const count = (outcome: TextOutcome): number => texts.filter(({ verdict }) => verdict === outcome).length
  const sum = `${texts.length} read: ${count('blocked')} blocked, ${count('marked')} marked, ${count('clean')} clean`
  return [...rows, ...missing, ...notes, sum].join('\n')
}

function rowsFor({ name, risk, verdict, findings }: Judged, out: Out): string[] {
  const head = `${plain(name)}: ${out.style(['bold', COLOUR[verdict]], verdict)}, risk ${risk.toFixed(2)}`
  return [
    head,
    ...findings
      .slice(0, MOST_SHOWN)
      .map(
        ({ line, rule, reason, view, weight }) =>
          `  line ${line}: ${rule} (${weight.toFixed(2)}): ${reason}${view === 'text' ? '' : `, read as ${view}`}`,
      ),
    ...(findings.length > MOST_SHOWN
      ? [`  and ${findings.length - MOST_SHOWN} more; --json shows them`]
      : []),
  ]
}

/** On one line and without what a terminal would obey: names of files may be hostile, too. */
function plain(text: string): string {
  const line = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll(/[^\x20-\x7e]/g, '?')
  return line.length > MOST_OF_A_TEXT ? `${line.slice(0, MOST_OF_A_TEXT)}...` : line
}

function lineOf(text: string, place: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < place; at = text.indexOf('\n', at + 1)) line++
  return line
}
