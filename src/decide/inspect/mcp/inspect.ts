import type { RiskLevel } from '../../../core/risk.ts'
import { fold } from './fold.ts'
import { hiddenIn } from './hidden.ts'
import { labelsOf, wordsOf } from './labels.ts'
import { leavesOf, TooMuch } from './leaves.ts'
import { REACHING } from './rules/reach.ts'
import { STEERING } from './rules/steer.ts'
import { WEIGHING } from './rules/weigh.ts'
import {
  BLOCKED_FROM,
  MARKED_FROM,
  type DefinitionFinding,
  type DefinitionKind,
  type DefinitionVerdict,
  type Leaf,
} from './types.ts'

/** What a scanner of plain text says to one text of a definition. */
export interface TextOpinion {
  readonly risk: number
  readonly findings: readonly {
    readonly rule: string
    readonly reason: string
    readonly start: number
    readonly end: number
    readonly weight: number
  }[]
}

export interface DefinitionInspectorOptions {
  /** Asked for each text beside our own rules; may only make a verdict worse. */
  readonly textScan?: (text: string) => TextOpinion
}

export interface DefinitionInspector {
  /** Never throws and never waits; what cannot be looked into is blocked. Time grows with the size of the definition. */
  readonly inspect: (server: string, kind: DefinitionKind, definition: unknown) => DefinitionVerdict
}

export function createDefinitionInspector({
  textScan,
}: DefinitionInspectorOptions = {}): DefinitionInspector {
  return { inspect: (_server, _kind, definition) => verdictOn(definition, textScan) }
}

/** {@link DefinitionInspector} with our own rules alone. */
export function inspectDefinition(
  server: string,
  kind: DefinitionKind,
  definition: unknown,
): DefinitionVerdict {
  return createDefinitionInspector().inspect(server, kind, definition)
}

type TextScan = DefinitionInspectorOptions['textScan']

function verdictOn(definition: unknown, textScan: TextScan): DefinitionVerdict {
  try {
    const leaves = leavesOf(definition)
    const own = [...leaves.flatMap(findingsIn), ...sizeOf(leaves)]
    const texts = leaves.flatMap((leaf) => {
      // a single word says nothing to a scanner of texts
      const opinion = /\s/.test(leaf.text) ? textScan?.(leaf.text) : undefined
      return opinion === undefined ? [] : [{ leaf, opinion }]
    })
    const risk = riskOf(
      own,
      texts.map(({ leaf, opinion }) => ({ field: leaf.field, ...splitOpinion(opinion) })),
    )
    const findings = [...own, ...texts.flatMap(({ leaf, opinion }) => opinionOn(leaf, opinion))]
    return { risk, verdict: outcomeOf(risk), findings, labels: labelsOf(definition, leaves) }
  } catch (error) {
    if (!(error instanceof TooMuch) && !(error instanceof RangeError)) throw error
    const reason = `it cannot be looked into: ${error instanceof TooMuch ? error.message : 'it is nested too deep'}`
    const finding = { rule: 'size.limit', family: 'size', field: '', reason, start: 0, end: 0, weight: 1 }
    return { risk: 1, verdict: 'blocked', findings: [{ ...finding, severity: 'critical' }], labels: [] }
  }
}

const RULES = [...STEERING, ...REACHING, ...WEIGHING]

function outcomeOf(risk: number): DefinitionVerdict['verdict'] {
  return risk >= BLOCKED_FROM ? 'blocked' : risk >= MARKED_FROM ? 'marked' : 'clean'
}

export function severityOf(weight: number): RiskLevel {
  return weight >= 0.75
    ? 'critical'
    : weight >= BLOCKED_FROM
      ? 'high'
      : weight >= MARKED_FROM
        ? 'medium'
        : 'low'
}

function findingsIn(leaf: Leaf): DefinitionFinding[] {
  const hidden = hiddenIn(leaf).map((each) => ({
    ...each,
    family: each.rule,
    field: leaf.field,
    severity: severityOf(each.weight),
  }))
  if (saysNothing(leaf)) return hidden
  const { text, source } = fold(leaf.role === 'key' ? wordsOf(leaf.text) : leaf.text)
  const said = RULES.flatMap((rule): DefinitionFinding[] => {
    if (rule.roles !== undefined && !rule.roles.includes(leaf.role)) return []
    const match = rule.pattern.exec(text)
    if (match === null) return []
    const last = match.index + match[0].length
    const weight = rule.isDamped === true && isSpokenOf(text, match.index) ? rule.weight * 0.45 : rule.weight
    const isKey = leaf.role === 'key' || leaf.role === 'joined'
    const [start, end] = isKey ? [0, 0] : [source[match.index] ?? 0, (source[last - 1] ?? 0) + 1]
    const { rule: id, family, reason } = rule
    return [{ rule: id, family, field: leaf.field, reason, severity: severityOf(weight), start, end, weight }]
  })
  return [...hidden, ...said]
}

