/** The words of the text scanner: what it is asked, and what it answers. */

/** Where a text comes from, which settles how much a sign in it counts. */
export const TEXT_CHANNELS = ['tool-result', 'document', 'prompt', 'mcp-metadata', 'memory'] as const
export type TextChannel = (typeof TEXT_CHANNELS)[number]

/** `marked`: handed on with a caution, and what follows is tainted. `blocked`: not handed on. */
export const TEXT_OUTCOMES = ['clean', 'marked', 'blocked'] as const
export type TextOutcome = (typeof TEXT_OUTCOMES)[number]

/** From this risk on a text is marked, and from this on it is blocked. */
export const MARKED_FROM = 0.3
export const BLOCKED_FROM = 0.6

/** A place in a text that reads like an attempt to steer whoever reads it. */
export interface TextFinding {
  /** What was seen: `override.prior-instructions`. */
  readonly rule: string
  /** Rules that say much the same count once. */
  readonly family: string
  /** For a person: why this is remarkable. */
  readonly reason: string
  /** How the text had to be read to see it: `text`, `normal`, `base64`, `rot13`, `comment`, … with `>` between levels. */
  readonly view: string
  /** Where it stands in the text as it was given; of what was decoded, the whole of what was decoded. */
  readonly start: number
  readonly end: number
  /** 0 to 1, after damping. */
  readonly weight: number
}

export interface TextVerdict {
  /** 0 to 1: {@link MARKED_FROM} and more is marked, {@link BLOCKED_FROM} and more is blocked. */
  readonly risk: number
  readonly verdict: TextOutcome
  readonly findings: readonly TextFinding[]
  /** The text was too long to be read whole: its beginning, its end and pieces between were. */
  readonly isPartial: boolean
  /** How many characters nobody can see were in it. */
  readonly invisible: number
  /** What a reader of the verdict has to know: that no model took part, that a second opinion could not be had. */
  readonly notes: readonly string[]
}

/** From which raw score of the model on a text is marked, and blocked. */
export interface ModelThresholds {
  readonly marked: number
  readonly blocked: number
}

/** The port to the linear model; a small interface, so that the scanner also runs on rules alone. */
export interface TextModel {
  /** The worst segment of a text in its normal form ({@link normalTextOf}): 0 to 1, the same text the same score. */
  readonly score: (normalText: string) => number
  readonly thresholds: Readonly<Record<TextChannel, ModelThresholds>>
}

export interface TextScanOptions {
  readonly channel: TextChannel
}

/** A second opinion from elsewhere; it may make a verdict worse and never better. */
export interface GuardModel {
  /** For messages: where it is asked. */
  readonly name: string
  /** @returns how likely the text is an attack, 0 to 1 @throws when there is no such answer */
  readonly ask: (text: string, channel: TextChannel) => Promise<number>
}

export interface TextScannerOptions {
  /** Without it the scanner runs on rules alone, and says so in each verdict. */
  readonly model?: TextModel
  /** Why there is no model, for that note. */
  readonly withoutModel?: string
  readonly guard?: GuardModel
}

export interface TextScanner {
  /** Never waits, never throws for any text, and takes time in proportion to its length. Asks no guard. */
  readonly scan: (text: string, options: TextScanOptions) => TextVerdict
  /** {@link scan}, and then the guard, when there is one. */
  readonly judge: (text: string, options: TextScanOptions) => Promise<TextVerdict>
}
