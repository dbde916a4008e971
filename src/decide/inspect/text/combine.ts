import {
  BLOCKED_FROM,
  MARKED_FROM,
  type ModelThresholds,
  type TextChannel,
  type TextFinding,
  type TextOutcome,
} from './types.ts'

/** From findings and a model's score to one risk, by where the text comes from. */

/** What is only shown, quoted or given as an example never blocks by itself. */
const MOST_DAMPED = 0.55
/** A model's opinion of a prompt alone marks it and no more: people may ask for anything. */
const MOST_BY_MODEL_OF_PROMPT = 0.59
/** A rule of this weight gives the model's opinion of a prompt its full weight. */
export const ENOUGH_OF_A_RULE = 0.3
/** Findings further apart have nothing to do with each other. */
const TOGETHER = 700

/** What a family counts in a channel, where that is not one: a person may give a role or shape an answer. */
const BY_CHANNEL: Readonly<Record<TextChannel, Readonly<Record<string, number>>>> = {
  'tool-result': { 'addressed-to-ai': 1.5, delimiter: 1.3 },
  document: {
    delimiter: 0.85,
    'output-forcing': 0.7,
    role: 0.8,
    'code-execution': 0.4,
    exfiltration: 0.85,
    'no-restriction': 0.85,
    refusal: 0.8,
    'prompt-extraction': 0.9,
  },
  prompt: { role: 0.8, 'output-forcing': 0.5, 'tool-forcing': 0.5, delimiter: 0.7, hide: 0.8 },
  'mcp-metadata': {
    'addressed-to-ai': 1.4,
    hide: 1.15,
    delimiter: 1.3,
    'output-forcing': 0.6,
    'tool-forcing': 1.2,
  },
  memory: { 'addressed-to-ai': 1.3, hide: 1.15, delimiter: 1.3 },
}
/** What code, quotation marks and talk of attacks take off: a person who asks quotes, too, and means it. */
const SHOWN: Readonly<Record<TextChannel, number>> = {
  'tool-result': 0.6,
  document: 1,
  prompt: 0.3,
  'mcp-metadata': 0.5,
  memory: 0.5,
}

export interface Weighed extends TextFinding {
  /** Shown rather than said. */
  readonly isDamped: boolean
  /** The weight before the channel has its say. */
  readonly base: number
}

/** How much of a damping holds in a channel; below a tenth it is none. */
export function dampedIn(channel: TextChannel, factor: number): number {
  return 1 - (1 - factor) * SHOWN[channel]
}

export function channelWeight(channel: TextChannel, family: string): number {
  return BY_CHANNEL[channel][family] ?? 1
}

/** The risk of rules alone: the worst neighbourhood, in which each family counts once, with its strongest finding. */
export function riskOfRules(findings: readonly Weighed[]): number {
  const sorted = strongest(findings).toSorted((a, b) => a.start - b.start)
  let worst = 0
  for (const [at, first] of sorted.entries()) {
    const near: Weighed[] = []
    for (let ahead = at; ahead < sorted.length && sorted[ahead]!.start <= first.start + TOGETHER; ahead++)
      near.push(sorted[ahead]!)
    const said = together(near.filter(({ isDamped }) => !isDamped))
    worst = Math.max(worst, said, Math.min(MOST_DAMPED, together(near)))
  }
  return worst
}

/** Of what stands in one place and says the same, the strongest: thousands of findings must not be compared with each other. */
function strongest(findings: readonly Weighed[]): readonly Weighed[] {
  if (findings.length <= FEW) return findings
  const byPlace = new Map<string, Weighed>()
  for (const finding of findings) {
    const key = `${finding.family} ${finding.isDamped} ${Math.floor(finding.start / ONE_PLACE)}`
    if ((byPlace.get(key)?.weight ?? -1) < finding.weight) byPlace.set(key, finding)
  }
  return [...byPlace.values()]
}

const FEW = 200
const ONE_PLACE = 50

function together(findings: readonly Weighed[]): number {
  const byFamily = new Map<string, number>()
  for (const { family, weight } of findings) byFamily.set(family, Math.max(weight, byFamily.get(family) ?? 0))
  return 1 - [...byFamily.values()].reduce((left, weight) => left * (1 - weight), 1)
}

/** A raw score as a risk: the channel's own thresholds are where it marks and where it blocks. */
export function riskOfScore(score: number, { marked, blocked }: ModelThresholds): number {
  if (!(score >= 0)) return 1 // no number at all: the model is broken, and broken is not clean
  if (score < marked) return (score / marked) * MARKED_FROM
  if (score < blocked)
    return MARKED_FROM + ((score - marked) / (blocked - marked)) * (BLOCKED_FROM - MARKED_FROM)
  return (
    BLOCKED_FROM + (blocked >= 1 ? 0 : (Math.min(1, score) - blocked) / (1 - blocked)) * (1 - BLOCKED_FROM)
  )
}

/** Where somebody took care that it would not be read, half of what else must come together for a block is enough. */
export function riskOfCoded(score: number, { marked, blocked }: ModelThresholds): number {
  return riskOfScore(score, { marked, blocked: (marked + blocked) / 2 })
}

/** Either is enough: rules see what is buried, the model what is put in other words. */
export function combined(rules: number, model: number, channel: TextChannel, isBacked: boolean): number {
  const isAlone = channel === 'prompt' && !isBacked
  return Math.max(rules, isAlone ? Math.min(model, MOST_BY_MODEL_OF_PROMPT) : model)
}

export function outcomeOf(risk: number): TextOutcome {
  if (risk >= BLOCKED_FROM) return 'blocked'
  return risk >= MARKED_FROM ? 'marked' : 'clean'
}