/** One short word of a schema, such as a type: not looked into any further. */
function saysNothing({ role, text }: Leaf): boolean {
  return role === 'value' && text.length < 40 && /^[\w$./:#-]*$/.test(text) && !text.includes('.')
}

/** A tool that looks for attacks names them, and one that warns of something says not to do it. */
function isSpokenOf(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 70), at)
  if (/\b(?:never|not|cannot|without|avoid)\s(?:\w{1,12}\s)?$|n't\s(?:\w{1,12}\s)?$/.test(before)) return true
  return /\b(?:detect\w{0,4}|scan\w{0,4}|find|finds|block\w{0,3}|prevent\w{0,4}|flag\w{0,4}|check(?:s|ing)? (?:for|whether|if)|identif\w{1,5}|guards?|protect\w{0,4}|sanitiz\w{1,4}|warn\w{0,4} (?:about|of|if)|examples?|such as|e\.g\.|patterns?|attacks?|attempts?)\b[^.\n]{0,60}$/u.test(
    before,
  )
}

function opinionOn(leaf: Leaf, { findings }: TextOpinion): DefinitionFinding[] {
  return findings.map(({ rule, reason, start, end, weight: said }) => {
    const weight = OF_MODEL.test(rule) ? Math.min(MODEL_ALONE, said) : said
    const place = { field: leaf.field, start, end }
    return { rule: `text.${rule}`, family: 'text', reason, ...place, weight, severity: severityOf(weight) }
  })
}

const LONG_TEXT = 8000
const LONG_WHOLE = 64 * 1024

function sizeOf(leaves: readonly Leaf[]): DefinitionFinding[] {
  const whole = leaves.reduce((sum, { text }) => sum + text.length, 0)
  const longest = leaves.find(({ text }) => text.length > LONG_TEXT)
  const found = longest ?? (whole > LONG_WHOLE ? { field: '', text: '' } : undefined)
  if (found === undefined) return []
  const reason =
    longest === undefined ? `${whole} characters in all` : `a text of ${found.text.length} characters`
  const place = { field: found.field, start: 0, end: found.text.length }
  return [
    {
      rule: 'size.large',
      family: 'size',
      ...place,
      reason: `${reason}, more than a tool needs`,
      severity: 'medium',
      weight: 0.3,
    },
  ]
}

/** A finding of a model, not of a rule: how it names those is part of the port to the text scanner. */
const OF_MODEL = /^model\b/
/** Models learn from longer texts than these: alone one says nothing, beside another sign it strengthens it. */
const MODEL_ALONE = 0.28

interface Opinion {
  readonly field: string
  readonly byRules: number
  readonly byModel: number
}

function splitOpinion({ risk, findings }: TextOpinion): Omit<Opinion, 'field'> {
  const model = findings.filter(({ rule }) => OF_MODEL.test(rule))
  if (model.length === 0) return { byRules: risk, byModel: 0 }
  const rules = findings.filter(({ rule }) => !OF_MODEL.test(rule))
  return { byRules: Math.max(0, ...rules.map(({ weight }) => weight)), byModel: Math.min(MODEL_ALONE, risk) }
}

/**
 * The worst text of the definition counts whole. Others only strengthen it: a large schema has many texts, and a weak
 * sign in each of ten is no strong one.
 */
function riskOf(own: readonly DefinitionFinding[], opinions: readonly Opinion[]): number {
  const byField = Map.groupBy(own, ({ field }) => field)
  const fields = new Set([...byField.keys(), ...opinions.map(({ field }) => field)])
  const models = new Map(opinions.map(({ field, byModel }) => [field, byModel]))
  const risks = [...fields]
    .map((field) => 1 - (1 - combined(byField.get(field) ?? [])) * (1 - (models.get(field) ?? 0)))
    .sort((a, b) => b - a)
  const [worst = 0, ...others] = risks
  const together = others.reduce((clean, risk) => clean * (1 - risk * OTHER_TEXTS), 1 - worst)
  return Math.max(1 - together, ...opinions.map(({ byRules }) => byRules))
}

const OTHER_TEXTS = 0.3

/** Signs of different kinds add up as independent ones do; of one kind the first counts whole and the others half. */
function combined(findings: readonly DefinitionFinding[]): number {
  const families = new Map<string, Map<string, number>>()
  for (const { family, rule, weight } of findings) {
    const rules = families.get(family) ?? new Map<string, number>()
    rules.set(rule, Math.max(weight, rules.get(rule) ?? 0))
    families.set(family, rules)
  }
  let clean = 1
  for (const rules of families.values()) {
    const weights = [...rules.values()].sort((a, b) => b - a)
    for (const [index, weight] of weights.entries()) clean *= 1 - (index === 0 ? weight : weight / 2)
  }
  return 1 - clean
}
