import type { RiskLevel } from '../../../core/risk.ts'

/** What a server can define. Instructions are one text; all else is an object of its own. */
export const DEFINITION_KINDS = ['tool', 'prompt', 'resource', 'resource-template', 'instructions'] as const
export type DefinitionKind = (typeof DEFINITION_KINDS)[number]

/** From this risk on a definition is marked, and from this on it is blocked; the same bars as for any text. */
export const MARKED_FROM = 0.3
export const BLOCKED_FROM = 0.6

/** A sign in a definition that it wants to steer whoever reads it. */
export interface DefinitionFinding {
  readonly rule: string
  /** Rules of one family say much the same: the first counts whole, the others half. */
  readonly family: string
  /** JSON pointer (RFC 6901) of the text it stands in; empty for the whole. */
  readonly field: string
  readonly reason: string
  readonly severity: RiskLevel
  /** Characters of that text. */
  readonly start: number
  readonly end: number
  /** 0 to 1 */
  readonly weight: number
}

/** What a tool openly says it can do. None of these is a fault; they are what a policy may be written over. */
export const LABEL_NAMES = [
  ...['network-out', 'process', 'credential-read', 'persistence', 'destructive'],
  ...['network-read', 'file-write', 'file-read', 'personal-data', 'money', 'message-send'],
] as const
export type LabelName =
  | 'network-out'
  | 'process'
  | 'credential-read'
  | 'persistence'
  | 'destructive'
  | 'network-read'
  | 'file-write'
  | 'file-read'
  | 'personal-data'
  | 'money'
  | 'message-send'

/** With these a tool can do harm that nobody takes back. */
export const DANGEROUS_LABELS: readonly LabelName[] = [
  'network-out',
  'process',
  'credential-read',
  'persistence',
  'destructive',
]

export interface Label {
  readonly name: LabelName
  readonly isDangerous: boolean
  readonly field: string
  readonly reason: string
  readonly start: number
  readonly end: number
}

export interface DefinitionVerdict {
  /** 0 to 1: {@link MARKED_FROM} and more is marked, {@link BLOCKED_FROM} and more is blocked. */
  readonly risk: number
  readonly verdict: 'clean' | 'marked' | 'blocked'
  readonly findings: readonly DefinitionFinding[]
  readonly labels: readonly Label[]
}

/** One text of a definition, and where it stands. */
export interface Leaf {
  readonly field: string
  readonly text: string
  readonly role: LeafRole
}

/**
 * `key`: the name of a parameter; `parameter`: a description below the schema; `value`: enum, default, example and
 * whatever else is text; `joined`: texts of one list in a row, which alone say nothing and together may.
 */
export type LeafRole =
  | 'name'
  | 'title'
  | 'description'
  | 'instructions'
  | 'key'
  | 'parameter'
  | 'value'
  | 'joined'

/** A rule over the folded text of a leaf. */
export interface DefinitionRule {
  readonly rule: string
  readonly family: string
  readonly weight: number
  readonly reason: string
  readonly pattern: RegExp
  /** Only in these; everywhere unless given. */
  readonly roles?: readonly LeafRole[]
  /** Counts less where the text speaks of attacks instead of making one. */
  readonly isDamped?: boolean
}

export interface LabelRule {
  readonly name: LabelName
  readonly reason: string
  readonly pattern: RegExp
  /** What makes the same words harmless, within the match or right behind it. */
  readonly unless?: RegExp
  /** Also in descriptions of parameters. */
  readonly parameters?: boolean
  /** In names and nowhere else. */
  readonly names?: boolean
}
